/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_cpu.h: looks at the processor time that Xen gives to Domain-0. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_CPU_H
#define DMVL_CTL_LOOK_CPU_H

#include "backend/ctl/check/look.h"

bool look_dom0_weight(struct look *look);
bool look_dom0_cap(struct look *look);
bool look_dom0_pinning(struct look *look);

#endif
