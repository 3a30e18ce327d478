/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_table.h: a chart as a table, for other programs. */
#ifndef DMVL_CTL_PLOT_TABLE_H
#define DMVL_CTL_PLOT_TABLE_H

#include <stdio.h>

#include "backend/ctl/plot/chart.h"

/*
 * A line of names, then one for each bin, all separated by tabs: its begin, and the numbers of each
 * device. What is not known is empty.
 */
void plot_table_write(FILE *out, const struct chart *c);

#endif
