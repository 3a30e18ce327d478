/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c: the simulator's results as tables, JSON and plots. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/cases.h"
#include "tests/sim/plot.h"

#define MS	    1000000ull
#define MAX_COLUMNS 8
#define LAG_SAMPLES 200
#define LAG_SEED    7

static bool report_seen(const struct cases *c, uint32_t before, const char *name)
{
	for (uint32_t i = 0; i < before; i++)
		if (!strcmp(c->result[i].name, name))
			return true;
	return false;
}

static const struct cases_result *report_find(const struct cases *c, const char *name,
					      const char *subject, const char *metric)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct cases_result *r = &c->result[i];

		if (!strcmp(r->name, name) && !strcmp(r->metric, metric) &&
		    (!subject || !strcmp(r->subject, subject)))
			return r;
	}
	return NULL;
}

static void report_value(FILE *f, const struct cases_result *r)
{
	if (!r)
		fprintf(f, " %16s", "-");
	else if (!strcmp(r->unit, "1"))
		fprintf(f, " %16.5f", r->value);
	else
		fprintf(f, " %16.*f", r->value < 100 ? 2 : 0, r->value);
}

static void report_table(const struct cases *c, const char *name, FILE *f)
{
	const char *metric[MAX_COLUMNS];
	const char *last = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		bool known = strcmp(c->result[i].name, name) != 0;

		for (uint32_t k = 0; k < n; k++)
			known |= !strcmp(metric[k], c->result[i].metric);
		if (!known && n < MAX_COLUMNS)
			metric[n++] = c->result[i].metric;
	}
	fprintf(f, "\n%s\n%-16s", name, "");
	for (uint32_t k = 0; k < n; k++)
		fprintf(f, " %16s", metric[k]);
	fputc('\n', f);
	for (uint32_t i = 0; i < c->n; i++) {
		const struct cases_result *r = &c->result[i];

		if (strcmp(r->name, name) || strcmp(r->metric, metric[0]) ||
		    (last && !strcmp(last, r->subject)))
			continue;
		last = r->subject;
		fprintf(f, "%-16s", last);
		for (uint32_t k = 0; k < n; k++)
			report_value(f, report_find(c, name, last, metric[k]));
		fputc('\n', f);
	}
}

void cases_print(const struct cases *c, const char *title, FILE *f)
{
	fprintf(f, "%s\n", title);
	for (uint32_t i = 0; i < c->n; i++)
		if (!report_seen(c, i, c->result[i].name))
			report_table(c, c->result[i].name, f);
}

void cases_json(const struct cases *c, const char *bench, FILE *f)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct cases_result *r = &c->result[i];

		fprintf(f,
			"{\"bench\":\"%s\",\"case\":\"%s\",\"subject\":\"%s\","
			"\"metric\":\"%s\",\"value\":%.9g,\"unit\":\"%s\"}\n",
			bench, r->name, r->subject, r->metric, r->value, r->unit);
	}
}

/* 1 - the Jain index over windows of some lengths, 64 backlogged flows of weights 1:2:4. */
static void report_fairness(const struct subject *s, const double *window_ms, double *unfair,
			    uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		uint64_t last[64] = {0}, step_ns = (uint64_t)(window_ms[k] * 1e6);
		uint64_t windows = 400 * MS / step_ns;
		double sum_unfair = 0;
		struct world w;

		cases_backlog(&w, 64, WORLD_MTU, 5);
		world_start(&w, s, false);
		for (uint64_t t = 0; t <= windows; t++) {
			double sum = 0, squares = 0;

			world_run(&w, 20 * MS + t * step_ns);
			for (uint32_t i = 0; i < 64; i++) {
				double x = (double)(w.flow[i].sent_bytes - last[i]) / w.weight[i];

				last[i] = w.flow[i].sent_bytes;
				sum += x;
				squares += x * x;
			}
			if (t)
				sum_unfair += 1 - sum * sum / squares / 64;
		}
		unfair[k] = sum_unfair / (double)windows;
		world_fini(&w);
	}
}

/* The worst lag of any flow at some times of one churn world, in bytes. */
static void report_lag(const struct subject *s, double *t_ms, double *lag, uint32_t n)
{
	struct world w;

	cases_churn(&w, LAG_SEED, false);
	world_start(&w, s, true);
	for (uint32_t k = 0; k < n; k++) {
		world_run(&w, (k + 1) * (100 * MS / n));
		t_ms[k] = (double)w.now_ns / 1e6;
		lag[k] = 1;
		for (uint32_t i = 0; i < w.n; i++)
			lag[k] = fmax(lag[k], gps_sent(w.gps, i, (double)w.now_ns) -
						      (double)w.flow[i].sent_bytes);
	}
	world_fini(&w);
}

int cases_plot(const char *dir)
{
	static const double window_ms[] = {.1, .2, .5, 1, 2, 5, 10, 20, 50, 100, 200};
	enum { WINDOWS = sizeof(window_ms) / sizeof(*window_ms) };
	static double unfair[CASES_SUBJECTS][WINDOWS];
	static double t_ms[CASES_SUBJECTS][LAG_SAMPLES], lag[CASES_SUBJECTS][LAG_SAMPLES];
	struct plot_line fairness[CASES_SUBJECTS], lags[CASES_SUBJECTS];
	struct plot p = {.title = "Unfairness over window length, 64 backlogged LDPs 1:2:4",
			 .x_label = "window, ms",
			 .y_label = "1 - Jain index of bytes / weight",
			 .x_log = true,
			 .y_log = true,
			 .line = fairness,
			 .lines = CASES_SUBJECTS};
	char path[4096];
	int rc;

	for (int i = 0; i < CASES_SUBJECTS; i++) {
		const struct subject *s = cases_subject[i];

		report_fairness(s, window_ms, unfair[i], WINDOWS);
		report_lag(s, t_ms[i], lag[i], LAG_SAMPLES);
		fairness[i] = (struct plot_line){s->name, window_ms, unfair[i], WINDOWS};
		lags[i] = (struct plot_line){s->name, t_ms[i], lag[i], LAG_SAMPLES};
	}
	snprintf(path, sizeof(path), "%s/fairness.svg", dir);
	rc = plot_write(&p, path);
	if (rc)
		return rc;
	p = (struct plot){.title = "Worst lag behind the fluid ideal, flows that come and go",
			  .x_label = "time, ms",
			  .y_label = "bytes",
			  .y_log = true,
			  .line = lags,
			  .lines = CASES_SUBJECTS};
	snprintf(path, sizeof(path), "%s/lag.svg", dir);
	return plot_write(&p, path);
}
