/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl record: writes the statistics and credit logs of uplinks into a file over time.
 *
 * Theory of operation: ten times a second recording.c makes records of what changed, which wait in
 * a buffer. Then all of them go to the file in one write. What the file system does not take is cut
 * off again, so that the file always ends with a whole record.
 */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/ctl/clock.h"
#include "backend/ctl/logstream.h"
#include "backend/ctl/logsum.h"
#include "backend/ctl/recorded.h"
#include "backend/ctl/recording.h"
#include "backend/ctl/since.h"
#include "backend/ctl/table.h"
#include "backend/ctl/top_source.h"
#include "common/log.h"
#include "common/quote.h"
#include "xenstore-schema/xskey.h"

#define PERIOD_NS    UINT64_C(100000000) /* the statistics are written so often */
#define SIZE_DEFAULT (UINT64_C(1) << 30)
#define GROUPS_MAX   64u
#define END_BYTES    64u  /* kept free for the record that ends the file */
#define WROTE_ALL    (-1) /* no exit status: the recording goes on */

struct record_log {
	struct logstream in;
	struct logsum sum;
};

/* A group's limits as they were recorded last. */
struct record_group {
	rec_text name;
	unsigned uplink;
	struct rec_limits limits;
};

struct recorder {
	struct ctl *ctl;
	const char *path;
	int fd;
	uint64_t written, size_max;
	bool full; /* nothing more fits into size_max */
	char *buffer;
	size_t used, room;
	struct top_source source;
	struct top_sample sample;
	struct recording recording;
	struct record_log *log;
	int logs;
	struct record_group group[GROUPS_MAX];
	unsigned groups;
	uint64_t looked_ns[REC_UPLINKS_MAX]; /* when xenstore was read for it */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* --- the file --------------------------------------------------------------------------------- */

static void add_line(struct recorder *r, const char *line, size_t len)
{
	if (r->used + len > r->room) {
		r->room = 2 * (r->room + len);
		r->buffer = realloc(r->buffer, r->room);
		if (!r->buffer)
			exit(ctl_fail(EXIT_FAILED, "out of memory"));
	}
	memcpy(r->buffer + r->used, line, len);
	r->used += len;
}

static void emit(void *arg, const struct rec *rec)
{
	char line[REC_LINE_MAX];
	size_t len = rec_print(line, rec);

	add_line(arg, line, len);
}

/* Cuts off what was written in part. */
static int fail_write(struct recorder *r, int err)
{
	char shown[QUOTE_MAX];

	if (ftruncate(r->fd, (off_t)r->written) < 0)
		log_warning("%s ends with a record that is not whole", quote_text(shown, r->path));
	return ctl_fail(EXIT_FAILED, "cannot write %s: %s; what was recorded before is whole",
			quote_text(shown, r->path), strerror(err));
}

/* Writes what is in the buffer. WROTE_ALL, or an exit status: that is the end. */
static int write_buffer(struct recorder *r)
{
	size_t done = 0;

	while (done < r->used) {
		ssize_t n = write(r->fd, r->buffer + done, r->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_write(r, n < 0 ? errno : EIO);
		done += (size_t)n;
	}
	r->written += done;
	r->used = 0;
	return WROTE_ALL;
}

/* The file stays within --size: a moment that does not fit is left out, and the recording ends. */
static void end_when_full(struct recorder *r)
{
	char shown[QUOTE_MAX];

	if (r->written + r->used + END_BYTES <= r->size_max)
		return;
	log_notice("%s has the size that --size allows: the recording ends",
		   quote_text(shown, r->path));
	r->used = 0;
	r->full = true;
}

static int create(struct recorder *r)
{
	char shown[QUOTE_MAX];

	r->fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (r->fd >= 0)
		return 0;
	if (errno == EEXIST)
		return ctl_fail(EXIT_FAILED, "%s exists: name a new file",
				quote_text(shown, r->path));
	return ctl_fail(EXIT_FAILED, "cannot create %s: %s", quote_text(shown, r->path),
			strerror(errno));
}

/* --- the credit logs -------------------------------------------------------------------------- */

/* Are the uplink's logs among the first n? */
static bool is_known(const struct recorder *r, int n, const char *uplink)
{
	for (int i = 0; i < n; i++)
		if (strcmp(r->log[i].in.uplink, uplink) == 0)
			return true;
	return false;
}

/*
 * Those of uplinks that came since the last look; what was written before is not recorded. 0 or
 * -errno.
 */
static int find_logs(struct recorder *r)
{
	struct record_log *more;
	struct logstream *found;
	int n = logstreams_find(r->ctl, &found), known = r->logs;

	if (n < 0)
		return n;
	more = realloc(r->log, (size_t)(known + n + 1) * sizeof(*more));
	if (more)
		r->log = more;
	for (int i = 0; more && i < n; i++) {
		struct record_log *log = &more[r->logs];

		if (is_known(r, known, found[i].uplink))
			continue;
		*log = (struct record_log){.in = found[i]};
		if (logstream_open(&log->in) == 0)
			ldplog_reader_skip(&log->in.reader);
		r->logs++;
	}
	free(found);
	return more ? 0 : -ENOMEM;
}

static void emit_sum(struct recorder *r, const struct record_log *log)
{
	for (size_t i = 0; i < log->sum.pairs; i++) {
		const struct logsum_pair *p = &log->sum.pair[i];
		struct rec rec = {.type = REC_LOAN,
				  .dir = log->in.dir,
				  .giver = p->giver,
				  .taker = p->taker,
				  .bytes = p->bytes};

		snprintf(rec.name, sizeof(rec.name), "%s", p->repaid ? "repaid" : "lent");
		emit(r, &rec);
	}
	for (size_t i = 0; i < log->sum.limits; i++) {
		const struct logsum_limit *l = &log->sum.limit[i];
		struct rec rec = {.type = REC_LIMIT,
				  .dir = log->in.dir,
				  .giver = l->ldp,
				  .bytes = l->bytes};

		snprintf(rec.name, sizeof(rec.name), "%s", record_limit_name(l->by));
		emit(r, &rec);
	}
}

/* A fresh log is read from its begin. */
static void read_log(struct recorder *r, struct record_log *log)
{
	logstream_renew(&log->in);
	for (;;) {
		logstream_fill(&log->in);
		if (!log->in.batch.whole)
			break;
		for (uint32_t i = 0; i < log->in.batch.n; i++)
			logsum_add(&log->sum, &log->in.batch.record[i]);
		batch_drop(&log->in.batch);
	}
	emit_sum(r, log);
	logsum_clear(&log->sum);
}

/* --- groups ----------------------------------------------------------------------------------- */

static uint64_t group_number(struct recorder *r, const char *dir, enum schema_key key)
{
	char text[SCHEMA_VALUE_MAX + 1];
	uint64_t value = schema_default(key);

	if (xskey_read(r->ctl->xs, XS_NO_TXN, dir, key, text, sizeof(text)) > 0)
		schema_parse_u64(key, text, &value, NULL);
	return value;
}

static void read_group(struct recorder *r, const char *uplink, struct record_group *g)
{
	char dir[SCHEMA_PATH_MAX];

	if (schema_group_dir(dir, sizeof(dir), r->ctl->backend_domid, uplink, g->name) < 0)
		return;
	g->limits.weight = (uint32_t)group_number(r, dir, KEY_GROUP_WEIGHT);
	g->limits.min_bps[REC_TX] = group_number(r, dir, KEY_GROUP_TX_MIN);
	g->limits.max_bps[REC_TX] = group_number(r, dir, KEY_GROUP_TX_MAX);
	g->limits.min_bps[REC_RX] = group_number(r, dir, KEY_GROUP_RX_MIN);
	g->limits.max_bps[REC_RX] = group_number(r, dir, KEY_GROUP_RX_MAX);
}

static struct record_group *find_group(struct recorder *r, unsigned uplink, const char *name)
{
	unsigned i = 0;

	while (i < r->groups &&
	       (r->group[i].uplink != uplink || strcmp(r->group[i].name, name) != 0))
		i++;
	if (i == GROUPS_MAX)
		return NULL;
	if (i == r->groups) {
		r->group[i] = (struct record_group){.uplink = uplink};
		snprintf(r->group[i].name, sizeof(r->group[i].name), "%s", name);
		r->groups++;
	}
	return &r->group[i];
}

static void take_group(struct recorder *r, unsigned uplink, const char *uplink_name,
		       const char *name)
{
	struct record_group *g = find_group(r, uplink, name), before;
	struct rec rec = {.type = REC_GROUP, .uplink = uplink};

	if (!g)
		return;
	before = *g;
	read_group(r, uplink_name, g);
	if (memcmp(&before.limits, &g->limits, sizeof(before.limits)) == 0)
		return;
	memcpy(rec.name, g->name, sizeof(rec.name));
	rec.limits = g->limits;
	emit(r, &rec);
}

/* Is a device before this one of the same group? Each uplink has its own. */
static bool seen_before(const struct recorder *r, unsigned device)
{
	const struct top_device *d = &r->sample.device[device];

	for (unsigned i = 0; i < device; i++)
		if (strcmp(r->sample.device[i].group, d->group) == 0 &&
		    strcmp(r->sample.device[i].uplink, d->uplink) == 0)
			return true;
	return false;
}

/* Those of which a device is a member. */
static void take_groups(struct recorder *r, unsigned uplink, const char *name)
{
	for (unsigned i = 0; i < r->sample.devices; i++) {
		const struct top_device *d = &r->sample.device[i];

		if (d->group[0] && strcmp(d->uplink, name) == 0 && !seen_before(r, i))
			take_group(r, uplink, name, d->group);
	}
}

/* --- the recording ---------------------------------------------------------------------------- */

/* Once a second: what is in xenstore. */
static void look(struct recorder *r, unsigned uplink, const char *name)
{
	uint64_t *looked_ns = &r->looked_ns[uplink];

	if (*looked_ns && r->sample.now_ns - *looked_ns < NS_PER_SEC)
		return;
	*looked_ns = r->sample.now_ns;
	take_groups(r, uplink, name);
	if (!is_known(r, r->logs, name))
		find_logs(r); /* or at the next look */
}

static void more(void *arg, unsigned uplink, const char *name)
{
	struct recorder *r = arg;

	look(r, uplink, name);
	for (int i = 0; i < r->logs; i++)
		if (strcmp(r->log[i].in.uplink, name) == 0)
			read_log(r, &r->log[i]);
}

static int take(struct recorder *r)
{
	int ret = top_source_read(&r->source, clock_now_ns(), &r->sample);

	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the devices");
	recording_take(&r->recording, &r->sample, emit, more, r);
	end_when_full(r);
	return write_buffer(r);
}

static int begin(struct recorder *r)
{
	struct recording *rec = &r->recording;
	char line[REC_LINE_MAX];
	size_t len;
	int ret;

	recording_init(rec, since_now_ms(), clock_now_ns());
	len = rec_print_head(line, rec->start_ms);
	add_line(r, line, len);
	ret = write_buffer(r);
	return ret == WROTE_ALL ? take(r) : ret;
}

static int end(struct recorder *r)
{
	uint64_t end_ms = recording_ms(&r->recording, clock_now_ns());
	int ret;

	emit(r, &(struct rec){.type = REC_END, .end_ms = end_ms});
	ret = write_buffer(r);
	return ret == WROTE_ALL ? 0 : ret;
}

static int go_on(struct recorder *r)
{
	uint64_t begun_ns = r->recording.start_ns, due_ns = begun_ns;
	int ret = WROTE_ALL;

	while (ret == WROTE_ALL && !stopped && !r->full) {
		uint64_t now = clock_now_ns();
		struct timespec due;

		if (r->ctl->for_ns && now - begun_ns >= r->ctl->for_ns)
			break;
		due_ns = due_ns + PERIOD_NS > now ? due_ns + PERIOD_NS : now + PERIOD_NS;
		due = (struct timespec){(time_t)(due_ns / NS_PER_SEC), (long)(due_ns % NS_PER_SEC)};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		ret = take(r);
	}
	return ret == WROTE_ALL ? end(r) : ret;
}

/* Is there an uplink to record? The daemon may come later. */
static int look_first(struct recorder *r)
{
	struct ctl *ctl = r->ctl;
	struct top_sample sample;
	int ret = top_source_read(&r->source, clock_now_ns(), &sample);

	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the devices");
	if (ctl->uplink && sample.uplinks == 0)
		return ctl_fail_no_uplink(ctl->uplink);
	if (sample.uplinks == 0)
		return ctl_fail(EXIT_FAILED, "there is no uplink to record");
	for (unsigned i = 0; i < sample.uplinks; i++)
		if (sample.uplink[i].why[0])
			log_notice("uplink %s has no numbers yet: %s", sample.uplink[i].name,
				   sample.uplink[i].why);
	return 0;
}

static int record(struct recorder *r)
{
	int ret = look_first(r);

	if (ret)
		return ret;
	ret = find_logs(r);
	if (ret < 0)
		return ctl_fail_xs(ret, "list", "the uplinks");
	ret = create(r);
	if (ret)
		return ret;
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	if (signal(SIGHUP, stop) == SIG_IGN) /* as nohup has it */
		signal(SIGHUP, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	ret = begin(r);
	if (ret == WROTE_ALL)
		ret = go_on(r);
	if (r->recording.left_out)
		log_warning("devices beyond %u at once were left out", REC_DEVICES_MAX);
	if (close(r->fd) < 0 && !ret)
		ret = ctl_fail(EXIT_FAILED, "cannot write %s: %s", r->path, strerror(errno));
	/* The file is complete: a second signal may end what is only told. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	return ret ? ret : recorded_print(r->path);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct recorder r = {.ctl = ctl,
			     .path = argv[0],
			     .fd = -1,
			     .size_max = ctl->size_bytes ? ctl->size_bytes : SIZE_DEFAULT};
	int ret = ctl_connect(ctl);

	(void)argc;
	if (!ret)
		ret = logstream_check_domain(ctl);
	if (ret)
		return ret;
	top_source_init(&r.source, ctl);
	ret = record(&r);
	top_source_free(&r.source);
	recording_free(&r.recording);
	for (int i = 0; i < r.logs; i++) {
		logstream_free(&r.log[i].in);
		logsum_free(&r.log[i].sum);
	}
	free(r.log);
	free(r.buffer);
	return ret;
}

const struct command record_command = {
	.name = "record",
	.args = "FILE",
	.summary = "write statistics and loans into a file, until stopped",
	.details =
		"Ten times a second what uplinks and devices did, and who lent how much to whom.\n"
		"FILE must be new, and is whole whenever it is read.\n",
	.min_args = 1,
	.max_args = 1,
	.has_for = true,
	.has_size = true,
	.uplink_help = "record this uplink alone",
	.prints_words = true,
	.run = run,
};
