/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX	    "unix:"
#define BACKLOG	    128
#define MODE	    0660
#define ADDRESS_MAX 64
#define PORT_DIGITS 5
#define PORT_MAX    65535

/* --- words ------------------------------------------------------------------------------------ */

static int parse_port(const char *text, in_port_t *port)
{
	size_t digits = strspn(text, "0123456789");
	long value = strtol(text, NULL, 10);

	if (digits == 0 || digits > PORT_DIGITS || text[digits] || value < 1 || value > PORT_MAX)
		return -EINVAL;
	*port = htons((uint16_t)value);
	return 0;
}

static int parse_ipv4(const char *address, in_port_t port, struct listen_address *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&out->at;

	*in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	if (inet_pton(AF_INET, address, &in->sin_addr) != 1)
		return -EINVAL;
	out->len = sizeof(*in);
	out->loopback = ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return 0;
}

static int parse_ipv6(const char *address, in_port_t port, struct listen_address *out)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&out->at;

	*in = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
	if (inet_pton(AF_INET6, address, &in->sin6_addr) != 1)
		return -EINVAL;
	out->len = sizeof(*in);
	out->loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
	return 0;
}

/* "ADDRESS:" or "[ADDRESS]:", without its colon; empty: none was given. */
static int parse_ip(const char *text, size_t len, in_port_t port, struct listen_address *out)
{
	bool brackets = len > 1 && text[0] == '[' && text[len - 1] == ']';
	char address[ADDRESS_MAX];

	if (len == 0)
		return parse_ipv4(LISTEN_ADDRESS, port, out);
	if (brackets) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	return brackets ? parse_ipv6(address, port, out) : parse_ipv4(address, port, out);
}

static int parse_unix(const char *path, struct listen_address *out)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&out->at;

	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path[0] != '/' || strlen(path) >= sizeof(un->sun_path))
		return -EINVAL;
	memcpy(un->sun_path, path, strlen(path) + 1);
	out->len = sizeof(*un);
	out->loopback = true;
	return 0;
}

int listen_parse(const char *text, struct listen_address *out)
{
	struct listen_address a = {0};
	const char *colon = strrchr(text, ':');
	in_port_t port;
	int ret;

	if (strncmp(text, UNIX, strlen(UNIX)) == 0)
		ret = parse_unix(text + strlen(UNIX), &a);
	else if (colon == text)
		ret = -EINVAL;
	else if (parse_port(colon ? colon + 1 : text, &port) < 0)
		ret = -EINVAL;
	else
		ret = parse_ip(text, colon ? (size_t)(colon - text) : 0, port, &a);
	if (ret == 0)
		*out = a;
	return ret;
}

static const struct sockaddr_un *path_of(const struct listen_address *a)
{
	return a->at.ss_family == AF_UNIX ? (const struct sockaddr_un *)&a->at : NULL;
}

const char *listen_text(char out[LISTEN_TEXT_MAX], const struct listen_address *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->at;
	const struct sockaddr_un *un = path_of(a);
	char ip[ADDRESS_MAX] = "";

	if (un)
		snprintf(out, LISTEN_TEXT_MAX, "%s", un->sun_path);
	else if (a->at.ss_family == AF_INET)
		snprintf(out, LISTEN_TEXT_MAX, "http://%s:%u/metrics",
			 inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof(ip)), ntohs(v4->sin_port));
	else
		snprintf(out, LISTEN_TEXT_MAX, "http://[%s]:%u/metrics",
			 inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip)), ntohs(v6->sin6_port));
	return out;
}

/* --- the socket ------------------------------------------------------------------------------- */

static bool somebody_listens(const struct listen_address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)&a->at, a->len) < 0 &&
		       errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return !refused;
}

/* What an exporter left that was killed. */
static void remove_stale(const struct listen_address *a)
{
	const struct sockaddr_un *un = path_of(a);
	struct stat st;

	if (un && lstat(un->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && !somebody_listens(a))
		unlink(un->sun_path);
}

static int begin(int fd, const struct listen_address *a)
{
	const struct sockaddr_un *un = path_of(a);
	int on = 1;

	if (!un)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->at, a->len) < 0)
		return -errno;
	if (un && chmod(un->sun_path, MODE) < 0)
		return -errno;
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int listen_open(const struct listen_address *a)
{
	int fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ret;

	if (fd < 0)
		return -errno;
	remove_stale(a);
	ret = begin(fd, a);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

void listen_close(int fd, const struct listen_address *a)
{
	const struct sockaddr_un *un = path_of(a);

	close(fd);
	if (un)
		unlink(un->sun_path);
}
