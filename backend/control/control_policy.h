/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_policy.h: reads the operator's policy and puts it in force. */
#ifndef DMVL_CONTROL_POLICY_H
#define DMVL_CONTROL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct control;

/*
 * After xenstored was away. If it is another xenstore, which lost what was applied, all is applied
 * as at a start: the keys of the uplink and of groups, and guests. If it is the same one, guests'
 * names are only watched again: what was set or detached since the policy was applied stays so.
 */
void control_policy_again(struct control *c, bool another);

/*
 * Reads the files. If they have mistakes, the policy that was in force last stays, and
 * c->policy.error says why. A capacity that the policy gives and the command line does not goes to
 * c->conf.
 */
void control_policy_open(struct control *c);
void control_policy_close(struct control *c);

/* Have the files changed since they were read? */
bool control_policy_is_stale(const struct control *c);

/*
 * Once in each turn: reads the files again if that is due, follows the capacity, and attaches what
 * the policy names. `domains`: some came or went. Returns when to do that next, in nanoseconds;
 * UINT64_MAX: when something changes.
 */
uint64_t control_policy_step(struct control *c, bool domains);

#endif
