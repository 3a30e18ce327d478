/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gnuplot.h: runs gnuplot. */
#ifndef DMVL_CTL_PLOT_GNUPLOT_H
#define DMVL_CTL_PLOT_GNUPLOT_H

#include <stddef.h>

#define GNUPLOT_ERR_MAX 256

/*
 * Has gnuplot run a script. Returns a descriptor of what it printed, whole, to be read from its
 * begin, which the caller closes; or -errno with one sentence in err: -ENOENT: there is no gnuplot.
 */
int gnuplot_run(const char *script, size_t len, char err[GNUPLOT_ERR_MAX]);

#endif
