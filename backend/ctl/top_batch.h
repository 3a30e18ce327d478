/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_batch.h: what dmvlctl top shows, as text for pipes and as JSON. */
#ifndef DMVL_CTL_TOP_BATCH_H
#define DMVL_CTL_TOP_BATCH_H

#include "backend/ctl/top_model.h"

/* Print all devices as they are now. They return the exit status. */
int top_batch_text(const struct top_model *m, const char *clock);
int top_batch_json(const struct top_model *m);

#endif
