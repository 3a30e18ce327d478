/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outlook.h: what each LDP would get if it sent, or were sent, all it could. */
#ifndef DMVL_OUTLOOK_H
#define DMVL_OUTLOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/msg/ldp_conf.h"
#include "backend/sched/prospect.h"

struct dpath;
struct ldp;

#define OUTLOOK_LOOKS 4u /* looks over which it is measured what an LDP wants */

/* One direction of an LDP. Only outlook.c writes it. Starts zero-initialised. */
struct ldp_outlook {
	struct prospect prospect;
	uint64_t link_bytes[OUTLOOK_LOOKS]; /* over the uplink, as of the last looks */
	uint64_t all_bytes[OUTLOOK_LOOKS];
	uint32_t asked, waited; /* since the last look: how often frames were seen to wait */
	uint32_t busy;		/* the part of late, in 256ths */
};

/* False: out of memory. */
bool outlook_init(struct dpath *dp);
void outlook_fini(struct dpath *dp);

/* Once an epoch: do frames of the LDP wait for the uplink? */
void outlook_ask(struct ldp *l);

/* Something changed: outlook_step() has to look again. */
void outlook_changed(struct dpath *dp);

/* Looks again if it is time. False: more is to do, later. */
bool outlook_step(struct dpath *dp);

/* Does the LDP have its prospects? */
bool outlook_is_known(const struct dpath *dp, const struct ldp *l);

#endif
