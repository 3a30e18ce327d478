/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/quote.h"

#define WIDTH	  960u
#define HEIGHT	  540u
#define WIDTH_MIN 320u
#define LOW_MIN	  200u /* of the height */

/* The index of a word, or below 0, which was said. */
static int word(const char *option, const char *typed, const char *const *words,
		const char *expected)
{
	char shown[QUOTE_MAX];

	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], typed) == 0)
			return i;
	ctl_fail(EXIT_WRONG_USE, "--%s %s: expected %s", option, quote_text(shown, typed),
		 expected);
	return -1;
}

static int read_kind(const struct ctl *ctl, struct plot_options *o)
{
	static const char *const kinds[] = {"shares", "rates", "loans", "delay", NULL};
	static const char *const dirs[] = {"tx", "rx", NULL};
	const struct ctl_plot *p = &ctl->plot;
	int what = p->from_log ? CHART_LOANS : CHART_SHARES, dir = REC_TX;

	if (p->what)
		what = word("what", p->what, kinds, "shares, rates, loans or delay");
	if (what >= 0 && p->dir)
		dir = word("dir", p->dir, dirs, "tx or rx");
	if (what < 0 || dir < 0)
		return EXIT_WRONG_USE;
	if (p->from_log && what != CHART_LOANS)
		return ctl_fail(EXIT_WRONG_USE,
				"the credit log has loans only: for %s, record a while with "
				"dmvlctl record",
				kinds[what]);
	o->what = (enum chart_what)what;
	o->dir = (uint32_t)dir;
	return 0;
}

static bool ends(const char *text, const char *with)
{
	size_t len = strlen(text), end = strlen(with);

	return len > end && strcmp(text + len - end, with) == 0;
}

static int read_output(const struct ctl *ctl, struct plot_options *o)
{
	char shown[QUOTE_MAX];

	o->output = ctl->plot.output;
	o->format = PLOT_TABLE;
	if (o->output && ctl->plot.data)
		return ctl_fail(EXIT_WRONG_USE, "--data prints the table: leave out --output, or "
						"write it with --output FILE.tsv");
	if (!o->output && ctl->plot.data)
		return 0;
	if (!o->output)
		return ctl_fail(EXIT_WRONG_USE,
				"where to? --output FILE.svg, FILE.png or FILE.tsv, or --data");
	if (ends(o->output, ".svg"))
		o->format = PLOT_SVG;
	else if (ends(o->output, ".png"))
		o->format = PLOT_PNG;
	else if (!ends(o->output, ".tsv"))
		return ctl_fail(EXIT_WRONG_USE,
				"--output %s: expected a name that ends with .svg, .png or .tsv",
				quote_text(shown, o->output));
	return 0;
}

/* "960x540". *at is moved behind the number. */
static bool read_pixels(const char **at, unsigned min, unsigned *out)
{
	char *end;
	unsigned long n;

	if (**at < '0' || **at > '9')
		return false;
	n = strtoul(*at, &end, 10);
	*at = end;
	*out = (unsigned)n;
	return n >= min && n <= PLOT_WIDTH_MAX;
}

static int read_size(const struct ctl *ctl, struct plot_options *o)
{
	const char *at = ctl->plot.pixels;
	char shown[QUOTE_MAX];

	o->width = WIDTH;
	o->height = HEIGHT;
	if (!at)
		return 0;
	if (read_pixels(&at, WIDTH_MIN, &o->width) && *at++ == 'x' &&
	    read_pixels(&at, LOW_MIN, &o->height) && !*at)
		return 0;
	return ctl_fail(EXIT_WRONG_USE,
			"--size %s: expected width and height in pixels, like 960x540, from "
			"%ux%u to %ux%u",
			quote_text(shown, ctl->plot.pixels), WIDTH_MIN, LOW_MIN, PLOT_WIDTH_MAX,
			PLOT_WIDTH_MAX);
}

int plot_options_read(const struct ctl *ctl, struct plot_options *out)
{
	int ret;

	*out = (struct plot_options){.what = CHART_SHARES};
	ret = read_kind(ctl, out);
	if (!ret)
		ret = read_output(ctl, out);
	return ret ? ret : read_size(ctl, out);
}
