/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_detail.h: the page of one device in dmvlctl top. Pure. */
#ifndef DMVL_CTL_TOP_DETAIL_H
#define DMVL_CTL_TOP_DETAIL_H

#include "backend/ctl/top_lines.h"

/* Draws the selected device; there must be one. */
void top_detail_draw(const struct top_model *m, struct top_screen *s);

#endif
