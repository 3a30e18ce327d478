/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/stats/windows.h"

#include <string.h>

/*
 * Theory of operation
 *
 * In a window of 100 ms an LDP sends a number of whole frames, and its turn may come a little
 * earlier or later than in the fluid ideal. So less than WINDOWS_PERCENT of what was due does not
 * break a window at once: what is missing is added up, window after window, and breaks the one in
 * which the sum is more than frames explain. What one window has too much takes from the sum and
 * never makes it negative.
 *
 * Broken windows that follow each other within a second, for one reason, are one outage. The newest
 * outages are in a ring; the worst, by missing bytes, in a table.
 */
#define JOIN_MS	  1000u
#define MINUTE_MS 60000u
#define HOUR_MS	  3600000u

static const struct {
	const char *name, *words;
} reasons[WINDOWS_REASONS] = {
	[WINDOWS_GUEST] = {"guest-stood-still", "the guest stood still"},
	[WINDOWS_DOWN] = {"uplink-down", "the uplink was down"},
	[WINDOWS_RESTART] = {"daemon-restarted", "dmvl-back was started again"},
	[WINDOWS_LATE] = {"loop-late", "the frame loop was late"},
	[WINDOWS_SLOW] = {"link-slow", "the link was slower than configured"},
	[WINDOWS_OTHER] = {"other", "no reason is known"},
};

const char *windows_reason_name(unsigned reason)
{
	return reasons[reason < WINDOWS_REASONS ? reason : WINDOWS_OTHER].name;
}

const char *windows_reason_words(unsigned reason)
{
	return reasons[reason < WINDOWS_REASONS ? reason : WINDOWS_OTHER].words;
}

uint64_t windows_broken(const uint64_t broken[WINDOWS_REASONS])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WINDOWS_REASONS; i++)
		sum += broken[i];
	return sum;
}

/* --- counting --------------------------------------------------------------------------------- */

static void count_span(struct windows_span *ring, unsigned spans, uint64_t number, unsigned n,
		       int reason)
{
	struct windows_span *s = &ring[number % spans];

	if (s->number != (uint32_t)number)
		*s = (struct windows_span){.number = (uint32_t)number};
	s->judged = (uint16_t)(s->judged + n);
	if (reason >= 0)
		s->broken[reason] = (uint16_t)(s->broken[reason] + n);
}

/* A window belongs to the span in which it began. Long stretches are counted piece by piece. */
static void count(struct windows *w, const struct windows_sample *s, unsigned n, int reason)
{
	uint64_t begin_ms = s->end_ms - (uint64_t)n * WINDOWS_MS;

	w->judged += n;
	if (reason >= 0)
		w->broken[reason] += n;
	for (unsigned left = n; left > 0;) {
		uint64_t end_ms = (begin_ms / MINUTE_MS + 1) * MINUTE_MS;
		unsigned fit = (unsigned)((end_ms - begin_ms + WINDOWS_MS - 1) / WINDOWS_MS);

		if (fit > left)
			fit = left;
		count_span(w->minute, WINDOWS_MINUTES, begin_ms / MINUTE_MS, fit, reason);
		count_span(w->hour, WINDOWS_HOURS, begin_ms / HOUR_MS, fit, reason);
		begin_ms += (uint64_t)fit * WINDOWS_MS;
		left -= fit;
	}
}

/* --- outages ---------------------------------------------------------------------------------- */

static uint64_t missing(const struct windows_outage *o)
{
	return o->windows && o->due_bytes > o->had_bytes ? o->due_bytes - o->had_bytes : 0;
}

static bool is_worse(const struct windows_outage *a, const struct windows_outage *b)
{
	if ((a->windows > 0) != (b->windows > 0))
		return a->windows > 0;
	return missing(a) != missing(b) ? missing(a) > missing(b) : a->windows > b->windows;
}

static bool is_same(const struct windows_outage *a, const struct windows_outage *b)
{
	return a->windows && a->begin_ms == b->begin_ms && a->reason == b->reason;
}

/* Puts it in its own old place, or else in that of the least bad. */
static void rank(struct windows_outage *table, const struct windows_outage *o)
{
	struct windows_outage *least = table;

	for (unsigned i = 0; i < WINDOWS_WORST; i++) {
		if (is_same(&table[i], o)) {
			table[i] = *o;
			return;
		}
		if (is_worse(least, &table[i]))
			least = &table[i];
	}
	if (is_worse(o, least))
		*least = *o;
}

static void note_outage(struct windows *w, const struct windows_sample *s, unsigned n)
{
	uint64_t begin_ms = s->end_ms - s->ns / 1000000;
	struct windows_outage *o = &w->recent[w->newest % WINDOWS_RECENT];

	if (!o->windows || o->reason != s->reason || begin_ms > o->end_ms + JOIN_MS) {
		o = &w->recent[++w->newest % WINDOWS_RECENT];
		*o = (struct windows_outage){.begin_ms = begin_ms, .reason = s->reason};
	}
	o->end_ms = s->end_ms;
	o->windows += n;
	o->due_bytes += s->due_bytes;
	o->had_bytes += s->had_bytes;
	rank(w->worst, o);
}

/* --- verdicts --------------------------------------------------------------------------------- */

unsigned windows_judge(struct windows *w, const struct windows_sample *s, bool *kept)
{
	unsigned n = (unsigned)((s->ns / 1000000 + WINDOWS_MS / 2) / WINDOWS_MS);
	uint64_t due = s->due_bytes / 100 * WINDOWS_PERCENT + w->missing_bytes;

	if (n == 0)
		n = 1;
	w->missing_bytes = due > s->had_bytes ? due - s->had_bytes : 0;
	*kept = w->missing_bytes <= s->slack_bytes && !(s->stood_still && s->had_bytes == 0);
	count(w, s, n, *kept ? -1 : (int)s->reason);
	if (*kept)
		return n;
	note_outage(w, s, n);
	w->missing_bytes = 0;
	return n;
}

void windows_pause(struct windows *w)
{
	w->missing_bytes = 0;
}

/* A loop that missed less than a tenth of the window can make up for it. */
static bool was_late(const struct windows_facts *f)
{
	return f->late_ns * 10 > f->ns;
}

bool windows_was_slow(const struct windows_facts *f)
{
	return f->limited && f->carried * 100 < f->could * WINDOWS_PERCENT;
}

enum windows_reason windows_reason(const struct windows_facts *f)
{
	if (f->guest_still)
		return WINDOWS_GUEST;
	if (f->down)
		return WINDOWS_DOWN;
	if (was_late(f))
		return WINDOWS_LATE;
	if (f->guest_full)
		return WINDOWS_GUEST;
	return windows_was_slow(f) ? WINDOWS_SLOW : WINDOWS_OTHER;
}

/* --- reports ---------------------------------------------------------------------------------- */

/* Adds the spans of the ring from number `first` on. */
static void add_spans(const struct windows_span *ring, unsigned spans, uint64_t first,
		      struct windows_report *out)
{
	for (unsigned i = 0; i < spans; i++) {
		if (!ring[i].number || ring[i].number < first)
			continue;
		out->judged += ring[i].judged;
		for (unsigned r = 0; r < WINDOWS_REASONS; r++)
			out->broken[r] += ring[i].broken[r];
	}
}

/* The number of the span that holds since_ms, or of the first that the ring still has. */
static uint64_t first_span(uint64_t since_ms, uint64_t now_ms, uint64_t span_ms, unsigned spans)
{
	uint64_t first = since_ms / span_ms, last = now_ms / span_ms;

	return first + spans > last ? first : last - spans + 1;
}

static void add_sums(const struct windows *w, uint64_t since_ms, uint64_t now_ms,
		     struct windows_report *out)
{
	uint64_t first;

	if (since_ms == 0) {
		out->judged = w->judged;
		memcpy(out->broken, w->broken, sizeof(out->broken));
	} else if (now_ms / MINUTE_MS - since_ms / MINUTE_MS < WINDOWS_MINUTES) {
		first = since_ms / MINUTE_MS;
		add_spans(w->minute, WINDOWS_MINUTES, first, out);
		out->from_ms = first * MINUTE_MS;
	} else {
		first = first_span(since_ms, now_ms, HOUR_MS, WINDOWS_HOURS);
		add_spans(w->hour, WINDOWS_HOURS, first, out);
		out->from_ms = first * HOUR_MS;
	}
}

static void add_outages(const struct windows_outage *o, unsigned n, uint64_t from_ms,
			struct windows_report *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (o[i].windows && o[i].end_ms > from_ms)
			rank(out->worst, &o[i]);
	}
}

static void sort_outages(struct windows_report *out)
{
	for (unsigned i = 0; i < WINDOWS_WORST; i++) {
		for (unsigned j = i; j > 0 && is_worse(&out->worst[j], &out->worst[j - 1]); j--) {
			struct windows_outage o = out->worst[j];

			out->worst[j] = out->worst[j - 1];
			out->worst[j - 1] = o;
		}
	}
	while (out->outages < WINDOWS_WORST && out->worst[out->outages].windows)
		out->outages++;
}

void windows_since(const struct windows *w, uint64_t since_ms, uint64_t now_ms,
		   struct windows_report *out)
{
	*out = (struct windows_report){0};
	if (since_ms > now_ms)
		since_ms = now_ms;
	add_sums(w, since_ms, now_ms, out);
	add_outages(w->worst, WINDOWS_WORST, out->from_ms, out);
	add_outages(w->recent, WINDOWS_RECENT, out->from_ms, out);
	sort_outages(out);
}
