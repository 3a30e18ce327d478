/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peer.h: a guest that can do the handshake rightly, and lets its user do all else wrong. */
#ifndef DMVL_HOSTILE_PEER_H
#define DMVL_HOSTILE_PEER_H

#include <libxenvchan.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/rng.h"
#include "common/wire.h"
#include "frontend/agent_device.h"

#define PEER_ORDER 16u /* of its rings: small, so that they are often full */

struct peer_tally {
	unsigned long rounds, connects, messages, writes, events, nodes;
};

struct peer {
	struct agent_device dev;
	char back_path[SCHEMA_PATH_MAX]; /* the node `backend', which only Dom0 knows */
	unsigned back_domid;
	struct agent_offer offer; /* of the last connection */
	enum xenbus_state own, back;
	struct libxenvchan *x; /* NULL: none is served */
	uint32_t prod;	       /* where the next byte goes in the TX ring, whatever the page says */
	uint32_t size;	       /* of each ring */
	bool sparse;	       /* it may flag frames */
	struct rng rng;
	unsigned patience_ms; /* that it waits for an offer or an answer */
	uint64_t end_ns;      /* of all that this program does */
	uint64_t round_ns;    /* that a flood lasts */
	uint8_t target[6];    /* MAC of the guest that it floods */
	struct peer_tally n;
};

/* Device `id`, until end_ns. 0 or -errno. */
int peer_open(struct peer *p, unsigned id, uint64_t end_ns);
/* Puts back the nodes that say where the backend is. */
void peer_mend(struct peer *p);
/* Mended, and otherwise without a word to anybody. */
void peer_shut(struct peer *p);

/* The program's time is over, or a signal came. */
bool peer_over(const struct peer *p);
extern volatile int peer_stop;

/* --- the handshake; each step returns whether it came to that within `ms` --- */

/* Has the backend's state in `states` (bits, 1 << state). */
bool peer_await(struct peer *p, unsigned states, unsigned ms);
/* The backend offers a connection; what an earlier one left is closed first. */
bool peer_offered(struct peer *p, unsigned ms);
/* The vchan is served and named in xenstore. */
bool peer_serve(struct peer *p, unsigned order);
/* The answers and state 3 are written. */
bool peer_answer(struct peer *p);
/* All of it: both sides are in state 4. */
bool peer_connect(struct peer *p);
/* Still connected, as far as xenstore says. */
bool peer_connected(struct peer *p);

void peer_state(struct peer *p, enum xenbus_state state);
/* One node of the own directory; path is relative to it. */
void peer_write(struct peer *p, const char *path, const char *value);
void peer_remove(struct peer *p, const char *path);

/* The vchan ends, whatever the states are. */
void peer_drop(struct peer *p);
/* As the protocol has it: 5, wait for 6, close, 6. */
void peer_leave(struct peer *p);
/* One way or the other. */
void peer_part(struct peer *p);
/* The backend has seen what it has to fail for; a moment is enough, and may be too long. */
void peer_settle(struct peer *p);

/* --- the rings --- */

/* Bytes behind those that were published last. Nobody sees them before peer_publish(). */
void peer_put(struct peer *p, const void *data, uint32_t len);
/* Moves the shared index to what was put, and notifies. */
void peer_publish(struct peer *p);
/* A whole message, not published; waits a moment for room. False: there is none. */
bool peer_stage(struct peer *p, const struct wire_hdr *hdr, const void *body, uint32_t len);
/* The same, published. */
bool peer_send(struct peer *p, const struct wire_hdr *hdr, const void *body, uint32_t len);
void peer_notify(struct peer *p);
/* Takes and forgets what came. */
void peer_discard(struct peer *p);

/* --- chance --- */

static inline uint32_t below(struct peer *p, uint32_t n)
{
	return rng_below(&p->rng, n);
}

static inline bool one_in(struct peer *p, uint32_t n)
{
	return rng_below(&p->rng, n) == 0;
}

#define pick(p, list) ((list)[below(p, sizeof(list) / sizeof((list)[0]))])

#endif
