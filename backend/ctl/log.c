/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl log: prints who lent how many bytes to whom, and who was limited by what.
 *
 * Theory of operation: a stream follows the log of one uplink and direction, without a lock. Its
 * records wait in a batch until their COMMIT. Of all streams with a whole batch, the one with the
 * earliest is printed, so that directions and uplinks appear in the order of time. When a daemon
 * has created a new log, there is another file at the path, and the stream starts again with that
 * file. What passed in a second is added up, and printed when a record of a later one comes.
 */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/ctl/changes.h"
#include "backend/ctl/logstream.h"
#include "backend/ctl/logsum.h"
#include "backend/ctl/logtext.h"
#include "backend/ctl/since.h"
#include "backend/ctl/span.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/ctl/utf8.h"
#include "common/log.h"

#define POLL_NS 100000000	    /* no event tells of a write to a mapped file */
#define LATE_NS UINT64_C(500000000) /* records of a second may come so late */

struct stream {
	struct logstream in;
	struct logtext text;
	struct logsum sum; /* of the second under way */
	uint64_t first_ms; /* of the oldest record that was read; 0: none was */
};

struct log {
	struct ctl *ctl;
	struct stream *stream;
	unsigned n;
	bool filtered, one_id; /* shows one domain only; one device of it only */
	uint32_t ldp;
	uint64_t since_ms, until_ms; /* only what came then is shown */
};

static int find_logs(struct log *log)
{
	struct logstream *found;
	int n = logstreams_find(log->ctl, &found);

	if (n < 0)
		return n;
	log->stream = calloc((size_t)n + 1, sizeof(*log->stream));
	for (int i = 0; log->stream && i < n; i++)
		log->stream[log->n++] = (struct stream){.in = found[i], .text.ctl = log->ctl};
	free(found);
	return log->stream ? 0 : -ENOMEM;
}

/* Reads until a batch is whole, or there is no more. */
static void fill(struct stream *s)
{
	/* An ATTACH record of a checkpoint may be lost. */
	if (!logstream_fill(&s->in))
		s->text.listed = 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool wanted_ldp(const struct log *log, uint32_t ldp)
{
	return log->one_id ? ldp == log->ldp : record_domid(ldp) == record_domid(log->ldp);
}

/* In words a transfer is one line for both parties; as JSON each of its records is a line. */
static bool wanted(const struct log *log, const struct record *r)
{
	bool transfer = r->type == RECORD_LOAN || r->type == RECORD_REPAY;

	if (!log->filtered || r->type == RECORD_RESTART)
		return true;
	if (r->ldp != RECORD_NO_LDP && wanted_ldp(log, r->ldp))
		return true;
	return transfer && !log->ctl->json && wanted_ldp(log, (uint32_t)r->peer);
}

/* Of a stream: in words, or if that is not NULL as an object, which it takes. */
static void print_line(const struct log *log, const struct stream *s, const char *text,
		       struct json_object *o)
{
	if (o) {
		utf8_puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), stdout);
		json_object_put(o);
		return;
	}
	if (log->n > 2)
		printf("%s: ", s->in.uplink);
	puts(text);
}

static bool in_span(const struct log *log, struct stream *s, uint64_t ms)
{
	if (!s->first_ms)
		s->first_ms = ms;
	return ms >= log->since_ms && ms < log->until_ms;
}

/* What somebody did, and not what guests sent. It is in the logs of both directions. */
static bool is_change(const struct stream *s, const struct record *r)
{
	switch (r->type) {
	case RECORD_ATTACH:
	case RECORD_DETACH:
	case RECORD_WEIGHT:
	case RECORD_GROUP:
	case RECORD_RESTART:
		return s->in.dir == 0;
	default:
		return false;
	}
}

/* logtext_words() must see all records. In words, those of checkpoints are left out. */
static void print_record(struct log *log, struct stream *s, const struct record *r)
{
	char text[LOGTEXT_MAX];
	bool news = logtext_words(&s->text, r, s->in.dir, text);

	if (!in_span(log, s, r->t_ns / 1000000) || (log->ctl->changes && !is_change(s, r)) ||
	    (!log->ctl->raw && logsum_add(&s->sum, r)))
		return;
	if (!wanted(log, r) || (!news && !(log->ctl->json && log->ctl->raw)))
		return;
	print_line(log, s, text,
		   log->ctl->json ? logtext_json(&s->text, r, s->in.uplink, s->in.dir) : NULL);
}

/* --- seconds ---------------------------------------------------------------------------------- */

struct line_of {
	struct log *log;
	struct stream *stream;
};

static bool sum_wanted(void *arg, uint32_t ldp)
{
	const struct line_of *of = arg;

	return !of->log->filtered || wanted_ldp(of->log, ldp);
}

static void sum_line(void *arg, const char *text, struct json_object *o)
{
	const struct line_of *of = arg;

	print_line(of->log, of->stream, text, o);
}

/* Prints the seconds that ended before t_ns. */
static void print_seconds(struct log *log, uint64_t t_ns)
{
	for (unsigned i = 0; i < log->n; i++) {
		struct stream *s = &log->stream[i];
		struct line_of of = {log, s};

		if (logsum_is_over(&s->sum, t_ns))
			logsum_print(&s->sum, &(struct logsum_to){.text = &s->text,
								  .uplink = s->in.uplink,
								  .dir = s->in.dir,
								  .json = log->ctl->json,
								  .wanted = sum_wanted,
								  .line = sum_line,
								  .arg = &of});
	}
}

/* The stream with the earliest whole batch; NULL: no stream has a whole batch. */
static struct stream *earliest(struct log *log)
{
	struct stream *first = NULL;

	for (unsigned i = 0; i < log->n; i++) {
		struct stream *s = &log->stream[i];

		fill(s);
		if (s->in.batch.whole &&
		    (!first || s->in.batch.record[0].t_ns < first->in.batch.record[0].t_ns))
			first = s;
	}
	return first;
}

static void print_all(struct log *log)
{
	struct stream *s;

	while ((s = earliest(log)) && !ferror(stdout)) {
		print_seconds(log, s->in.batch.record[0].t_ns);
		for (uint32_t i = 0; i < s->in.batch.n; i++)
			print_record(log, s, &s->in.batch.record[i]);
		batch_drop(&s->in.batch);
	}
}

static int follow(struct log *log)
{
	static const struct timespec nap = {.tv_nsec = POLL_NS};

	for (;;) {
		int ret = output_end();

		if (ret)
			return ret;
		nanosleep(&nap, NULL);
		for (unsigned i = 0; i < log->n; i++) {
			struct stream *s = &log->stream[i];

			/* The old log was printed to its end. */
			if (logstream_renew(&s->in))
				log_notice("%s is a fresh log", s->in.path);
		}
		print_all(log);
		print_seconds(log, since_now_ms() * 1000000 - LATE_NS);
	}
}

static int open_all(struct log *log)
{
	int ret = 0;

	for (unsigned i = 0; i < log->n && !ret; i++)
		ret = logstream_open_or_say(&log->stream[i].in);
	return ret;
}

/* What is missing of the time that was asked for, because newer records took its place. */
static void tell_begin(const struct log *log)
{
	char when[SINCE_TEXT_MAX];
	uint64_t from_ms = 0;

	for (unsigned i = 0; i < log->n; i++)
		if (log->stream[i].first_ms > from_ms)
			from_ms = log->stream[i].first_ms;
	if (log->ctl->since && from_ms > log->since_ms)
		log_notice("the log goes back to %s", since_text(when, from_ms));
}

static int read_span(struct log *log)
{
	int ret;

	if (log->ctl->follow && log->ctl->until)
		return ctl_fail(EXIT_WRONG_USE, "--follow and --until exclude each other");

	log->until_ms = since_now_ms();
	ret = span_read(log->ctl, &log->since_ms, &log->until_ms);
	if (!log->ctl->until)
		log->until_ms = UINT64_MAX;
	return ret;
}

static int run_log(struct log *log)
{
	int ret = find_logs(log);

	if (ret < 0)
		return ctl_fail_xs(ret, "list", "the uplinks");
	if (log->n == 0)
		return ctl_fail(EXIT_FAILED, "no uplink has a credit log: dmvlctl check says why");
	ret = open_all(log);
	if (ret)
		return ret;
	print_all(log);
	tell_begin(log);
	if (!log->ctl->follow)
		print_seconds(log, UINT64_MAX);
	return log->ctl->follow ? follow(log) : output_end();
}

/* The journal goes back further than the credit log, and has limits: that, if there is one. */
static int run_changes(struct log *log)
{
	const struct changes wanted = {.ctl = log->ctl,
				       .since_ms = log->since_ms,
				       .until_ms = log->until_ms,
				       .filtered = log->filtered,
				       .one_id = log->one_id,
				       .ldp = log->ldp};
	bool current;
	int ret = changes_print(&wanted, &current);

	return ret || current ? ret : run_log(log);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct log log = {.ctl = ctl};
	struct target target;
	int ret = read_span(&log);

	if (ret == 0)
		ret = argc > 0 ? target_find(ctl, argv[0], &target) : ctl_connect(ctl);
	if (ret == 0)
		ret = logstream_check_domain(ctl);
	if (ret)
		return ret;
	if (argc > 0) {
		log.filtered = true;
		log.one_id = target.id_given;
		log.ldp = record_ldp(target.domid, target.id);
	}
	ret = ctl->changes ? run_changes(&log) : run_log(&log);
	for (unsigned i = 0; i < log.n; i++) {
		logstream_free(&log.stream[i].in);
		logtext_free(&log.stream[i].text);
		logsum_free(&log.stream[i].sum);
	}
	free(log.stream);
	return ret;
}

const struct command log_command = {
	.name = "log",
	.args = "[DOM[/ID]]",
	.summary = "who lent how much to whom, and who was limited by what",
	.details =
		"Second by second, as far back as the log goes. Without /ID: all devices of DOM.\n"
		"Lines are about what a device sends; those about what it receives end with\n"
		"(receiving). With --raw each record is a line of its own. --changes says\n"
		"what was set, and what became of devices and uplinks, as far back as the\n"
		"journal has what dmvl-back writes there.\n",
	.max_args = 1,
	.has_follow = true,
	.has_changes = true,
	.has_raw = true,
	.has_since = true,
	.has_until = true,
	.run = run,
};
