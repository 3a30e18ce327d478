/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.c: lines over two logarithmic or linear axes, as one SVG file. */
#include "tests/sim/plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define LEFT   90.
#define TOP    50.
#define WIDTH  620.
#define HEIGHT 380.

static const char *const plot_colour[8] = {"#d62728", "#1f77b4", "#2ca02c", "#9467bd",
					   "#ff7f0e", "#7f7f7f", "#17becf", "#8c564b"};
static const char *const plot_dash[8] = {"", "6 3", "2 2", "8 3 2 3", "4 4", "1 3", "10 4", "3 1"};

struct plot_axis {
	double low, high;
	bool log;
};

static bool plot_usable(const struct plot_axis *a, double v)
{
	return isfinite(v) && (!a->log || v > 0);
}

static double plot_at(const struct plot_axis *a, double v)
{
	if (a->log)
		return (log10(v) - a->low) / (a->high - a->low);
	return (v - a->low) / (a->high - a->low);
}

/* Finds the range of all lines: whole decades, or from 0 to a round number. */
static struct plot_axis plot_axis(const struct plot *p, bool is_x)
{
	struct plot_axis a = {.low = INFINITY,
			      .high = -INFINITY,
			      .log = is_x ? p->x_log : p->y_log};

	for (uint32_t l = 0; l < p->lines; l++) {
		for (uint32_t i = 0; i < p->line[l].n; i++) {
			double v = is_x ? p->line[l].x[i] : p->line[l].y[i];

			if (!plot_usable(&a, v))
				continue;
			v = a.log ? log10(v) : v;
			a.low = fmin(a.low, v);
			a.high = fmax(a.high, v);
		}
	}
	if (!isfinite(a.low) || !isfinite(a.high))
		a.low = a.high = 0;
	a.low = a.log ? floor(a.low) : 0;
	a.high = a.log ? ceil(a.high) : a.high;
	if (a.high <= a.low)
		a.high = a.low + 1;
	return a;
}

static void plot_ticks(FILE *f, const struct plot_axis *a, bool is_x)
{
	double step = a->log ? 1 : (a->high - a->low) / 5;

	for (double v = a->low; v <= a->high + step / 1000; v += step) {
		double at = (v - a->low) / (a->high - a->low);
		double x = LEFT + WIDTH * at, y = TOP + HEIGHT * (1 - at);

		if (is_x)
			fprintf(f,
				"<path d='M%.1f %.1fv%.1f' class='g'/>"
				"<text x='%.1f' y='%.1f' text-anchor='middle'>%.3g</text>\n",
				x, TOP, HEIGHT, x, TOP + HEIGHT + 18, a->log ? pow(10, v) : v);
		else
			fprintf(f,
				"<path d='M%.1f %.1fh%.1f' class='g'/>"
				"<text x='%.1f' y='%.1f' text-anchor='end'>%.3g</text>\n",
				LEFT, y, WIDTH, LEFT - 8, y + 4, a->log ? pow(10, v) : v);
	}
}

static void plot_line(FILE *f, const struct plot *p, uint32_t l, const struct plot_axis *ax,
		      const struct plot_axis *ay)
{
	const struct plot_line *line = &p->line[l];
	double y = TOP + 12 + 18 * l;
	char pen = 'M';

	fprintf(f, "<path fill='none' stroke-width='1.8' stroke='%s' stroke-dasharray='%s' d='",
		plot_colour[l % 8], plot_dash[l % 8]);
	for (uint32_t i = 0; i < line->n; i++) {
		if (!plot_usable(ax, line->x[i]) || !plot_usable(ay, line->y[i]))
			continue;
		fprintf(f, "%c%.1f %.1f", pen, LEFT + WIDTH * plot_at(ax, line->x[i]),
			TOP + HEIGHT * (1 - plot_at(ay, line->y[i])));
		pen = 'L';
	}
	fprintf(f,
		"'/>\n<path d='M%.1f %.1fh30' stroke-width='2' stroke='%s' "
		"stroke-dasharray='%s'/><text x='%.1f' y='%.1f'>%s</text>\n",
		LEFT + WIDTH + 12, y, plot_colour[l % 8], plot_dash[l % 8], LEFT + WIDTH + 48,
		y + 4, line->name);
}

int plot_write(const struct plot *p, const char *path)
{
	struct plot_axis ax = plot_axis(p, true), ay = plot_axis(p, false);
	FILE *f = fopen(path, "w");

	if (!f)
		return -errno;
	fprintf(f,
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 840 490' "
		"font-family='sans-serif' font-size='12'>\n"
		"<style>.g{stroke:#ddd}</style><rect width='840' height='490' fill='#fff'/>\n"
		"<text x='%.1f' y='28' font-size='15'>%s</text>\n",
		LEFT, p->title);
	plot_ticks(f, &ax, true);
	plot_ticks(f, &ay, false);
	fprintf(f, "<text x='%.1f' y='%.1f' text-anchor='middle'>%s</text>\n", LEFT + WIDTH / 2,
		TOP + HEIGHT + 40, p->x_label);
	fprintf(f,
		"<text transform='translate(24 %.1f) rotate(-90)' text-anchor='middle'>%s</text>\n",
		TOP + HEIGHT / 2, p->y_label);
	for (uint32_t l = 0; l < p->lines; l++)
		plot_line(f, p, l, &ax, &ay);
	fprintf(f, "</svg>\n");
	return fclose(f) ? -errno : 0;
}
