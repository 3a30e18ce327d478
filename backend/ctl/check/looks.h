/* SPDX-License-Identifier: GPL-2.0-or-later */
/* looks.h: all kinds of findings of dmvlctl check, in one table. */
#ifndef DMVL_CTL_LOOKS_H
#define DMVL_CTL_LOOKS_H

#include "backend/ctl/check/look.h"

/* Looks at everything once and adds what it finds to `found`. 0, or -errno of xenstore. */
int looks_run(struct look *look, struct findings *found);

#endif
