/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measure.h: the statistics that the frame loop publishes in a mapped file: backend/stats/stats.h.
 */
#ifndef DMVL_MEASURE_H
#define DMVL_MEASURE_H

#include "backend/datapath/dpath.h"
#include "common/loop.h"

struct ldp;

/* `due` calls measure_due(). False: out of memory. Without a run directory there is no file. */
bool measure_init(struct dpath *dp, const struct dpath_conf *conf, loop_cb *due);
void measure_fini(struct dpath *dp);

/* Something happened: the file is written within RATES_PERIOD_MS. */
void measure_soon(struct dpath *dp);

void measure_due(struct dpath *dp);

/* The LDP goes: what it counted stays in the uplink's sums. */
void measure_leave(struct dpath *dp, const struct ldp *l);

#endif
