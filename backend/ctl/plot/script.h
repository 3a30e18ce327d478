/* SPDX-License-Identifier: GPL-2.0-or-later */
/* script.h: a chart as a script for gnuplot, with its numbers inside. */
#ifndef DMVL_CTL_PLOT_SCRIPT_H
#define DMVL_CTL_PLOT_SCRIPT_H

#include <stdio.h>

#include "backend/ctl/plot/chart.h"

#define SCRIPT_TEXT_MAX 256

struct script_look {
	unsigned width, height;					/* pixels */
	bool png;						/* else SVG */
	char title[SCRIPT_TEXT_MAX], subtitle[SCRIPT_TEXT_MAX]; /* any bytes */
	char zone[SCRIPT_TEXT_MAX]; /* the name of the time zone, any bytes */
	int64_t zone_s;		    /* what it is ahead of UTC, seconds */
};

/* What gnuplot draws it prints on its standard output. */
void script_write(FILE *out, const struct chart *c, const struct script_look *look);

#endif
