/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/xs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/features.h>
#include <xenstore.h>

#define FEATURES	   "/sys/hypervisor/properties/features"
#define TXN_DOUBTFUL_TRIES 3
#define TXN_TRIES	   100

struct xs_conn {
	struct xs_handle *h;
	bool dead;
};

static int status(bool ok)
{
	if (ok)
		return 0;
	return errno ? -errno : -EIO;
}

/*
 * In Dom0 the kernel's way to xenstored takes requests before xenstored runs and after it went
 * away, and never answers them.
 */
static unsigned long flags(void)
{
	char text[24] = "";
	FILE *f = fopen(FEATURES, "re");

	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	return strtoul(text, NULL, 16) & 1ul << XENFEAT_dom0 ? XS_OPEN_SOCKETONLY : 0;
}

int xs_conn_open(struct xs_conn **out)
{
	struct xs_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	errno = 0;
	c->h = xs_open(flags());
	if (!c->h) {
		int ret = errno ? -errno : -ENOENT;

		free(c);
		return ret;
	}
	*out = c;
	return 0;
}

void xs_conn_close(struct xs_conn *c)
{
	if (!c)
		return;
	xs_close(c->h);
	free(c);
}

int xs_conn_lifeline(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const char *path = xs_daemon_socket();
	int fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	ret = errno == ENOENT || errno == ECONNREFUSED ? -ENOTSOCK : -errno;
	close(fd);
	return ret;
}

int xs_conn_read(struct xs_conn *c, uint32_t t, const char *path, char *buf, size_t size)
{
	unsigned len = 0;
	char *value = xs_read(c->h, t, path, &len);

	if (!value)
		return status(false);
	if (len >= size) {
		free(value);
		return -E2BIG;
	}
	memcpy(buf, value, len);
	buf[len] = '\0';
	free(value);
	return strlen(buf) == len ? (int)len : -EILSEQ;
}

int xs_conn_write(struct xs_conn *c, uint32_t t, const char *path, const char *value)
{
	return status(xs_write(c->h, t, path, value, (unsigned)strlen(value)));
}

int xs_conn_mkdir(struct xs_conn *c, uint32_t t, const char *path)
{
	return status(xs_mkdir(c->h, t, path));
}

int xs_conn_rm(struct xs_conn *c, uint32_t t, const char *path)
{
	return status(xs_rm(c->h, t, path));
}

bool xs_conn_exists(struct xs_conn *c, uint32_t t, const char *path)
{
	void *value = xs_read(c->h, t, path, NULL);

	free(value);
	return value != NULL;
}

bool xs_conn_missing(struct xs_conn *c, uint32_t t, const char *path)
{
	return !xs_conn_exists(c, t, path) && errno == ENOENT;
}

int xs_conn_introduced(struct xs_conn *c, unsigned domid)
{
	bool known;

	errno = 0;
	known = xs_is_domain_introduced(c->h, domid);
	return known || errno == 0 ? known : -errno;
}

/* A line of the answer is "nodes            :     1000 Nodes per domain". */
int xs_conn_node_quota(struct xs_conn *c)
{
	char command[] = "quota", *answer, *line;
	int nodes = -EPROTO;

	errno = 0;
	answer = xs_control_command(c->h, command, NULL, 0);
	if (!answer)
		return status(false);
	line = strstr(answer, "\nnodes ");
	if (line && (sscanf(line, " nodes : %d", &nodes) != 1 || nodes < 0))
		nodes = -EPROTO;
	free(answer);
	return nodes;
}

int xs_conn_list(struct xs_conn *c, uint32_t t, const char *path, char ***names, unsigned *count)
{
	*names = xs_directory(c->h, t, path, count);
	return status(*names != NULL);
}

int xs_conn_set_perms(struct xs_conn *c, uint32_t t, const char *path, unsigned owner, int reader)
{
	struct xs_permissions perms[2] = {
		/* The first entry names the owner and what all other domains may do. */
		{.id = owner, .perms = XS_PERM_NONE},
		{.id = reader >= 0 ? (unsigned)reader : 0, .perms = XS_PERM_READ},
	};

	return status(xs_set_permissions(c->h, t, path, perms, reader >= 0 ? 2 : 1));
}

/*
 * C xenstored tells of some conflicts before the end: -EINVAL for a node whose parent another
 * client removes, -ENOMEM for a transaction in which a node could not be read. They may be true as
 * well.
 */
static bool is_conflict(int ret, int tries)
{
	return ret == -EAGAIN || ((ret == -EINVAL || ret == -ENOMEM) && tries < TXN_DOUBTFUL_TRIES);
}

int xs_txn(struct xs_conn *c, xs_txn_fn *fn, void *arg)
{
	int ret = -EAGAIN;

	for (int i = 0; i < TXN_TRIES && is_conflict(ret, i); i++) {
		xs_transaction_t t = xs_transaction_start(c->h);

		if (t == XBT_NULL)
			return status(false);
		ret = fn(c, t, arg);
		if (ret < 0)
			xs_transaction_end(c->h, t, true);
		else
			ret = status(xs_transaction_end(c->h, t, false));
	}
	return ret;
}

int xs_conn_watch(struct xs_conn *c, const char *path, const char *token)
{
	sigset_t all, old;
	int ret;

	/*
	 * libxenstore's thread inherits the mask: signals must reach the loop's thread. libxenstore
	 * ignores SIGPIPE while it writes; a blocked one would wait, and end the process later.
	 */
	sigfillset(&all);
	sigdelset(&all, SIGPIPE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = status(xs_watch(c->h, path, token));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int xs_conn_unwatch(struct xs_conn *c, const char *path, const char *token)
{
	return status(xs_unwatch(c->h, path, token));
}

int xs_conn_fd(struct xs_conn *c)
{
	return xs_fileno(c->h);
}

bool xs_conn_next(struct xs_conn *c, struct xs_event *ev)
{
	char **vec = xs_check_watch(c->h);

	if (!vec) {
		c->dead = errno != EAGAIN; /* EAGAIN: no event waits */
		return false;
	}
	*ev = (struct xs_event){.path = vec[XS_WATCH_PATH],
				.token = vec[XS_WATCH_TOKEN],
				.mem = vec};
	return true;
}

void xs_event_free(struct xs_event *ev)
{
	free(ev->mem);
	ev->mem = NULL;
}

bool xs_conn_lives(struct xs_conn *c)
{
	return xs_conn_exists(c, XS_NO_TXN, "domid") || errno == ENOENT;
}

bool xs_conn_dead(const struct xs_conn *c)
{
	return c->dead;
}
