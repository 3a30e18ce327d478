/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * figures.h: how fair and how steady a link was, from the bytes that each guest got through in each
 * of many short bins. Pure.
 *
 * A guest whose weight is 0 is not compared: it sends little, and what it sends is not there to be
 * shared. The others always have something to send. A guest's share of a window is what the link
 * carries in that time, less what the guests that are not compared sent, by weight.
 */
#ifndef DMVL_TOOLS_FIGURES_H
#define DMVL_TOOLS_FIGURES_H

#include <math.h>
#include <stdbool.h>

#define FIGURES_GUESTS	8
#define FIGURES_WINDOWS 3000 /* that a CoV looks at */

struct figures {
	const double (*bytes)[FIGURES_GUESTS]; /* of each guest in each bin */
	unsigned bins, window;		       /* window: bins that a window spans */
	unsigned guests;
	double weight[FIGURES_GUESTS];
	double bin_bytes;   /* what the link carries in one bin */
	double frame_bytes; /* the longest frame */
};

/* The window in which a guest got least of its share. */
struct figures_worst {
	double ratio; /* had / share */
	unsigned guest, bin;
	double kept; /* part of all windows of all guests with had >= .97 share - 2 frames */
};

/* Jain's index of what each got by weight: 1 if all got their share, 1/n if one got all; 1 if there
 * was nothing to get. */
static inline double figures_jain(const double *got, const double *weight, unsigned guests)
{
	double sum = 0, squares = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < guests; i++) {
		double x = weight[i] > 0 ? got[i] / weight[i] : 0;

		n += weight[i] > 0;
		sum += x;
		squares += x * x;
	}
	return squares > 0 ? sum * sum / (n * squares) : 1;
}

/* Standard deviation over mean; 0 for nothing at all. */
static inline double figures_cov(const double *x, unsigned n)
{
	double mean = 0, squares = 0;

	for (unsigned i = 0; i < n; i++)
		mean += x[i] / n;
	for (unsigned i = 0; i < n; i++)
		squares += (x[i] - mean) * (x[i] - mean) / n;
	return mean > 0 ? sqrt(squares) / mean : 0;
}

/* Bytes of a guest in as many bins from the bin at on. */
static inline double figures_had(const struct figures *f, unsigned guest, unsigned at,
				 unsigned bins)
{
	double sum = 0;

	for (unsigned b = at; b < at + bins; b++)
		sum += f->bytes[b][guest];
	return sum;
}

static inline double figures_weights(const struct figures *f)
{
	double sum = 0;

	for (unsigned i = 0; i < f->guests; i++)
		sum += f->weight[i];
	return sum;
}

/* A guest's share of as many bins from the bin at on. */
static inline double figures_share(const struct figures *f, unsigned guest, unsigned at,
				   unsigned bins)
{
	double room = f->bin_bytes * bins;

	for (unsigned i = 0; i < f->guests; i++)
		if (f->weight[i] <= 0)
			room -= figures_had(f, i, at, bins);
	return room * f->weight[guest] / figures_weights(f);
}

static inline void figures_look(const struct figures *f, unsigned guest, unsigned at,
				struct figures_worst *w)
{
	double had = figures_had(f, guest, at, f->window);
	double share = figures_share(f, guest, at, f->window);

	w->kept += had >= 0.97 * share - 2 * f->frame_bytes;
	if (share > 0 && had / share < w->ratio) {
		w->ratio = had / share;
		w->guest = guest;
		w->bin = at;
	}
}

/* Over windows that begin with every bin. */
static inline struct figures_worst figures_worst(const struct figures *f)
{
	struct figures_worst w = {.ratio = INFINITY};
	unsigned looked = 0;

	for (unsigned at = 0; at + f->window <= f->bins; at++)
		for (unsigned i = 0; i < f->guests; i++)
			if (f->weight[i] > 0) {
				figures_look(f, i, at, &w);
				looked++;
			}
	w.kept = looked ? w.kept / looked : 0;
	return w;
}

/* Jain's index of all bins together. */
static inline double figures_jain_all(const struct figures *f)
{
	double got[FIGURES_GUESTS];

	for (unsigned i = 0; i < f->guests; i++)
		got[i] = figures_had(f, i, 0, f->bins);
	return figures_jain(got, f->weight, f->guests);
}

/* The mean of Jain's index over windows one behind the other. */
static inline double figures_jain_windows(const struct figures *f)
{
	double got[FIGURES_GUESTS], sum = 0;
	unsigned n = 0;

	for (unsigned at = 0; at + f->window <= f->bins; at += f->window, n++) {
		for (unsigned i = 0; i < f->guests; i++)
			got[i] = figures_had(f, i, at, f->window);
		sum += figures_jain(got, f->weight, f->guests);
	}
	return n ? sum / n : 1;
}

/* CoV of a guest's bytes over windows one behind the other. */
static inline double figures_cov_of(const struct figures *f, unsigned guest)
{
	double x[FIGURES_WINDOWS];
	unsigned n = 0;

	for (; n < FIGURES_WINDOWS && (n + 1) * f->window <= f->bins; n++)
		x[n] = figures_had(f, guest, n * f->window, f->window);
	return figures_cov(x, n);
}

/* The mean of that over the guests that are compared. */
static inline double figures_cov_all(const struct figures *f)
{
	double sum = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < f->guests; i++)
		if (f->weight[i] > 0) {
			sum += figures_cov_of(f, i);
			n++;
		}
	return n ? sum / n : 0;
}

/* By how much the worst part of what was carried is off what it should be: 0.01 is one percent. */
static inline double figures_share_error(const struct figures *f)
{
	double all = 0, worst = 0;

	for (unsigned i = 0; i < f->guests; i++)
		if (f->weight[i] > 0)
			all += figures_had(f, i, 0, f->bins);
	for (unsigned i = 0; i < f->guests && all > 0; i++)
		if (f->weight[i] > 0)
			worst = fmax(worst, fabs(figures_had(f, i, 0, f->bins) / all *
							 figures_weights(f) / f->weight[i] -
						 1));
	return all > 0 ? worst : 1;
}

/* What was carried of what could be. */
static inline double figures_utilisation(const struct figures *f)
{
	double all = 0;

	for (unsigned i = 0; i < f->guests; i++)
		all += figures_had(f, i, 0, f->bins);
	return f->bins ? all / (f->bin_bytes * f->bins) : 0;
}

/* The first bin in which a guest got something through; all bins if there is none. */
static inline unsigned figures_first(const struct figures *f, unsigned guest)
{
	unsigned at = 0;

	while (at < f->bins && f->bytes[at][guest] <= 0)
		at++;
	return at;
}

/* Bins from there to the first window in which the guest had 0.9 of its share; all bins if there is
 * none. */
static inline unsigned figures_wakes(const struct figures *f, unsigned guest)
{
	unsigned first = figures_first(f, guest);

	for (unsigned at = first; at + f->window <= f->bins; at++)
		if (figures_had(f, guest, at, f->window) >=
		    0.9 * figures_share(f, guest, at, f->window))
			return at - first;
	return f->bins;
}

/* The same bins without the first ones. */
static inline struct figures figures_from(const struct figures *f, unsigned first)
{
	struct figures rest = *f;

	first = first < f->bins ? first : f->bins;
	rest.bytes += first;
	rest.bins -= first;
	return rest;
}

#endif
