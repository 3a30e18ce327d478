/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_list.h: the table of devices in dmvlctl top. Pure. */
#ifndef DMVL_CTL_TOP_LIST_H
#define DMVL_CTL_TOP_LIST_H

#include "backend/ctl/top_lines.h"

/* Draws the table into the next lines, all but the last `kept`. */
void top_list_draw(struct top_model *m, struct top_screen *s, unsigned kept);

#endif
