/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_options.h: the options of dmvlctl plot. */
#ifndef DMVL_CTL_PLOT_OPTIONS_H
#define DMVL_CTL_PLOT_OPTIONS_H

#include "backend/ctl/ctl.h"
#include "backend/ctl/plot/chart.h"

#define PLOT_WIDTH_MAX 8192u

enum plot_format { PLOT_SVG, PLOT_PNG, PLOT_TABLE };

struct plot_options {
	enum chart_what what;
	uint32_t dir; /* REC_TX or REC_RX */
	enum plot_format format;
	const char *output; /* NULL: the table goes to stdout */
	unsigned width, height;
};

/* 0, or EXIT_WRONG_USE with the reason on stderr. */
int plot_options_read(const struct ctl *ctl, struct plot_options *out);

#endif
