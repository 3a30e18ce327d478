/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot_table.h"

#include <math.h>

#include "backend/ctl/since.h"

#define COLUMNS 3u

/* What a device has in each kind of chart. */
static const struct {
	unsigned n;
	struct {
		enum chart_value value;
		const char *name;
	} column[COLUMNS];
} kinds[CHART_WHATS] = {
	[CHART_SHARES] = {2, {{CHART_SHARE, "percent"}, {CHART_DUE, "promised-percent"}}},
	[CHART_RATES] = {1, {{CHART_RATE, "bit/s"}}},
	[CHART_LOANS] = {3,
			 {{CHART_LENT_RATE, "lent-bit/s"},
			  {CHART_BORROWED_RATE, "borrowed-bit/s"},
			  {CHART_BALANCE, "balance-bytes"}}},
	[CHART_DELAY] = {2, {{CHART_DELAY_HALF, "p50-ms"}, {CHART_DELAY_MOST, "p99-ms"}}},
};

static void write_names(FILE *out, const struct chart *c)
{
	fputs("time", out);
	for (unsigned i = 0; i < c->lines; i++)
		for (unsigned k = 0; k < kinds[c->what].n; k++)
			fprintf(out, "\t%s %s", c->line[i].label, kinds[c->what].column[k].name);
	fputs(c->what == CHART_RATES ? "\tcapacity bit/s\n" : "\n", out);
}

static void write_number(FILE *out, double v)
{
	if (isnan(v))
		fputc('\t', out);
	else
		fprintf(out, "\t%.10g", v);
}

static void write_bin(FILE *out, const struct chart *c, unsigned bin)
{
	char when[SINCE_TEXT_MAX];

	fputs(since_iso(when, c->bins.begin_ms + bin * c->bins.width_ms), out);
	for (unsigned i = 0; i < c->lines; i++)
		for (unsigned k = 0; k < kinds[c->what].n; k++)
			write_number(out, chart_value(c, i, bin, kinds[c->what].column[k].value));
	if (c->what == CHART_RATES)
		write_number(out, chart_capacity(c, bin));
	fputc('\n', out);
}

void plot_table_write(FILE *out, const struct chart *c)
{
	write_names(out, c);
	for (unsigned bin = 0; bin < c->bins.count; bin++)
		write_bin(out, c, bin);
}
