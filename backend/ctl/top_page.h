/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_page.h: the pages of dmvlctl top: the list, one device, the help. Pure. */
#ifndef DMVL_CTL_TOP_PAGE_H
#define DMVL_CTL_TOP_PAGE_H

#include "backend/ctl/top_lines.h"

#define TOP_COLUMNS_MIN 40u
#define TOP_LINES_MIN	8u

/* Draws the page that the model is at. */
void top_page_draw(struct top_model *m, struct top_screen *s);

#endif
