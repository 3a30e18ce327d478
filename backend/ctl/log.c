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

#include "backend/credit/batch.h"
#include "backend/credit/logfile.h"
#include "backend/ctl/logsum.h"
#include "backend/ctl/logtext.h"
#include "backend/ctl/since.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/ctl/utf8.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

#define POLL_NS 100000000	    /* no event tells of a write to a mapped file */
#define LATE_NS UINT64_C(500000000) /* records of a second may come so late */

struct stream {
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];
	char path[LOGFILE_PATH_MAX + 1];
	unsigned dir;
	bool open;
	struct mapfile file;
	struct ldplog_reader reader;
	struct batch batch;
	uint64_t missed, damaged; /* how many were reported */
	struct logtext text;
	struct logsum sum; /* of the second under way */
};

struct log {
	struct ctl *ctl;
	struct stream *stream;
	unsigned n;
	bool filtered, one_id; /* shows one domain only; one device of it only */
	uint32_t ldp;
};

/* --- finding the logs ------------------------------------------------------------------------- */

static int add_stream(struct log *log, const char *uplink, const char *path, unsigned dir)
{
	struct stream *more = realloc(log->stream, (log->n + 1) * sizeof(*more)), *s;
	size_t len = strlen(path);

	if (!more)
		return -ENOMEM;
	log->stream = more;
	s = &more[log->n++];
	*s = (struct stream){.dir = dir, .text.ctl = log->ctl};
	snprintf(s->uplink, sizeof(s->uplink), "%s", uplink);
	snprintf(s->path, sizeof(s->path), "%s", path);
	/* The key has the path of the log of transmission. */
	if (dir == 1 && len > strlen("tx.log") &&
	    strcmp(path + len - strlen("tx.log"), "tx.log") == 0)
		s->path[len - strlen("tx.log")] = 'r';
	return 0;
}

static int find_logs(struct log *log)
{
	char dir[SCHEMA_PATH_MAX], path[SCHEMA_VALUE_MAX + 1], **names;
	unsigned count;
	int ret = ctl_list_uplinks(log->ctl, &names, &count);

	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < count && ret >= 0; i++) {
		if (schema_uplink_dir(dir, sizeof(dir), log->ctl->backend_domid, names[i]) < 0 ||
		    xskey_read(log->ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_LOG_PATH, path,
			       sizeof(path)) < 0 ||
		    schema_check(KEY_UPLINK_LOG_PATH, path, NULL) < 0)
			continue;
		ret = add_stream(log, names[i], path, 0);
		if (ret == 0)
			ret = add_stream(log, names[i], path, 1);
	}
	free(names);
	return ret;
}

/* --- one stream ------------------------------------------------------------------------------- */

static int open_stream(struct stream *s)
{
	int ret = logfile_map(&s->file, s->path);

	if (ret < 0)
		return ret;
	ldplog_reader_init(&s->reader, s->file.mem);
	batch_drop(&s->batch);
	s->missed = s->damaged = 0;
	s->open = true;
	return 0;
}

static void close_stream(struct stream *s)
{
	mapfile_close(&s->file);
	s->open = false;
}

static void report_losses(struct stream *s)
{
	if (s->reader.missed > s->missed)
		log_warning("%s: %" PRIu64 " records were overwritten before they could be read",
			    s->path, s->reader.missed - s->missed);
	if (s->reader.damaged > s->damaged)
		log_warning("%s: %" PRIu64 " records are damaged", s->path,
			    s->reader.damaged - s->damaged);
	s->missed = s->reader.missed;
	s->damaged = s->reader.damaged;
}

/* Reads until a batch is whole, or there is no more. */
static void fill(struct stream *s)
{
	struct record r;
	int ret;

	while (s->open && !s->batch.whole) {
		ret = ldplog_read(&s->reader, &r);
		if (s->reader.missed > s->missed || s->reader.damaged > s->damaged) {
			report_losses(s);
			batch_drop(&s->batch);
			/* An ATTACH record of a checkpoint may be lost. */
			s->text.listed = 0;
		} else if (ret < 0) {
			log_warning("%s cannot be read any further: %s", s->path,
				    mapfile_was_cut(&s->file)
					    ? "it was cut"
					    : "the offset of its end is impossible");
			close_stream(s);
			return;
		}
		if (ret == 0)
			return;
		if (ret > 0)
			batch_add(&s->batch, &r);
	}
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
		printf("%s: ", s->uplink);
	puts(text);
}

/* logtext_words() must see all records. In words, those of checkpoints are left out. */
static void print_record(struct log *log, struct stream *s, const struct record *r)
{
	char text[LOGTEXT_MAX];
	bool news = logtext_words(&s->text, r, s->dir, text);

	if (!log->ctl->raw && logsum_add(&s->sum, r))
		return;
	if (!wanted(log, r) || (!news && !(log->ctl->json && log->ctl->raw)))
		return;
	print_line(log, s, text,
		   log->ctl->json ? logtext_json(&s->text, r, s->uplink, s->dir) : NULL);
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
								  .uplink = s->uplink,
								  .dir = s->dir,
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
		if (s->batch.whole &&
		    (!first || s->batch.record[0].t_ns < first->batch.record[0].t_ns))
			first = s;
	}
	return first;
}

static void print_all(struct log *log)
{
	struct stream *s;

	while ((s = earliest(log)) && !ferror(stdout)) {
		print_seconds(log, s->batch.record[0].t_ns);
		for (uint32_t i = 0; i < s->batch.n; i++)
			print_record(log, s, &s->batch.record[i]);
		batch_drop(&s->batch);
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
			if (s->open &&
			    (mapfile_replaced(&s->file, s->path) || mapfile_was_cut(&s->file)))
				close_stream(s);
			if (!s->open && open_stream(s) == 0)
				log_notice("%s is a fresh log", s->path);
		}
		print_all(log);
		print_seconds(log, since_now_ms() * 1000000 - LATE_NS);
	}
}

static int open_all(struct log *log)
{
	for (unsigned i = 0; i < log->n; i++) {
		struct stream *s = &log->stream[i];
		int ret = open_stream(s);

		if (ret == -EACCES)
			return ctl_fail(EXIT_WRONG_USE, "no permission to read %s%s", s->path,
					ctl_as_root());
		if (ret == -EINVAL)
			return ctl_fail(EXIT_FAILED, "%s is no credit log, or damaged", s->path);
		if (ret < 0)
			return ctl_fail(EXIT_FAILED, "cannot read %s: %s", s->path, strerror(-ret));
	}
	return 0;
}

/* The log of another backend domain is in that domain. */
static int check_domain(struct ctl *ctl)
{
	char value[16];

	if (ctl->backend_given &&
	    xs_conn_read(ctl->xs, XS_NO_TXN, "domid", value, sizeof(value)) > 0 &&
	    strtoul(value, NULL, 10) != ctl->backend_domid)
		return ctl_fail(EXIT_WRONG_USE,
				"the credit log of domain %u is in its own file system: run "
				"dmvlctl there",
				ctl->backend_domid);
	return 0;
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
	if (!log->ctl->follow)
		print_seconds(log, UINT64_MAX);
	return log->ctl->follow ? follow(log) : output_end();
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct log log = {.ctl = ctl};
	struct target target;
	int ret = argc > 0 ? target_find(ctl, argv[0], &target) : ctl_connect(ctl);

	if (ret == 0)
		ret = check_domain(ctl);
	if (ret)
		return ret;
	if (argc > 0) {
		log.filtered = true;
		log.one_id = target.id_given;
		log.ldp = record_ldp(target.domid, target.id);
	}
	ret = run_log(&log);
	for (unsigned i = 0; i < log.n; i++) {
		close_stream(&log.stream[i]);
		batch_free(&log.stream[i].batch);
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
		"(receiving). With --raw each record is a line of its own.\n",
	.max_args = 1,
	.has_follow = true,
	.has_raw = true,
	.run = run,
};
