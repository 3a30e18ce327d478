/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes.h: the ways to misbehave. */
#ifndef DMVL_HOSTILE_MODES_H
#define DMVL_HOSTILE_MODES_H

#include "tests/hostile/peer.h"

struct mode {
	const char *name;
	/* One round of it: at most a second or so. False: the backend did not let it begin. */
	bool (*run)(struct peer *p);
	bool needs_offer; /* begins with a connection */
	bool last;	  /* afterwards the device is of no more use */
	const char *what;
};

/* modes_ring.c */
bool mode_index(struct peer *p);
bool mode_page(struct peer *p);
bool mode_live(struct peer *p);
bool mode_header(struct peer *p);
bool mode_race(struct peer *p);
bool mode_half(struct peer *p);
bool mode_storm(struct peer *p);

/* modes_frame.c */
bool mode_offload(struct peer *p);
bool mode_garbage(struct peer *p);

/* modes_flood.c */
bool mode_smallest(struct peer *p);
bool mode_uso_group(struct peer *p);
bool mode_uso_local(struct peer *p);
bool mode_one_byte(struct peer *p);
bool mode_one_byte_local(struct peer *p);
bool mode_broadcast(struct peer *p);
bool mode_group(struct peer *p);

/* modes_store.c */
bool mode_steps(struct peer *p);
bool mode_reconnect(struct peer *p);
bool mode_store(struct peer *p);
bool mode_nodes(struct peer *p);
bool mode_refs(struct peer *p);
bool mode_gone(struct peer *p);

#endif
