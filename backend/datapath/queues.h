/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queues.h: the queues of one LDP, and what becomes of frames that they drop. */
#ifndef DMVL_QUEUES_H
#define DMVL_QUEUES_H

#include <stdbool.h>
#include <stdint.h>

struct dpath;
struct ldp;

/* Makes the queues for what the LDP receives. False: out of memory; queues_fini() frees the rest.
 */
bool queues_init(struct dpath *dp, struct ldp *l);

/* Makes the queue for what an LDP without an agent sends. False: out of memory. */
bool queues_init_vif(struct ldp *l);

void queues_fini(struct ldp *l); /* of both kinds */

/* The LDP is served at this rate while frames wait for it: sets the limits of its queue. */
void queues_set_rate(struct ldp *l, uint64_t bps);

/* What an LDP without an agent may have waiting. */
void queues_set_vif_limit(struct ldp *l, uint64_t bytes);

/* The LDP has received nothing for some time: gives memory back. */
void queues_trim(struct ldp *l);

/* Bytes of frames that wait for the LDP; those that it sent and that wait (without an agent). */
uint64_t queues_waiting(const struct ldp *l);
uint64_t queues_vif_waiting(const struct ldp *l);

/* Frames that were marked instead of dropped. */
uint64_t queues_marks(const struct ldp *l);

/* The frames of an LDP without an agent take up the limit; they leave a quarter of it free. */
bool queues_vif_full(const struct ldp *l);
bool queues_vif_has_room(const struct ldp *l);

#endif
