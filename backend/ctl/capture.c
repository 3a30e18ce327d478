/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl capture: a device's frames, into a file or as a line each. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/ctl/capture_source.h"
#include "backend/ctl/clock.h"
#include "backend/ctl/filter.h"
#include "backend/ctl/frame_text.h"
#include "backend/ctl/pcapng.h"
#include "common/log.h"
#include "common/version.h"

#define FILTER_MAX  4096
#define FLUSH_EVERY 1024u /* records, if they come without a pause */

struct capture {
	struct ctl *ctl;
	char words[FILTER_MAX]; /* of the filter */
	struct filter *filter;
	struct capture_source source;
	FILE *out;
	const char *path;   /* of the file that is written; NULL: lines on stdout */
	uint64_t offset_ns; /* from CLOCK_MONOTONIC to the time of day */
	uint64_t until_ns;  /* later frames are not taken; UINT64_MAX: no end */
	bool over;
	int err;       /* why nothing more can be written; 0: it can */
	uint64_t most; /* frames to take */
	uint64_t lost; /* that no frame which was taken has told */
	struct pcapng_sums sums;
};

static volatile sig_atomic_t stopped;

static void on_signal(int signo)
{
	(void)signo;
	stopped = 1;
	alarm(1);
}

/* A write that a slow reader holds up ends too, and each one after it a second later. */
static void catch_signals(void)
{
	const struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (signal(SIGHUP, on_signal) == SIG_IGN) /* as nohup has it */
		signal(SIGHUP, SIG_IGN);
	sigaction(SIGALRM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* --- output ----------------------------------------------------------------------------------- */

static void print_line(struct capture *c, const struct pcapng_frame *f)
{
	time_t seconds = (time_t)(f->ns / NS_PER_SEC);
	char clock[16], text[FRAME_TEXT_MAX];
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&seconds, &tm));
	fprintf(c->out, "%s.%06u %s %s, length %u%s%s\n", clock,
		(unsigned)(f->ns % NS_PER_SEC / 1000), f->dir == PCAPNG_OUTBOUND ? "tx" : "rx",
		frame_text(text, f->bytes, f->captured, f->len), f->len, *f->comment ? ", " : "",
		f->comment);
}

static void take(struct capture *c, const struct capring_record *r)
{
	char reason[CAPRING_REASON_MAX + 1], comment[CAPRING_REASON_MAX + 16] = "";
	struct pcapng_frame f = {.ns = r->ns + c->offset_ns,
				 .len = r->len,
				 .captured = r->captured,
				 .dir = r->dir == CAPRING_TX ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
				 .comment = comment,
				 .bytes = c->source.frame};

	c->sums.seen++;
	c->lost += r->lost;
	if (!filter_match(c->filter, c->source.frame, r->captured, r->len))
		return;
	if (r->reason)
		snprintf(comment, sizeof(comment), "dropped: %s",
			 capring_reason(&c->source.ring, r->reason, reason));
	f.lost = c->lost;
	c->lost = 0;
	c->sums.accepted++;
	if (c->path)
		pcapng_frame(c->out, &f);
	else
		print_line(c, &f);
}

static void begin_output(struct capture *c)
{
	char program[64], description[SCHEMA_GUEST_VALUE_MAX + 32];

	c->sums.begin_ns = clock_ns(CLOCK_REALTIME);
	if (!c->path)
		return;
	snprintf(program, sizeof(program), "dmvlctl %s", dmvl_version);
	snprintf(description, sizeof(description), "device of the uplink %s", c->source.uplink);
	pcapng_begin(c->out, &(struct pcapng_interface){.program = program,
							.name = c->source.device,
							.description = description,
							.filter = c->words,
							.snap = c->ctl->snap});
}

static void end_output(struct capture *c)
{
	c->sums.end_ns = clock_ns(CLOCK_REALTIME);
	c->sums.lost = capring_lost(&c->source.ring);
	c->sums.seen += c->sums.lost;
	if (c->path && !c->err && !ferror(c->out))
		pcapng_end(c->out, &c->sums);
}

/* A file that was there may be one that others read. A pipe or a device is left as it is. */
static bool make_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || fchmod(fd, 0600) == 0);
}

static int open_output(struct capture *c)
{
	const char *path = c->ctl->write;
	int fd;

	c->out = stdout;
	c->path = path;
	if (!path)
		return 0;
	if (strcmp(path, "-") == 0)
		return isatty(STDOUT_FILENO) ? ctl_fail(EXIT_WRONG_USE,
							"-w -: stdout is a terminal: give a file, "
							"or pipe it into tcpdump -r -")
					     : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !make_private(fd))
		return ctl_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
	c->out = fdopen(fd, "w");
	return c->out ? 0 : ctl_fail(EXIT_FAILED, "out of memory");
}

/* False: nothing more can be written. */
static bool flush(struct capture *c)
{
	if (c->err == 0 && (ferror(c->out) || fflush(c->out) != 0))
		c->err = errno ? errno : EIO;
	return c->err == 0;
}

/* Of a program in the pipe that has seen enough there is nothing to say. */
static int fail_output(const struct capture *c)
{
	if (c->err == EPIPE || (c->err == EINTR && stopped))
		return 0;
	return ctl_fail(EXIT_FAILED, "%s: %s: the capture ends", c->path ? c->path : "stdout",
			strerror(c->err));
}

/* --- the capture ------------------------------------------------------------------------------ */

/* Takes what is there. 1: there was something; 0: nothing; or -EINVAL. */
static int drain(struct capture *c)
{
	struct capring_record r;
	unsigned n = 0;
	int ret = 0;

	c->offset_ns = clock_ns(CLOCK_REALTIME) - clock_now_ns();
	while (!c->over && !ferror(c->out) && n < FLUSH_EVERY &&
	       (ret = capture_source_next(&c->source, &r)) > 0) {
		if (r.ns <= c->until_ns)
			take(c, &r);
		c->over = r.ns > c->until_ns || c->sums.accepted == c->most;
		n++;
	}
	return ret < 0 ? ret : n > 0;
}

/* What came before a signal is taken. */
static void look_at_end(struct capture *c, bool empty)
{
	uint64_t now_ns = clock_now_ns();

	if (stopped && now_ns < c->until_ns)
		c->until_ns = now_ns;
	else if (empty && now_ns >= c->until_ns)
		c->over = true;
}

/* Nothing came for a while. 0, or an exit status: nothing more can come. */
static int look_for_device(struct capture *c, uint64_t *looked_ns)
{
	char now[SCHEMA_GUEST_VALUE_MAX + 1];

	if (clock_now_ns() - *looked_ns < NS_PER_SEC)
		return 0;
	*looked_ns = clock_now_ns();
	if (!capture_source_moved(c->ctl, &c->source, now))
		return 0;
	return ctl_fail(EXIT_FAILED, "%s is on the uplink %s now, no more on %s: the capture ends",
			c->source.device, now, c->source.uplink);
}

/* Until it is over. An exit status. */
static int follow(struct capture *c)
{
	uint64_t looked_ns = clock_now_ns();
	bool alive = true;
	int ret;

	while (!c->over) {
		ret = drain(c);
		if (ret < 0)
			return ctl_fail(EXIT_FAILED, "the memory of captured frames is damaged");
		if (!flush(c))
			return 0;
		look_at_end(c, ret == 0);
		if (c->over || ret > 0)
			continue;
		if (!alive)
			return ctl_fail(EXIT_FAILED, "the uplink %s: its dmvl-back has ended",
					c->source.uplink);
		alive = capture_source_wait(&c->source);
		ret = look_for_device(c, &looked_ns);
		if (ret)
			return ret;
	}
	return 0;
}

static void print_sums(const struct capture *c)
{
	log_notice("%s: %" PRIu64 " frames captured, %" PRIu64 " not matched by the filter, "
		   "%" PRIu64 " lost, because they were not taken fast enough",
		   c->source.device, c->sums.accepted,
		   c->sums.seen - c->sums.lost - c->sums.accepted, c->sums.lost);
}

static int capture(struct capture *c)
{
	int ret;

	c->until_ns = c->ctl->for_ns ? clock_now_ns() + c->ctl->for_ns : UINT64_MAX;
	c->most = c->ctl->count ? c->ctl->count : UINT64_MAX;
	catch_signals();
	begin_output(c);
	if (flush(c))
		log_notice("capturing %s on the uplink %s", c->source.device, c->source.uplink);
	ret = follow(c);
	end_output(c);
	if (flush(c) && c->out != stdout && fclose(c->out) != 0)
		c->err = errno;
	print_sums(c);
	return c->err && !ret ? fail_output(c) : ret;
}

/* The rest of the words are the filter. */
static int read_filter(struct capture *c, int argc, char **argv)
{
	char err[FILTER_ERR_MAX];
	size_t len = 0;

	for (int i = 0; i < argc && len < sizeof(c->words); i++)
		len += (size_t)snprintf(c->words + len, sizeof(c->words) - len, "%s%s",
					i ? " " : "", argv[i]);
	if (len >= sizeof(c->words))
		return ctl_fail(EXIT_WRONG_USE, "filter: longer than %d bytes", FILTER_MAX - 1);
	c->filter = filter_new(c->words, err);
	return c->filter ? 0 : ctl_fail(EXIT_WRONG_USE, "filter \"%s\": %s", c->words, err);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct capture c;
	int ret;

	c.ctl = ctl;
	ret = read_filter(&c, argc - 1, argv + 1);
	if (ret)
		return ret;
	ret = capture_source_open(ctl, argv[0], ctl->snap, &c.source);
	if (ret == 0) {
		ret = open_output(&c);
		if (ret == 0)
			ret = capture(&c);
		capture_source_close(&c.source);
	}
	filter_free(c.filter);
	return ret;
}

const struct command capture_command = {
	.name = "capture",
	.args = "DOM[/ID] [FILTER..]",
	.summary = "what frames a device sends and receives",
	.details =
		"A line a frame or, with -w, a file for Wireshark and tcpdump. FILTER is in the\n"
		"words of tcpdump: see pcap-filter(7). Frames that were dropped are there, with\n"
		"the reason. -w - writes to stdout:\n"
		"    dmvlctl capture web1 -w - port 80 | wireshark -k -i -\n",
	.min_args = 1,
	.max_args = INT_MAX,
	.has_capture = true,
	.has_for = true,
	.prints_words = true,
	.run = run,
};
