/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/chan.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/fake/must.h"

/* What the next libxenvchan_client_init() returns. */
static struct chan *next;

static struct chan *chan_of(struct libxenvchan *x)
{
	return (struct chan *)((char *)x - offsetof(struct chan, x));
}

void chan_offer(struct chan *c, unsigned order)
{
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
}

struct vchan *chan_open(struct chan *c, unsigned order)
{
	struct vchan *v = NULL;

	chan_offer(c, order);
	must(vchan_connect(1, "chan", &v) == 0);
	return v;
}

void chan_free(struct chan *c)
{
	if (next == c)
		next = NULL;
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
	uint32_t at = c->out_prod % c->size, first;

	if (n > chan_room(c))
		n = chan_room(c);
	first = n < c->size - at ? n : c->size - at;
	memcpy(c->out_bytes + at, p, first);
	memcpy(c->out_bytes, (const uint8_t *)p + first, n - first);
	c->out_prod += n;
	c->out->prod = c->out_prod;
	if (n > 0)
		tell(c, &c->tell_write);
	return n;
}

static bool write_message(struct chan *c, struct wire_hdr hdr, const void *body)
{
	uint32_t len = hdr.len;
	uint8_t *all;

	if (wire_size(len) > chan_room(c))
		return false;
	all = calloc(1, wire_size(len));
	must(all);
	memcpy(all, &hdr, sizeof(hdr));
	memcpy(all + sizeof(hdr), body, len);
	chan_write(c, all, wire_size(len));
	free(all);
	return true;
}

bool chan_message(struct chan *c, enum wire_type type, const void *body, uint32_t len)
{
	return write_message(c, wire_make(type, len), body);
}

bool chan_sparse(struct chan *c, const void *body, uint32_t len)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, len);

	hdr.flags = WIRE_SPARSE;
	return write_message(c, hdr, body);
}

int64_t chan_waiting(const struct chan *c)
{
	uint32_t n = c->in->prod - c->in_cons;

	return n <= c->size ? (int64_t)n : -1;
}

void chan_peek(const struct chan *c, uint32_t off, void *to, uint32_t n)
{
	uint32_t at = (c->in_cons + off) % c->size, first = n < c->size - at ? n : c->size - at;

	memcpy(to, c->in_bytes + at, first);
	memcpy((uint8_t *)to + first, c->in_bytes, n - first);
}

uint32_t chan_unread(const struct chan *c)
{
	return c->out_prod - c->out->cons;
}

void chan_take(struct chan *c, uint32_t n)
{
	c->in_cons += n;
	c->in->cons = c->in_cons;
	if (n > 0)
		tell(c, &c->tell_read);
}

void chan_wind(struct chan *c, struct vchan *v, uint32_t n)
{
	must(n <= c->size && chan_room(c) == c->size && chan_waiting(c) == 0);
	c->out_prod += n;
	c->out->prod = c->out_prod;
	must(vchan_rx_poll(v) == n);
	vchan_rx_advance(v, n);
	vchan_rx_commit(v);
	vchan_tx_advance(v, n);
	vchan_tx_commit(v);
	chan_take(c, n);
	must(vchan_tx_poll(v) == c->size);
	c->told_read = c->told_written = 0;
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
	if (!c)
		return NULL;
	c->mapped = true;
	return &c->x;
}

struct libxenvchan *libxenvchan_server_init(struct xentoollog_logger *logger, int domain,
					    const char *xs_path, size_t read_min, size_t write_min)
{
	(void)read_min;
	(void)write_min;
	return libxenvchan_client_init(logger, domain, xs_path);
}

static void moment(struct chan *c, enum chan_moment what)
{
	if (c->moment)
		c->moment(c, what);
}

void libxenvchan_close(struct libxenvchan *x)
{
	must(chan_of(x)->mapped);
	chan_of(x)->mapped = false; /* its memory is the test's */
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
	moment(chan_of(x), CHAN_CALL);
	return 0;
}

int libxenvchan_is_open(struct libxenvchan *x)
{
	struct chan *c = chan_of(x);
	int live;

	moment(c, CHAN_CALL);
	live = c->live;
	moment(c, CHAN_CALL);
	return live;
}

static int wish(struct chan *c, bool *tell, enum chan_moment what)
{
	moment(c, what);
	*tell = true;
	moment(c, CHAN_CALL);
	return 0;
}

int libxenvchan_data_ready(struct libxenvchan *x)
{
	return wish(chan_of(x), &chan_of(x)->tell_write, CHAN_ASKS_WRITTEN);
}

int libxenvchan_buffer_space(struct libxenvchan *x)
{
	return wish(chan_of(x), &chan_of(x)->tell_read, CHAN_ASKS_READ);
}

static int told(struct chan *c, bool *waits, unsigned *count)
{
	moment(c, CHAN_CALL);
	*waits = false;
	++*count;
	moment(c, CHAN_CALL);
	return 0;
}

/* These two are only ever called for the notification. */
int libxenvchan_recv(struct libxenvchan *x, void *data, size_t size)
{
	must(!data && size == 0);
	return told(chan_of(x), &chan_of(x)->waits_room, &chan_of(x)->told_read);
}

int libxenvchan_send(struct libxenvchan *x, const void *data, size_t size)
{
	must(!data && size == 0);
	return told(chan_of(x), &chan_of(x)->waits_data, &chan_of(x)->told_written);
}
