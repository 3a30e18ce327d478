/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows of 100 ms: which were kept, why not, the worst outages, and reports of them. */
#include "backend/stats/windows_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define MS	1000000u
#define NOW_MS	UINT64_C(1700000000000)
#define HOUR_MS UINT64_C(3600000)

static struct windows w;
static uint64_t now_ms;

static void begin(void)
{
	w = (struct windows){0};
	now_ms = NOW_MS;
}

static struct windows_sample sample(uint64_t due, uint64_t had, enum windows_reason reason)
{
	return (struct windows_sample){.ns = 100 * MS,
				       .due_bytes = due,
				       .had_bytes = had,
				       .slack_bytes = 10000,
				       .reason = reason};
}

static bool judge(struct windows_sample s)
{
	bool kept;

	now_ms += s.ns / MS;
	s.end_ms = now_ms;
	windows_judge(&w, &s, &kept);
	return kept;
}

static void test_verdicts(void)
{
	struct windows_sample still = sample(0, 0, WINDOWS_GUEST);
	unsigned kept = 0;

	begin();
	ok(judge(sample(100000, 100000, WINDOWS_OTHER)), "a window with all that was due was kept");
	ok(judge(sample(100000, 300000, WINDOWS_OTHER)), "a window with more was kept");
	ok(!judge(sample(100000, 50000, WINDOWS_SLOW)), "a window with half was not kept");
	is_int(w.judged, 3, "all windows are counted");
	is_int(w.broken[WINDOWS_SLOW], 1, "a window that was not kept has its reason");
	for (unsigned i = 0; i < 100; i++)
		kept += judge(sample(100000, i % 2 ? 92000 : 101000, WINDOWS_OTHER));
	is_int(kept, 100, "what frames that are not fluid explain breaks nothing");
	for (unsigned i = 0; i < 100; i++)
		kept += judge(sample(100000, 92000, WINDOWS_OTHER));
	ok(kept > 160 && kept < 180, "what is missing all the time breaks a window now and then");
	for (unsigned i = 0; i < 100; i++)
		kept += judge(sample(100000, 96000, WINDOWS_OTHER));
	still.stood_still = true;
	ok(!judge(still), "a guest that takes nothing breaks a window although nothing is due");
}

static void test_pause(void)
{
	begin();
	judge(sample(100000, 87000, WINDOWS_OTHER));
	windows_pause(&w);
	ok(judge(sample(100000, 87000, WINDOWS_OTHER)),
	   "after a pause what was missing is forgotten");
	ok(!judge(sample(100000, 87000, WINDOWS_OTHER)), "without a pause it is not");
}

static void test_late_window(void)
{
	struct windows_sample s = sample(1000000, 200000, WINDOWS_LATE);

	begin();
	s.ns = 1000 * (uint64_t)MS;
	ok(!judge(s), "a late window may be broken");
	is_int(w.judged, 10, "a window of a second is ten");
	is_int(w.broken[WINDOWS_LATE], 10, "all ten are broken");
	is_int(w.recent[1].windows, 10, "the outage has ten windows");
	is_int(w.recent[1].end_ms - w.recent[1].begin_ms, 1000, "the outage has a second");
}

static void test_reasons(void)
{
	struct windows_facts f = {.ns = 100 * MS, .carried = 1000, .could = 1000};

	is_int(windows_reason(&f), WINDOWS_OTHER, "without a fact no reason is known");
	f.carried = 500;
	is_int(windows_reason(&f), WINDOWS_OTHER, "a link that nobody filled is not slow");
	f.limited = true;
	is_int(windows_reason(&f), WINDOWS_SLOW, "a link that took less than it could is slow");
	f.guest_full = true;
	is_int(windows_reason(&f), WINDOWS_GUEST, "a guest whose ring is full is too slow");
	f.late_ns = 9 * MS;
	is_int(windows_reason(&f), WINDOWS_GUEST, "a loop that was late for a moment is not late");
	f.late_ns = 50 * MS;
	is_int(windows_reason(&f), WINDOWS_LATE, "a loop that was late for half of it is");
	f.down = true;
	is_int(windows_reason(&f), WINDOWS_DOWN, "a link that is down goes before a late loop");
	f.guest_still = true;
	is_int(windows_reason(&f), WINDOWS_GUEST, "a guest that stands still goes before all");
	is_str(windows_reason_name(WINDOWS_RESTART), "daemon-restarted", "reasons have names");
	is_str(windows_reason_words(99), "no reason is known", "an unknown number has words");
}

static void pass(uint64_t ms)
{
	now_ms += ms;
}

/* A second of windows in which half was missing. */
static void outage(enum windows_reason reason, uint64_t due)
{
	for (unsigned i = 0; i < 10; i++)
		judge(sample(due, due / 2, reason));
}

static void test_outages(void)
{
	struct windows_report r;

	begin();
	outage(WINDOWS_SLOW, 100000);
	pass(500);
	outage(WINDOWS_SLOW, 100000);
	outage(WINDOWS_LATE, 400000);
	pass(5000);
	outage(WINDOWS_SLOW, 300000);
	windows_since(&w, 0, now_ms, &r);
	is_int(r.outages, 3, "broken windows within a second for one reason are one outage");
	is_int(r.worst[0].reason, WINDOWS_LATE, "the worst one goes first");
	is_int(r.worst[0].due_bytes, 4000000, "it has all that was due");
	is_int(r.worst[0].had_bytes, 2000000, "it has all that was had");
	is_int(r.worst[2].windows, 20, "the joined one has the windows of both parts");
	for (unsigned i = 0; i < 100; i++) {
		pass(5000);
		outage(WINDOWS_OTHER, 50000);
	}
	windows_since(&w, 0, now_ms, &r);
	is_int(r.outages, WINDOWS_WORST, "the eight worst outages are reported");
	is_int(r.worst[0].reason, WINDOWS_LATE, "the worst one stays when many came since");
	is_int(r.worst[2].reason, WINDOWS_SLOW, "so does the third");
}

static void test_since(void)
{
	struct windows_report r;

	begin();
	outage(WINDOWS_SLOW, 900000);
	pass(3 * HOUR_MS);
	outage(WINDOWS_LATE, 100000);
	pass(10 * 60000);
	judge(sample(100000, 100000, WINDOWS_OTHER));
	windows_since(&w, 0, now_ms, &r);
	is_int(r.judged, 21, "a report since the beginning has all windows");
	is_int(windows_broken(r.broken), 20, "a report since the beginning has all reasons");
	windows_since(&w, now_ms - 5 * 60000, now_ms, &r);
	is_int(r.judged, 1, "a report of five minutes has theirs");
	is_int(r.outages, 0, "a report of five minutes has no older outage");
	windows_since(&w, now_ms - 20 * 60000, now_ms, &r);
	is_int(r.judged, 11, "a report of twenty minutes has theirs");
	is_int(r.worst[0].reason, WINDOWS_LATE, "the worst of twenty minutes is of them");
	ok(r.from_ms <= now_ms - 20 * 60000 && r.from_ms > now_ms - 22 * 60000,
	   "a report says from when it counts");
	windows_since(&w, now_ms - 5 * HOUR_MS, now_ms, &r);
	is_int(r.judged, 21, "a report of five hours has theirs");
	is_int(r.outages, 2, "a report of five hours has both outages");
	pass(50 * HOUR_MS);
	judge(sample(100000, 100000, WINDOWS_OTHER));
	windows_since(&w, now_ms - 100 * HOUR_MS, now_ms, &r);
	is_int(r.judged, 1, "hours are kept for two days");
	ok(now_ms - r.from_ms < 48 * HOUR_MS, "a report says that it goes back two days only");
	windows_since(&w, 0, now_ms, &r);
	is_int(r.judged, 22, "the sums since the beginning stay");
}

/* Minutes and hours have the windows that began in them. */
static void test_spans(void)
{
	struct windows_sample s = sample(1000000, 0, WINDOWS_RESTART);
	struct windows_report r;

	begin();
	s.ns = UINT64_C(600) * 1000 * MS;
	judge(s);
	is_int(w.judged, 6000, "ten minutes are 6000 windows");
	windows_since(&w, now_ms - 3 * 60000, now_ms, &r);
	ok(r.judged >= 1800 && r.judged <= 2400, "of a long outage a report counts its part");
	windows_since(&w, now_ms - 2 * HOUR_MS, now_ms, &r);
	is_int(r.judged, 6000, "hours have all of it");
}

/* --- the file --------------------------------------------------------------------------------- */

static void *formatted(void)
{
	void *mem = calloc(1, windows_file_bytes());

	windows_file_format(mem, "boot-1");
	windows_file_header(mem)->run = 1;
	return mem;
}

static void test_check(void)
{
	void *mem = formatted();

	is_int(windows_file_check(mem, windows_file_bytes(), "boot-1"), 0, "a fresh file is good");
	is_int(windows_file_check(mem, windows_file_bytes(), NULL), 0, "readers need no boot id");
	is_int(windows_file_check(mem, windows_file_bytes(), "boot-2"), -ESTALE,
	       "a file of another boot is told");
	is_int(windows_file_check(mem, windows_file_bytes() - 1, NULL), -EINVAL,
	       "a file that was cut is refused");
	is_int(windows_file_check(mem, 8, NULL), -EINVAL, "a file without a header is refused");
	windows_file_header(mem)->record_bytes--;
	is_int(windows_file_check(mem, windows_file_bytes(), NULL), -EINVAL,
	       "a damaged file is refused");
	windows_file_header(mem)->version++;
	is_int(windows_file_check(mem, windows_file_bytes(), NULL), -ENOTSUP,
	       "a file of another version is refused as such");
	free(mem);
}

static struct windows_record *take(void *mem, uint8_t uuid, uint32_t domid, uint32_t id)
{
	uint8_t text[16] = {uuid};

	return windows_file_take(mem, text, domid, id);
}

static void test_take(void)
{
	void *mem = formatted();
	struct windows_record *r = take(mem, 1, 7, 0), *other, *copy = malloc(sizeof(*copy));

	ok(!windows_file_copy(mem, 1, copy), "a record of nobody is not read");
	r->dir[0].judged = 5;
	ok(take(mem, 1, 8, 0) == r, "a guest with another domid finds its record");
	ok(take(mem, 1, 8, 1) != r, "another device of the guest has another");
	other = take(mem, 0, 8, 0);
	ok(take(mem, 0, 9, 0) != other, "without a UUID another domid has another");
	ok(windows_file_copy(mem, 0, copy) && copy->dir[0].judged == 5, "a record is read");
	windows_file_begin(r);
	ok(!windows_file_copy(mem, 0, copy), "a record that is being written is not read");
	windows_file_end(r);
	free(copy);
	free(mem);
}

static void test_full(void)
{
	void *mem = formatted();

	for (unsigned i = 0; i < WINDOWS_FILE_RECORDS; i++) {
		struct windows_record *r = take(mem, 1, 7, i);

		r->last_ms = 1000 + i;
		r->attached = i != 9 && i != 11;
		r->dir[1].judged = i;
	}
	ok(take(mem, 2, 7, 0) == windows_file_record(mem, 9),
	   "the device that is gone for longest gives its record");
	is_int(windows_file_record(mem, 9)->dir[1].judged, 0, "it is emptied");
	windows_file_record(mem, 9)->attached = 1;
	ok(take(mem, 2, 7, 1) == windows_file_record(mem, 11), "then the next one");
	windows_file_record(mem, 11)->attached = 1;
	ok(!take(mem, 2, 7, 2), "devices that are connected keep theirs");
	windows_file_header(mem)->run = 2;
	ok(take(mem, 2, 7, 2) != NULL, "with another daemon nobody is connected at first");
	free(mem);
}

int main(void)
{
	test_verdicts();
	test_pause();
	test_late_window();
	test_reasons();
	test_outages();
	test_since();
	test_spans();
	test_check();
	test_take();
	test_full();
	return done_testing();
}
