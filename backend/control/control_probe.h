/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_probe.h: what the uplink can carry, as the kernel and the frame loop tell it. */
#ifndef DMVL_CONTROL_PROBE_H
#define DMVL_CONTROL_PROBE_H

#include <stddef.h>
#include <stdint.h>

struct control;

/*
 * Probes the uplink. 0, or with a sentence in err: its capacity was not configured, cannot be
 * measured, and no hardware tells its speed (-EINVAL), or that is not known before an interface has
 * a link (-EAGAIN).
 */
int control_probe_demand(struct control *c, char *err, size_t errlen);

/* Probes the uplink now, and has its settings looked at. */
void control_probe_now(struct control *c);

/*
 * Probes the uplink again whenever an interface or a qdisc changes, where the kernel tells. After
 * control_probe_unwatch(), which is fine without, nothing is left open.
 */
void control_probe_watch(struct control *c);
void control_probe_unwatch(struct control *c);

/* The frame loop measured what the uplink carries, in wire bits per second. */
void control_probe_estimate(struct control *c, uint64_t bps);

#endif
