/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_lines.h: the lines of a screen of dmvlctl top. Pure. */
#ifndef DMVL_CTL_TOP_LINES_H
#define DMVL_CTL_TOP_LINES_H

#include "backend/ctl/cells.h"
#include "backend/ctl/line.h"
#include "backend/ctl/top_model.h"

/* A screen: `lines` lines of `columns`, of which `used` are set. */
struct top_screen {
	struct line *line;
	unsigned lines, columns, used;
	struct cell_style style;
	char clock[16]; /* the time of day */
};

/* The next line, empty; the last one again when all are used. */
struct line *top_screen_next(struct top_screen *s);

/* Fills the screen and puts the hint, or the filter that is typed, into its last line. */
void top_foot_draw(const struct top_model *m, struct top_screen *s, const char *hint);

/* "web1/0", or "7/0" where the name is not known. */
void top_device_title(const struct top_device *d, char out[TOP_TEXT_MAX + 12]);

#endif
