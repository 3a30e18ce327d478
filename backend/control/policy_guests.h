/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_guests.h: the guests of the host, their names, and what the policy makes of them. */
#ifndef DMVL_POLICY_GUESTS_H
#define DMVL_POLICY_GUESTS_H

#include <stdbool.h>

#include "backend/policy/policy.h"

struct control;

/* A policy, and the capacities that its percentages are parts of. */
struct policy_state {
	const struct policy *policy; /* NULL: none */
	struct policy_capacity capacity;
};

/* Domains came or went. */
void policy_guests_look(struct control *c);

/* It is another connection to the same xenstore: names are watched again, and may have changed. */
void policy_guests_watch(struct control *c);

/* The name of the domain came, changed or went. */
void policy_guests_named(struct control *c, unsigned domid);

/*
 * The name by which the policy was applied to this domain, which may have another one by now. NULL:
 * it was not applied yet. Good until the next step.
 */
const char *policy_guests_name(struct control *c, unsigned domid, const uint8_t uuid[16]);

/*
 * Attaches what the policy names of guests that are new. If a guest has another name than before,
 * it attaches what that one has more, and changes the keys that are others by it. False: something
 * could not be attached yet.
 */
bool policy_guests_step(struct control *c);

/*
 * The policy was `was` and is c->policy.now. For each guest: attaches what it names now and did not
 * name before, and changes the keys whose values changed, also where the guest has just ended.
 */
void policy_guests_apply(struct control *c, const struct policy_state *was);

void policy_guests_free(struct control *c);

#endif
