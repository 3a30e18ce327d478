/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: each bin is two rows of the table, its begin and its end, so that lines are
 * steps, and one bin alone is visible too. An empty line makes gnuplot begin a new line: there, a
 * gap is. Times are those of the local zone, because gnuplot knows of none.
 *
 * Names are hostile. They stand in single quotes (label.h), "noenhanced" takes from them what
 * gnuplot would read as markup, and no name is in the table.
 */
#include "backend/ctl/plot/script.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "backend/ctl/plot/label.h"

#define LABEL_WIDTH 24u /* characters of a name in the legend */
#define TICS_MAX    8u
#define OTHERS_RGB  "#999999"
#define UPPER_NAMES 7u /* of loans: what has no room in the upper legend is in the lower one */
#define COLUMNS	    3u /* of the table for each line, behind the time */

/*
 * Told apart by people who are blind to some colours too: those of Okabe and Ito, but for black,
 * and five darker ones of Paul Tol's.
 */
static const char *const rgb[CHART_SHOWN] = {"#0072b2", "#e69f00", "#009e73", "#d55e00",
					     "#56b4e9", "#cc79a7", "#f0e442", "#332288",
					     "#882255", "#117733", "#999933", "#661100"};

/* Which numbers a line of each kind of chart has in the table. */
static const struct {
	unsigned n;
	enum chart_value value[COLUMNS];
} columns[CHART_WHATS] = {
	[CHART_SHARES] = {2, {CHART_SHARE, CHART_DUE}},
	[CHART_RATES] = {1, {CHART_RATE}},
	[CHART_LOANS] = {3, {CHART_LENT_RATE, CHART_BORROWED_RATE, CHART_BALANCE}},
	[CHART_DELAY] = {2, {CHART_DELAY_HALF, CHART_DELAY_MOST}},
};

struct unit {
	double size;
	const char *name;
};

struct script {
	FILE *out;
	const struct chart *c;
	const struct script_look *look;
	struct unit rate, bytes; /* in which they are printed */
};

/* --- units ------------------------------------------------------------------------------------ */

static const struct unit rates[] = {
	{1, "bit/s"}, {1e3, "kbit/s"}, {1e6, "Mbit/s"}, {1e9, "Gbit/s"}, {0, NULL}};
static const struct unit sizes[] = {{1, "bytes"}, {1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {0, NULL}};

/* The largest unit of which there are some. */
static struct unit unit_for(const struct unit *units, double max)
{
	struct unit best = units[0];

	for (; units->name; units++)
		if (max >= 2 * units->size)
			best = *units;
	return best;
}

/* The largest of a number, whatever its sign. */
static double largest(const struct chart *c, enum chart_value value, bool sum)
{
	double max = 0;

	for (unsigned bin = 0; bin < c->bins.count; bin++) {
		double all = 0;

		for (unsigned i = 0; i < c->lines; i++) {
			double v = fabs(chart_value(c, i, bin, value));

			if (!isnan(v))
				all = sum ? all + v : fmax(all, v);
		}
		max = fmax(max, all);
	}
	return max;
}

static void set_units(struct script *s)
{
	const struct chart *c = s->c;
	double rate = largest(c, CHART_RATE, true);

	if (c->what == CHART_LOANS)
		rate = fmax(largest(c, CHART_LENT_RATE, true),
			    largest(c, CHART_BORROWED_RATE, true));
	for (unsigned bin = 0; c->what == CHART_RATES && bin < c->bins.count; bin++)
		rate = fmax(rate, chart_capacity(c, bin)); /* of NAN and a number: the number */
	s->rate = unit_for(rates, rate);
	s->bytes = unit_for(sizes, largest(c, CHART_BALANCE, false));
}

static double in_unit(const struct script *s, enum chart_value value, double number)
{
	switch (value) {
	case CHART_RATE:
	case CHART_LENT_RATE:
	case CHART_BORROWED_RATE:
		return number / s->rate.size;
	case CHART_BALANCE:
		return number / s->bytes.size;
	default:
		return number;
	}
}

/* --- the table -------------------------------------------------------------------------------- */

static void number(FILE *out, double v)
{
	if (isnan(v))
		fputs(" NaN", out);
	else
		fprintf(out, " %.7g", v);
}

/* Stacked kinds have sums: of this line and of those before it. */
static void numbers(const struct script *s, unsigned bin)
{
	const struct chart *c = s->c;
	double sum[COLUMNS] = {0};

	for (unsigned i = 0; i < c->lines; i++) {
		for (unsigned k = 0; k < columns[c->what].n; k++) {
			enum chart_value value = columns[c->what].value[k];
			double v = in_unit(s, value, chart_value(c, i, bin, value));

			sum[k] += v;
			number(s->out, value == CHART_RATE || value == CHART_LENT_RATE ||
						       value == CHART_BORROWED_RATE
					       ? sum[k]
					       : v);
		}
	}
	number(s->out, chart_capacity(c, bin) / s->rate.size);
	fputc('\n', s->out);
}

static double local_s(const struct script *s, uint64_t ms)
{
	return (double)ms / 1000 + (double)s->look->zone_s;
}

static uint64_t bin_end_ms(const struct chart *c, unsigned bin)
{
	return bin + 1 < c->bins.count ? c->bins.begin_ms + (bin + 1) * c->bins.width_ms
				       : c->bins.end_ms;
}

static void table(const struct script *s)
{
	const struct chart *c = s->c;

	fprintf(s->out, "$data << END\n");
	for (unsigned bin = 0; bin < c->bins.count; bin++) {
		uint64_t at[2] = {c->bins.begin_ms + bin * c->bins.width_ms, bin_end_ms(c, bin)};

		for (unsigned i = 0; i < 2 && !chart_is_unknown(c, bin); i++) {
			fprintf(s->out, "%.3f", local_s(s, at[i]));
			numbers(s, bin);
		}
		if (chart_is_unknown(c, bin) || c->time[bin].broken)
			fputc('\n', s->out);
	}
	fprintf(s->out, "END\n");
}

/* The column of the k-th number of a line; of the capacity: that of the line behind the last. */
static unsigned column(const struct chart *c, unsigned line, unsigned k)
{
	return 2 + line * columns[c->what].n + k;
}

/* --- around the picture ----------------------------------------------------------------------- */

static const char *quoted(char out[2 * SCRIPT_TEXT_MAX + 3], const char *text)
{
	char clean[SCRIPT_TEXT_MAX];

	return label_quote(out, 2 * SCRIPT_TEXT_MAX + 3, label_clean(clean, sizeof(clean), text));
}

static void terminal(const struct script *s)
{
	const struct script_look *look = s->look;

	if (look->png)
		fprintf(s->out,
			"set terminal pngcairo size %u,%u font 'DejaVu Sans,10' noenhanced\n",
			look->width, look->height);
	else
		fprintf(s->out,
			"set terminal svg size %u,%u font 'DejaVu Sans,12' background rgb 'white' "
			"noenhanced\n",
			look->width, look->height);
}

static void title(const struct script *s)
{
	char first[2 * SCRIPT_TEXT_MAX + 3], second[2 * SCRIPT_TEXT_MAX + 3];

	fprintf(s->out, "set title %s.\"\\n\".%s noenhanced\n", quoted(first, s->look->title),
		quoted(second, s->look->subtitle));
}

/* A round step of at most TICS_MAX tics, and how they are written. */
static void time_axis(const struct script *s)
{
	const struct chart *c = s->c;
	char zone[2 * SCRIPT_TEXT_MAX + 3];
	uint64_t step =
		bins_divide(c->bins.begin_ms, c->bins.end_ms, TICS_MAX, 1000).width_ms / 1000;
	bool days = c->bins.end_ms - c->bins.begin_ms > UINT64_C(86400000);
	const char *format = step < 60 ? "%H:%M:%S" : "%H:%M";

	if (days)
		format = step < 86400 ? "%m-%d %H:%M" : "%m-%d";
	fprintf(s->out, "set xrange [%.3f:%.3f]\n", local_s(s, c->bins.begin_ms),
		local_s(s, c->bins.end_ms));
	fprintf(s->out, "set xtics %" PRIu64 " format '%s' timedate nomirror\n", step, format);
	fprintf(s->out, "set xlabel %s noenhanced\n", quoted(zone, s->look->zone));
}

/* A gap as it is shown: with the rest of a bin of which too little is known. */
static struct chart_gap shown_gap(const struct chart *c, struct chart_gap gap)
{
	unsigned first = bins_at(&c->bins, gap.begin_ms), last = bins_at(&c->bins, gap.end_ms - 1);

	if (chart_is_unknown(c, first))
		gap.begin_ms = c->bins.begin_ms + first * c->bins.width_ms;
	if (chart_is_unknown(c, last))
		gap.end_ms = bin_end_ms(c, last);
	return gap;
}

static void gaps(const struct script *s)
{
	const struct chart *c = s->c;
	double pixel_s = (double)(c->bins.end_ms - c->bins.begin_ms) / 1000 / s->look->width;

	for (unsigned i = 0; i < c->gaps; i++) {
		struct chart_gap gap = shown_gap(c, c->gap[i]);
		double from = local_s(s, gap.begin_ms), to = local_s(s, gap.end_ms);

		fprintf(s->out,
			"set object %u rectangle from %.3f, graph 0 to %.3f, graph 1 behind "
			"fillcolor rgb '#dddddd' fillstyle solid noborder\n",
			i + 1, from, fmax(to, from + 2 * pixel_s));
	}
}

static void frame(const struct script *s)
{
	terminal(s);
	fprintf(s->out, "set border 3 linecolor rgb '#444444'\n"
			"set grid ytics linecolor rgb '#cccccc' linewidth 1 dashtype 1\n"
			"set key outside right top Left reverse samplen 1.5 noenhanced\n"
			"set ytics nomirror\n"
			"set style fill solid 0.85 noborder\n");
	time_axis(s);
	gaps(s);
	title(s);
}

/* --- what is plotted -------------------------------------------------------------------------- */

static const char *colour(const struct chart *c, unsigned line)
{
	return line < CHART_SHOWN && !c->line[line].others ? rgb[line] : OTHERS_RGB;
}

/* The name as the legend has it, with what else there is to say of the line. */
static const char *legend(const struct chart *c, unsigned line, char out[SCRIPT_TEXT_MAX])
{
	char name[CHART_LABEL_MAX], text[SCRIPT_TEXT_MAX];
	double whole = chart_whole_share(c, line);

	snprintf(name, sizeof(name), "%s", c->line[line].label);
	label_cut(name, LABEL_WIDTH);
	if (c->what == CHART_SHARES && !isnan(whole))
		snprintf(text, sizeof(text), "%s  %.1f %%", name, whole);
	else
		snprintf(text, sizeof(text), "%s", name);
	return label_quote(out, SCRIPT_TEXT_MAX, text);
}

/* A line of the legend that nothing in the picture belongs to. */
static void legend_only(const struct script *s, const char *style, const char *text)
{
	fprintf(s->out, ", NaN with %s title '%s'", style, text);
}

static void end_plot(const struct script *s)
{
	if (s->c->gaps)
		legend_only(s, "boxes linecolor rgb '#dddddd'", "not recorded");
	fputc('\n', s->out);
}

static void line(const struct script *s, unsigned i, unsigned k, const char *how, bool named)
{
	char name[SCRIPT_TEXT_MAX];

	fprintf(s->out, "%s $data using 1:%u with lines linecolor rgb '%s' %s %s%s",
		i || k ? "," : "plot", column(s->c, i, k), colour(s->c, i), how,
		named ? "title " : "notitle", named ? legend(s->c, i, name) : "");
}

static bool has_others(const struct chart *c)
{
	return c->lines > 0 && c->line[c->lines - 1].others;
}

/* Others together are not drawn: beside them nothing else could be told apart. */
static void others_in_legend(const struct script *s)
{
	const struct chart *c = s->c;
	char text[SCRIPT_TEXT_MAX];

	snprintf(text, sizeof(text), "%s  %.1f %%, not drawn", c->line[c->lines - 1].label,
		 chart_whole_share(c, c->lines - 1));
	legend_only(s, "lines linecolor rgb 'white'", text);
}

static void plot_shares(const struct script *s)
{
	const struct chart *c = s->c;
	unsigned drawn = c->lines - has_others(c);

	fprintf(s->out, "set ylabel 'share of what all devices %s, %%'\nset yrange [0:%s]\n",
		c->dir == REC_TX ? "sent" : "received", has_others(c) ? "*" : "100");
	for (unsigned i = 0; i < drawn; i++) {
		line(s, i, 0, "linewidth 2", true);
		line(s, i, 1, "linewidth 1.2 dashtype (6,6)", false);
	}
	if (has_others(c))
		others_in_legend(s);
	legend_only(s, "lines linecolor rgb '#444444' linewidth 1.2 dashtype (6,6)",
		    "promised, if all send");
	end_plot(s);
}

/* Areas on each other, the first one lowest; the legend has the highest first. */
static void plot_rates(const struct script *s)
{
	const struct chart *c = s->c;
	char name[SCRIPT_TEXT_MAX];

	fprintf(s->out, "set ylabel '%s'\nset yrange [0:]\nset key invert\n", s->rate.name);
	for (unsigned i = 0; i < c->lines; i++) {
		fprintf(s->out, "%s $data using 1:", i ? "," : "plot");
		if (i)
			fprintf(s->out, "%u:", column(c, i - 1, 0));
		else
			fprintf(s->out, "(0):");
		fprintf(s->out, "%u with filledcurves fillcolor rgb '%s' title %s", column(c, i, 0),
			colour(c, i), legend(c, i, name));
	}
	fprintf(s->out,
		", $data using 1:%u with lines linecolor rgb 'black' linewidth 1.5 dashtype (8,4) "
		"title 'capacity'",
		column(c, c->lines, 0));
	end_plot(s);
}

static void plot_delay(const struct script *s)
{
	fprintf(s->out, "set ylabel 'wait of a frame, at most, ms'\nset logscale y\n");
	for (unsigned i = 0; i < s->c->lines; i++) {
		line(s, i, 0, "linewidth 1.2 dashtype (2,3)", false);
		line(s, i, 1, "linewidth 2", true);
	}
	legend_only(s, "lines linecolor rgb '#444444' linewidth 2", "99 % of frames");
	legend_only(s, "lines linecolor rgb '#444444' linewidth 1.2 dashtype (2,3)",
		    "half of frames");
	end_plot(s);
}

/* Bars of the k-th number, on each other, upwards or downwards. Each bin is two rows: one bar. */
static void bars(const struct script *s, unsigned k, int sign)
{
	const struct chart *c = s->c;
	double wide = (double)c->bins.width_ms / 1000;
	char name[SCRIPT_TEXT_MAX];

	for (unsigned i = 0; i < c->lines; i++) {
		fprintf(s->out,
			"%s $data using ($1+%g):(0):($1+%g):($1+%g):", i || k ? "," : "plot",
			wide / 2, wide * .1, wide * .9);
		if (i)
			fprintf(s->out, "(%d*$%u):", sign, column(c, i - 1, k));
		else
			fprintf(s->out, "(0):");
		fprintf(s->out, "(%d*$%u) every 2 with boxxyerror fillcolor rgb '%s' %s%s", sign,
			column(c, i, k), colour(c, i), k || i >= UPPER_NAMES ? "notitle" : "title ",
			k || i >= UPPER_NAMES ? "" : legend(c, i, name));
	}
}

static void plot_loans(const struct script *s)
{
	char name[SCRIPT_TEXT_MAX];
	const char *margins = "set lmargin at screen 0.1\nset rmargin at screen 0.76\n";

	fprintf(s->out,
		"set multiplot\n%s"
		"set tmargin at screen 0.88\nset bmargin at screen 0.5\n"
		"set ylabel 'borrowed  %s  lent'\nset xzeroaxis linetype 1 linecolor rgb "
		"'#444444'\n"
		"set format x ''\nset xlabel\n",
		margins, s->rate.name);
	bars(s, 0, 1);
	bars(s, 1, -1);
	end_plot(s);
	fprintf(s->out, "set tmargin at screen 0.46\nset bmargin at screen 0.12\n"
			"unset title\n");
	time_axis(s);
	fprintf(s->out, "set ylabel 'balance, %s'\n", s->bytes.name);
	for (unsigned i = 0; i < s->c->lines; i++)
		fprintf(s->out,
			"%s $data using 1:%u with lines linewidth 2 linecolor rgb '%s' %s%s",
			i ? "," : "plot", column(s->c, i, 2), colour(s->c, i),
			i < UPPER_NAMES ? "notitle" : "title ",
			i < UPPER_NAMES ? "" : legend(s->c, i, name));
	fputs("\nunset multiplot\n", s->out);
}

void script_write(FILE *out, const struct chart *c, const struct script_look *look)
{
	static void (*const plots[CHART_WHATS])(const struct script *s) = {
		[CHART_SHARES] = plot_shares,
		[CHART_RATES] = plot_rates,
		[CHART_LOANS] = plot_loans,
		[CHART_DELAY] = plot_delay,
	};
	struct script s = {.out = out, .c = c, .look = look};

	set_units(&s);
	table(&s);
	frame(&s);
	plots[c->what](&s);
}
