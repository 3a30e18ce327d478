/* SPDX-License-Identifier: GPL-2.0-or-later */
/* windows.h: how well a guarantee was kept, in windows of 100 ms: verdicts, sums, outages. Pure. */
#ifndef DMVL_WINDOWS_H
#define DMVL_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOWS_MS	100u
#define WINDOWS_MINUTES 60u
#define WINDOWS_HOURS	48u
#define WINDOWS_WORST	8u
#define WINDOWS_RECENT	32u
#define WINDOWS_PERCENT 95u /* of what was due must have been had */

/* Why an LDP had less than was due to it. */
enum windows_reason {
	WINDOWS_GUEST,	 /* it stood still, or took its frames too slowly */
	WINDOWS_DOWN,	 /* the uplink was down */
	WINDOWS_RESTART, /* no dmvl-back ran */
	WINDOWS_LATE,	 /* the frame loop was late */
	WINDOWS_SLOW,	 /* the link carried less than its capacity */
	WINDOWS_OTHER,	 /* none of these is known */
	WINDOWS_REASONS,
};

/* Windows that were not kept, one after the other or nearly, for the same reason. */
struct windows_outage {
	uint64_t begin_ms, end_ms; /* CLOCK_REALTIME */
	uint64_t windows;	   /* 0: there is no outage */
	uint64_t due_bytes, had_bytes;
	uint64_t reason;
};

/* A minute, or an hour. */
struct windows_span {
	uint32_t number; /* minutes or hours since 1970; 0: never used */
	uint16_t judged, broken[WINDOWS_REASONS];
};

/* One direction of an LDP. Starts zero-initialised. */
struct windows {
	uint64_t judged, broken[WINDOWS_REASONS]; /* windows since the beginning */
	uint64_t missing_bytes; /* in the windows before, which were kept: too little to tell */
	struct windows_outage worst[WINDOWS_WORST];   /* in any order */
	struct windows_outage recent[WINDOWS_RECENT]; /* the newest at `newest` */
	uint64_t newest;
	struct windows_span minute[WINDOWS_MINUTES], hour[WINDOWS_HOURS];
};

/* What is known of a window, or of several that passed together, in which frames waited. */
struct windows_sample {
	uint64_t end_ms; /* CLOCK_REALTIME */
	uint64_t ns;	 /* its length */
	uint64_t due_bytes, had_bytes;
	uint64_t slack_bytes; /* so much is missing now and then because frames are not fluid */
	enum windows_reason reason; /* what explains it if something is missing */
	bool stood_still;	    /* it had nothing, whatever was due */
};

/* Counts it. How many windows that is, and in *kept whether they were kept. */
unsigned windows_judge(struct windows *w, const struct windows_sample *s, bool *kept);

/* Frames do not wait any longer: what was missing before counts no more. */
void windows_pause(struct windows *w);

/* What the frame loop knows at the end of a window. */
struct windows_facts {
	bool guest_still;	 /* the guest took nothing that lay in its ring */
	bool guest_full;	 /* its ring has no room */
	bool down;		 /* the uplink has no link, or is gone */
	bool limited;		 /* the uplink took no more for a while */
	uint64_t ns, late_ns;	 /* of the window; by how much the loop was late in it */
	uint64_t carried, could; /* bytes of the uplink; could is 0: not known */
};

/* The link took less than its capacity. */
bool windows_was_slow(const struct windows_facts *f);

enum windows_reason windows_reason(const struct windows_facts *f);

/* What windows_since() finds. */
struct windows_report {
	uint64_t judged, broken[WINDOWS_REASONS];
	uint64_t from_ms; /* all since then is counted; 0: since the beginning */
	struct windows_outage worst[WINDOWS_WORST]; /* the worst first */
	unsigned outages;
};

/*
 * Adds up what there is since since_ms (0: the beginning): by minutes as far back as they go, else
 * by hours.
 */
void windows_since(const struct windows *w, uint64_t since_ms, uint64_t now_ms,
		   struct windows_report *out);

/* Of all reasons. */
uint64_t windows_broken(const uint64_t broken[WINDOWS_REASONS]);

/* "guest-stood-still", for JSON and metrics; "the guest stood still", for people. */
const char *windows_reason_name(unsigned reason);
const char *windows_reason_words(unsigned reason);

#endif
