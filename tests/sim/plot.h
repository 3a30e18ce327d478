/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.h: lines over two logarithmic or linear axes, as one SVG file. */
#ifndef DMVL_SIM_PLOT_H
#define DMVL_SIM_PLOT_H

#include <stdbool.h>
#include <stdint.h>

struct plot_line {
	const char *name;
	const double *x, *y; /* n each; on a logarithmic axis what is not positive is left out */
	uint32_t n;
};

struct plot {
	const char *title, *x_label, *y_label;
	bool x_log, y_log;
	const struct plot_line *line;
	uint32_t lines; /* at most 8, each with a colour and a dash of its own */
};

/* 0, or -errno when the file cannot be written. */
int plot_write(const struct plot *p, const char *path);

#endif
