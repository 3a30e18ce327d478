/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit.h: what each guest may have in flight, and the telling of it. */
#ifndef DMVL_DPATH_CREDIT_H
#define DMVL_DPATH_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/msg/ldp_conf.h"

struct dpath;
struct ldp;

/* The rate in force of an LDP in bits per second. */
uint64_t credit_rate(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir);

/* Measures what each LDP was served since the last call, about an epoch ago. */
void credit_measure(struct dpath *dp);

/* Tells its credit to each guest whose credit changed. False: there is more to tell, later. */
bool credit_tell(struct dpath *dp);

#endif
