/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/chan.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

/* What the next libxenvchan_client_init() is to return. */
static struct chan *next;

static struct chan *chan_of(struct libxenvchan *x)
{
	return (struct chan *)((char *)x - offsetof(struct chan, x));
}

struct vchan *chan_open(struct chan *c, unsigned order)
{
	struct vchan *v = NULL;

	*c = (struct chan){.size = 1u << order, .tell_write = true, .live = 1};
	c->page = calloc(1, sizeof(*c->page));
	c->in_bytes = calloc(1, c->size);
	c->out_bytes = calloc(1, c->size);
	c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(c->page && c->in_bytes && c->out_bytes && c->fd >= 0);
	c->in = &c->page->left;
	c->out = &c->page->right;
	c->x.read = (struct libxenvchan_ring){c->out, c->out_bytes, (int)order};
	c->x.write = (struct libxenvchan_ring){c->in, c->in_bytes, (int)order};
	next = c;
	must(vchan_connect(1, "chan", &v) == 0);
	return v;
}

void chan_free(struct chan *c)
{
	close(c->fd);
	free(c->out_bytes);
	free(c->in_bytes);
	free(c->page);
}

void chan_kick(struct chan *c)
{
	uint64_t one = 1;

	must(write(c->fd, &one, sizeof(one)) == sizeof(one));
}

static void tell(struct chan *c, bool *wanted)
{
	if (*wanted)
		chan_kick(c);
	*wanted = false;
}

uint32_t chan_room(const struct chan *c)
{
	uint32_t used = c->out_prod - c->out->cons;

	return used <= c->size ? c->size - used : 0;
}

uint32_t chan_write(struct chan *c, const void *p, uint32_t n)
{
	if (n > chan_room(c))
		n = chan_room(c);
	for (uint32_t i = 0; i < n; i++)
		c->out_bytes[(c->out_prod + i) % c->size] = ((const uint8_t *)p)[i];
	c->out_prod += n;
	c->out->prod = c->out_prod;
	if (n > 0)
		tell(c, &c->tell_write);
	return n;
}

int64_t chan_waiting(const struct chan *c)
{
	uint32_t n = c->in->prod - c->in_cons;

	return n <= c->size ? n : -1;
}

void chan_peek(const struct chan *c, uint32_t off, void *to, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = c->in_bytes[(c->in_cons + off + i) % c->size];
}

void chan_take(struct chan *c, uint32_t n)
{
	c->in_cons += n;
	c->in->cons = c->in_cons;
	if (n > 0)
		tell(c, &c->tell_read);
}

/* --- libxenvchan, as far as the product uses it --- */

struct libxenvchan *libxenvchan_client_init(struct xentoollog_logger *logger, int domain,
					    const char *xs_path)
{
	struct chan *c = next;

	(void)logger;
	(void)domain;
	(void)xs_path;
	next = NULL;
	return c ? &c->x : NULL;
}

struct libxenvchan *libxenvchan_server_init(struct xentoollog_logger *logger, int domain,
					    const char *xs_path, size_t read_min, size_t write_min)
{
	(void)read_min;
	(void)write_min;
	return libxenvchan_client_init(logger, domain, xs_path);
}

void libxenvchan_close(struct libxenvchan *x)
{
	(void)x; /* the target's */
}

int libxenvchan_fd_for_select(struct libxenvchan *x)
{
	return chan_of(x)->fd;
}

int libxenvchan_wait(struct libxenvchan *x)
{
	uint64_t n;

	/* The real one would block here for ever. */
	must(read(chan_of(x)->fd, &n, sizeof(n)) == sizeof(n));
	return 0;
}

int libxenvchan_is_open(struct libxenvchan *x)
{
	return chan_of(x)->live;
}

static int wish(struct chan *c, bool *tell, bool written)
{
	if (c->race)
		c->race(c, written);
	*tell = true;
	return 0;
}

int libxenvchan_data_ready(struct libxenvchan *x)
{
	return wish(chan_of(x), &chan_of(x)->tell_write, true);
}

int libxenvchan_buffer_space(struct libxenvchan *x)
{
	return wish(chan_of(x), &chan_of(x)->tell_read, false);
}

/* These two are only ever called for the notification. */
int libxenvchan_recv(struct libxenvchan *x, void *data, size_t size)
{
	must(!data && size == 0);
	chan_of(x)->waits_room = false;
	return 0;
}

int libxenvchan_send(struct libxenvchan *x, const void *data, size_t size)
{
	must(!data && size == 0);
	chan_of(x)->waits_data = false;
	return 0;
}
