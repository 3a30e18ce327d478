/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outgoing.h: which of the frames that a guest sends must leave by the uplink, and how: rewritten
 * as the product does it, in their order, GSO frames whole or in parts.
 */
#ifndef DMVL_TESTS_FUZZ_OUTGOING_H
#define DMVL_TESTS_FUZZ_OUTGOING_H

#include "backend/frame/gso.h"
#include "backend/frame/linklocal.h"
#include "backend/msg/ldp_conf.h"
#include "tests/fuzz/stream.h"

struct outgoing {
	const struct ldp_conf *conf; /* the guest's; borrowed */
	struct linklocal_user user;  /* of a table that the product does not have */
	const uint8_t *neighbour;    /* the MAC of another guest here; borrowed */
	struct outgoing_order {
		struct queue q;
		struct gso_iter cut; /* of the first; done == 0: no part of it came out */
	} order[2];		     /* those that are not flagged, and those that are */
};

/* The guest has sent this body: it must come out, rewritten, if the rules let it. */
void outgoing_expect(struct outgoing *o, const uint8_t *body, uint32_t len, bool flagged);
/*
 * Did this come out in its turn? Then it is taken out. What the guest sent goes in its order, and
 * what it flagged in the order of that.
 */
bool outgoing_take(struct outgoing *o, const uint8_t *body, size_t n);
/* Has all of it come out? */
bool outgoing_empty(const struct outgoing *o);
/* Leaves it empty. */
void outgoing_free(struct outgoing *o);

#endif
