/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl plot: draws a recording, or the credit log, by gnuplot.
 *
 * Theory of operation: all records are read once to learn which uplinks and devices there are and
 * how long it took, once more for what the devices moved in the span that is asked for, if that is
 * shorter, and then into the chart. The chart becomes a script, and gnuplot's answer a file.
 */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/ctl/outfile.h"
#include "backend/ctl/plot/gnuplot.h"
#include "backend/ctl/plot/script.h"
#include "backend/ctl/plot_log.h"
#include "backend/ctl/plot_options.h"
#include "backend/ctl/plot_source.h"
#include "backend/ctl/plot_table.h"
#include "backend/ctl/since.h"
#include "backend/ctl/span.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "common/child.h"
#include "common/log.h"
#include "common/quote.h"

#define TARGETS_MAX    16
#define PIXELS_PER_BIN 5u /* of the picture's width */
#define PIXELS_PER_BAR 20u
#define BIN_MIN_MS     UINT64_C(100)  /* the statistics are written so often */
#define DATE_LEN       11	      /* "2026-11-28 " */
#define LOG_MIN_MS     UINT64_C(1000) /* the log's sums are of seconds */

struct plot {
	struct ctl *ctl;
	struct plot_options options;
	struct plot_source source;
	struct target target[TARGETS_MAX];
	int targets;
	struct follow follow; /* all records */
	struct chart_rank *rank;
	unsigned ranks; /* devices at the first reading: FILE may grow */
	uint32_t uplink;
	uint64_t begin_ms, end_ms; /* what is plotted */
	bool narrowed;		   /* not all that is there */
	struct chart chart;
};

static int out_of_memory(void)
{
	return ctl_fail(EXIT_FAILED, "out of memory");
}

/* All records; an error was printed if there was one. */
static int each(struct plot *p, plot_take *take)
{
	int ret = plot_source_each(&p->source, take, p);

	return ret < 0 ? out_of_memory() : ret;
}

/* --- what is there ---------------------------------------------------------------------------- */

static int survey(void *arg, const struct rec *r)
{
	struct plot *p = arg;
	int i = follow_take(&p->follow, r);
	struct chart_rank *more;

	if (i == -ENOMEM)
		return i;
	if (p->follow.devices > p->ranks) {
		more = reallocarray(p->rank, p->follow.devices, sizeof(*more));
		if (!more)
			return -ENOMEM;
		p->rank = more;
		more[p->ranks++] = (struct chart_rank){0};
	}
	if (i >= 0)
		p->rank[i].amount += chart_amount(r, p->options.what, p->options.dir);
	return 0;
}

/* The same, of the intervals that end in the span; all devices are known by now. */
static int survey_span(void *arg, const struct rec *r)
{
	struct plot *p = arg;
	int i = follow_take(&p->follow, r);
	const struct follow *f = &p->follow;

	if (i >= 0 && (unsigned)i < p->ranks && f->end_ms > p->begin_ms && f->begin_ms < p->end_ms)
		p->rank[i].amount += chart_amount(r, p->options.what, p->options.dir);
	return i == -ENOMEM ? i : 0;
}

static int survey_again(struct plot *p)
{
	follow_free(&p->follow);
	for (unsigned i = 0; i < p->ranks; i++)
		p->rank[i].amount = 0;
	return each(p, survey_span);
}

static int no_uplink(const struct plot *p)
{
	char shown[QUOTE_MAX];

	if (p->ctl->uplink)
		return ctl_fail(EXIT_FAILED, "nothing is recorded of an uplink %s", p->ctl->uplink);
	if (!p->source.path)
		return ctl_fail(EXIT_FAILED, "the credit log has no loans yet");
	return ctl_fail(EXIT_FAILED, "%s: no interval was recorded",
			quote_text(shown, p->source.path));
}

/* The one of --uplink, or the only one. */
static int choose_uplink(struct plot *p)
{
	const struct ctl *ctl = p->ctl;
	unsigned found = 0;

	for (uint32_t i = 0; i < REC_UPLINKS_MAX; i++) {
		const struct follow_uplink *u = &p->follow.uplink[i];

		if (!u->intervals || (ctl->uplink && strcmp(u->name, ctl->uplink) != 0))
			continue;
		if (found++ == 0)
			p->uplink = i;
	}
	if (found > 1)
		return ctl_fail(EXIT_WRONG_USE, "there are %u uplinks: choose one with --uplink",
				found);
	return found ? 0 : no_uplink(p);
}

static int choose_span(struct plot *p)
{
	const struct follow_uplink *u = &p->follow.uplink[p->uplink];
	uint64_t first_ms = u->first_ms, last_ms = u->last_ms;
	int ret;

	if (u->gap && u->end_ms > last_ms)
		last_ms = u->end_ms;
	p->begin_ms = first_ms;
	p->end_ms = last_ms;
	ret = span_read(p->ctl, &p->begin_ms, &p->end_ms);
	if (ret)
		return ret;
	p->narrowed = p->begin_ms != first_ms || p->end_ms != last_ms;
	if (p->begin_ms < p->end_ms)
		return 0;
	return ctl_fail(EXIT_FAILED, "nothing is recorded of that time");
}

/* --- devices ---------------------------------------------------------------------------------- */

static bool is_target(const struct follow_device *d, const struct target *t)
{
	char uuid[UUID_TEXT_LEN + 1];

	if (t->id_given && d->id != t->id)
		return false;
	switch (t->kind) {
	case TARGET_DOMID:
		return d->domid == t->domid;
	case TARGET_UUID:
		uuid_format(d->uuid, uuid);
		return strcmp(uuid, t->dom) == 0;
	default:
		return strcmp(d->name, t->dom) == 0;
	}
}

static int want_target(struct plot *p, const struct target *t)
{
	char text[TARGET_TEXT_MAX];
	bool any = false;

	for (unsigned i = 0; i < p->ranks; i++) {
		if (p->follow.device[i].uplink != p->uplink || !is_target(&p->follow.device[i], t))
			continue;
		p->rank[i].wanted = any = true;
	}
	if (any)
		return 0;
	if (t->id_given)
		return ctl_fail(EXIT_FAILED, "nothing is recorded of device %u of %s", t->id,
				target_text(t, text));
	return ctl_fail(EXIT_FAILED, "nothing is recorded of %s", target_text(t, text));
}

static int choose_devices(struct plot *p)
{
	static const char *const did[][2] = {
		[CHART_SHARES] = {"sent", "received"},
		[CHART_RATES] = {"sent", "received"},
		[CHART_LOANS] = {"lent or borrowed", "lent or borrowed"},
		[CHART_DELAY] = {"sent", "received"},
	};
	int ret = 0;

	for (int i = 0; i < p->targets && !ret; i++)
		ret = want_target(p, &p->target[i]);
	for (unsigned i = 0; i < p->ranks && p->targets == 0; i++)
		p->rank[i].wanted = p->follow.device[i].uplink == p->uplink;
	if (ret)
		return ret;
	if (chart_rank(p->rank, p->ranks) > 0)
		return 0;
	return ctl_fail(EXIT_FAILED, "no device %s anything in that time",
			did[p->options.what][p->options.dir]);
}

/* --- the chart -------------------------------------------------------------------------------- */

static int take(void *arg, const struct rec *r)
{
	struct plot *p = arg;

	return chart_take(&p->chart, r);
}

static int fill(struct plot *p)
{
	const struct plot_options *o = &p->options;
	bool loans = o->what == CHART_LOANS;
	struct bins bins = bins_divide(p->begin_ms, p->end_ms,
				       o->width / (loans ? PIXELS_PER_BAR : PIXELS_PER_BIN),
				       p->source.path ? BIN_MIN_MS : LOG_MIN_MS);
	int ret;

	if (chart_begin(&p->chart, o->what, p->uplink, o->dir, &bins, &p->follow, p->rank,
			p->ranks) < 0)
		return out_of_memory();
	ret = each(p, take);
	if (ret)
		return ret;
	if (chart_end(&p->chart) < 0)
		return out_of_memory();
	if (chart_has_numbers(&p->chart))
		return 0;
	return ctl_fail(EXIT_FAILED, "too little is recorded of that time to plot it");
}

/* --- the picture ------------------------------------------------------------------------------ */

static void set_titles(const struct plot *p, struct script_look *look)
{
	static const char *const kinds[] = {"Shares", "Rates", "Loans", "Delay"};
	char from[SINCE_TEXT_MAX], to[SINCE_TEXT_MAX], host[128] = "";
	const char *path = p->source.path, *slash = path ? strrchr(path, '/') : NULL;

	if (!path)
		gethostname(host, sizeof(host) - 1);
	snprintf(look->title, sizeof(look->title), "%s on uplink %s, %s by guests",
		 kinds[p->options.what], p->follow.uplink[p->uplink].name,
		 p->options.dir == REC_TX ? "sent" : "received");
	since_text(from, p->begin_ms);
	since_text(to, p->end_ms);
	snprintf(look->subtitle, sizeof(look->subtitle), "%.80s, %s to %s %.32s",
		 slash	? slash + 1
		 : path ? path
			: host,
		 from, strncmp(from, to, DATE_LEN) == 0 ? to + DATE_LEN : to, look->zone);
}

static void set_zone(const struct plot *p, struct script_look *look)
{
	time_t seconds = (time_t)(p->begin_ms / 1000);
	struct tm tm = {0};

	localtime_r(&seconds, &tm);
	look->zone_s = tm.tm_gmtoff;
	snprintf(look->zone, sizeof(look->zone), "%s", tm.tm_zone ? tm.tm_zone : "");
}

/* The script, or the table, as text of *len bytes, which the caller frees. NULL: no memory. */
static char *text_of(const struct plot *p, size_t *len)
{
	struct script_look look = {.width = p->options.width,
				   .height = p->options.height,
				   .png = p->options.format == PLOT_PNG};
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	set_zone(p, &look);
	set_titles(p, &look);
	if (p->options.format == PLOT_TABLE)
		plot_table_write(out, &p->chart);
	else
		script_write(out, &p->chart, &look);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int write_file(const struct plot *p, const char *text, size_t len)
{
	char err[GNUPLOT_ERR_MAX];
	int fd, ret;

	fd = p->options.format == PLOT_TABLE ? child_text(text, len) : gnuplot_run(text, len, err);
	if (fd < 0 && p->options.format == PLOT_TABLE)
		return out_of_memory();
	if (fd < 0)
		return ctl_fail(EXIT_FAILED, "%s", err);
	ret = outfile_write(p->options.output, fd);
	close(fd);
	return ret;
}

static int write_out(const struct plot *p)
{
	size_t len = 0;
	char *text = text_of(p, &len);
	int ret;

	if (!text)
		return out_of_memory();
	if (p->options.output) {
		ret = write_file(p, text, len);
	} else {
		fwrite(text, 1, len, stdout);
		ret = output_end();
	}
	free(text);
	return ret;
}

/* --- the command ------------------------------------------------------------------------------ */

static int plot(struct plot *p)
{
	int ret = each(p, survey);

	if (!ret)
		ret = choose_uplink(p);
	if (!ret)
		ret = choose_span(p);
	if (!ret && p->narrowed)
		ret = survey_again(p);
	if (!ret)
		ret = choose_devices(p);
	if (!ret)
		ret = fill(p);
	return ret ? ret : write_out(p);
}

/* In the log a guest has its domid alone. */
static int read_target(struct plot *p, const char *typed)
{
	struct target *t = &p->target[p->targets++];
	char err[SCHEMA_ERR_MAX];
	int ret;

	if (!p->ctl->plot.from_log)
		return target_parse(typed, t, err) < 0 ? ctl_fail(EXIT_WRONG_USE, "%s", err) : 0;
	ret = target_find(p->ctl, typed, t);
	t->kind = TARGET_DOMID;
	return ret;
}

static int open_source(struct plot *p, const char *path)
{
	int ret;

	if (path)
		return plot_source_open(&p->source, path);
	ret = ctl_connect(p->ctl);
	return ret ? ret : plot_log_read(&p->source, p->ctl, p->options.dir);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct plot p; /* large */
	int files = ctl->plot.from_log ? 0 : 1, ret;

	p.ctl = ctl;
	if (argc < files)
		return ctl_fail(EXIT_WRONG_USE,
				"what to plot? A recording, FILE, or the credit log, --log");
	if (argc - files > TARGETS_MAX)
		return ctl_fail(EXIT_WRONG_USE, "too many arguments: at most %d devices",
				TARGETS_MAX);
	ret = plot_options_read(ctl, &p.options);
	for (int i = files; i < argc && !ret; i++)
		ret = read_target(&p, argv[i]);
	if (ret)
		return ret;
	signal(SIGXFSZ, SIG_IGN);
	ret = open_source(&p, files ? argv[0] : NULL);
	if (!ret)
		ret = plot(&p);
	chart_free(&p.chart);
	follow_free(&p.follow);
	free(p.rank);
	plot_source_free(&p.source);
	return ret;
}

const struct command plot_command = {
	.name = "plot",
	.args = "FILE|--log [DOM[/ID]..]",
	.summary = "draw a recording, or the credit log, over time",
	.details = "FILE was written by dmvlctl record. Devices: all, or those that are named; DOM "
		   "may\n"
		   "be gone. In a recording, times like 10min count back from its end. The picture "
		   "is\n"
		   "drawn by gnuplot.\n",
	.max_args = TARGETS_MAX + 1,
	.has_plot = true,
	.has_since = true,
	.has_until = true,
	.uplink_help = "plot this uplink, of several",
	.prints_words = true,
	.run = run,
};
