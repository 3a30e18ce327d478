/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/flows.h"

#include <assert.h>
#include <stdlib.h>

#include "common/wire.h"

#define SHARE_PART 8u
#define LEAST	   (2 * wire_size(WIRE_VNET_LEN + 22 + 1500))

struct flow {
	uint32_t end;	    /* of its last message in the ring */
	uint32_t plain_end; /* of the last one that is not flagged */
	uint32_t since;	    /* where counting began, and how much it wrote since then */
	uint32_t bytes;
	uint32_t waiting; /* frames in the agent */
};

struct flows {
	uint32_t n, waiting; /* flows of which frames wait in the agent */
	uint32_t plain_end;  /* of the last message that is not flagged */
	struct flow flow[];
};

struct flows *flows_new(uint32_t n)
{
	struct flows *f = calloc(1, sizeof(*f) + n * sizeof(f->flow[0]));

	if (!f)
		return NULL;
	f->n = n;
	return f;
}

void flows_free(struct flows *f)
{
	free(f);
}

void flows_begin(struct flows *f)
{
	f->plain_end = 0;
	for (uint32_t i = 0; i < f->n; i++)
		f->flow[i] = (struct flow){.waiting = f->flow[i].waiting};
}

/*
 * The backend has not taken all up to `end`. Once in 4 GiB this is said of an old index, or of a
 * new flow: then some frames are not flagged that might be.
 */
static bool in_ring(uint32_t end, const struct flows_ring *r)
{
	return end - r->taken - 1 < r->written - r->taken;
}

static uint32_t most(const struct flows *f, const struct flows_ring *r)
{
	uint32_t share = r->window_bytes / (SHARE_PART * (1 + f->waiting));

	return share > LEAST ? share : LEAST;
}

/*
 * Many light flows together: what finds no room among them takes turns in the agent. If the window
 * became small, what is not flagged may fill the ring far beyond it; a few flagged frames pass
 * that.
 */
static bool has_room(const struct flows *f, const struct flows_ring *r, uint32_t bytes)
{
	uint32_t more = r->window_bytes > 2 * LEAST ? r->window_bytes : 2 * LEAST;
	uint32_t behind = in_ring(f->plain_end, r) ? f->plain_end : r->taken;

	return (uint64_t)(r->written - r->taken) + bytes <= (uint64_t)r->window_bytes + more ||
	       (uint64_t)(r->written - behind) + bytes <= more;
}

bool flows_may_pass(struct flows *f, uint32_t flow, uint32_t bytes, const struct flows_ring *r)
{
	struct flow *w = &f->flow[flow];

	if (!in_ring(w->end, r))
		w->plain_end = w->end = r->taken;
	if (w->end == r->taken || r->written - w->since > r->window_bytes) {
		w->since = r->written;
		w->bytes = 0;
	}
	return w->waiting == 0 && !in_ring(w->plain_end, r) && w->bytes + bytes <= most(f, r) &&
	       has_room(f, r, bytes);
}

void flows_wrote(struct flows *f, uint32_t flow, uint32_t bytes, const struct flows_ring *r,
		 bool flagged)
{
	struct flow *w = &f->flow[flow];

	w->end = r->written + bytes;
	if (!flagged)
		f->plain_end = w->plain_end = w->end;
	w->bytes += bytes;
}

void flows_wait(struct flows *f, uint32_t flow)
{
	if (f->flow[flow].waiting++ == 0)
		f->waiting++;
}

void flows_leave(struct flows *f, uint32_t flow)
{
	assert(f->flow[flow].waiting > 0);
	if (--f->flow[flow].waiting == 0)
		f->waiting--;
}
