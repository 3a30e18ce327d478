/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger_group.h: LDPs that share one weight in a ledger. Pure. */
#ifndef DMVL_CREDIT_LEDGER_GROUP_H
#define DMVL_CREDIT_LEDGER_GROUP_H

#include "backend/credit/ledger.h"

/*
 * A group has a number, 1..LEDGER_GROUP_MAX, and a weight. While an LDP is in it, the group
 * competes with the other groups and with the LDPs that are in no group. Its members divide what it
 * is rated at by their own weights, and lend to each other before anybody else.
 *
 * Accounts are those of LDPs. Of a group the ledger keeps a note, outside the accounts and the log:
 * what its members together lent to others or borrowed from them. It decays and is bounded as the
 * balance of one LDP of the group's weight would be, and is the same for any number of members. So
 * an LDP's factor is for how its group divides what it has, and the group's factor for what the
 * group has.
 */
#define LEDGER_GROUP_MAX    RECORD_GROUP_MAX
#define LEDGER_GROUP_WEIGHT 256u /* of a group that was given none */

/*
 * Puts the attached LDP of a slot into a group, 0: into none, which is where ledger_attach() leaves
 * it. Its balance stays with it. A free slot is ignored.
 */
void ledger_set_group(struct ledger *l, uint32_t slot, uint32_t group);

/* Sets a group's weight, 1..65535. It stays when the last member leaves. */
void ledger_set_group_weight(struct ledger *l, uint32_t group, uint32_t weight);

/* By what factor its note changes the group's weight, as ledger_factor(). */
uint32_t ledger_group_factor(const struct ledger *l, uint32_t group);

#endif
