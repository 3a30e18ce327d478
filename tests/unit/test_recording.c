/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records one moment after the other makes. */
#include "backend/ctl/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define MS	 UINT64_C(1000000)
#define START_MS UINT64_C(1795874400000)
#define START_NS (50000 * MS)

static struct recording recording;
static struct top_device device[2];
static struct top_uplink uplink;
static char text[16384]; /* what the last moment made */
static unsigned extra;

static void emit(void *arg, const struct rec *r)
{
	char line[REC_LINE_MAX];

	(void)arg;
	rec_print(line, r);
	strcat(text, line);
}

static void more(void *arg, unsigned number, const char *name)
{
	(void)arg;
	extra += number == 0 && strcmp(name, "default") == 0;
}

/* The records of a moment at which the daemon wrote `ms` after the start. */
static const char *take(unsigned devices, uint64_t ms)
{
	struct top_sample s = {device, devices, &uplink, 1, START_NS + ms * MS};

	uplink.written_ns = START_NS + ms * MS;
	text[0] = '\0';
	recording_take(&recording, &s, emit, more, NULL);
	return text;
}

static void begin(void)
{
	recording_free(&recording);
	recording_init(&recording, START_MS, START_NS);
	uplink = (struct top_uplink){.name = "default", .file = 1, .capacity_bps = {1000, 0}};
	uplink.rate_bps[TOP_TX] = 1;
	for (unsigned i = 0; i < 2; i++) {
		device[i] = (struct top_device){.domid = 7 + i, .counted = true, .weight = 256};
		strcpy(device[i].uplink, "default");
		snprintf(device[i].name, sizeof(device[i].name), "web%u", i);
	}
	device[0].flow[TOP_TX].bytes = 5000;
	extra = 0;
}

#define NO_UUID "00000000-0000-0000-0000-000000000000"

static void test_first(void)
{
	begin();
	is_str(take(1, 0), "U 0 default\nD 0 0 7 0 " NO_UUID " web0\nK 0 256 0 0 0 0 -\n",
	       "the first moment tells who is there");
	is_int(extra, 0, "and is no interval");
	is_str(take(1, 0), "", "without news there is no record");
}

static void test_interval(void)
{
	begin();
	take(1, 0);
	device[0].flow[TOP_TX].bytes += 1500;
	device[0].flow[TOP_TX].frames = 1;
	device[0].flow[TOP_TX].wait[3] = 1;
	device[0].flow[TOP_TX].waiting_bytes = 64;
	uplink.bytes[TOP_TX] = 1500;
	is_str(take(1, 100),
	       "T 0 1795874400100 100000\nC 1000 0 1500 0\n"
	       "F 0 t 1500 1 64 0 0 0 0 0 0 0 3:1\n",
	       "an interval has what came since the last one");
	is_int(extra, 1, "more may be said about it");
	device[0].flow[TOP_TX].waiting_bytes = 0;
	is_str(take(1, 200),
	       "T 0 1795874400200 100000\nC 1000 0 0 0\nF 0 t 0 0 0 0 0 0 0 0 0 0 -\n",
	       "what waited and is gone is told");
	is_str(take(1, 300), "T 0 1795874400300 100000\nC 1000 0 0 0\n",
	       "a device that does nothing has no line");
}

static void test_changes(void)
{
	begin();
	take(1, 0);
	device[0].weight = 512;
	strcpy(device[0].group, "tenant");
	strcpy(device[0].name, "<\"\n");
	ok(strstr(take(1, 100), "K 0 512 0 0 0 0 tenant\n"), "limits that change are told");
	ok(strstr(text, "D 0 0 7 0 " NO_UUID " %3c%22%0a\n"), "and so is a name");
	device[0].drops = 1;
	strcpy(device[0].drop[0].reason, "flood");
	device[0].drop[0].frames = 3;
	ok(strstr(take(1, 200), "R 0 flood 3\n"), "drops are told by reason");
}

static void test_coming_and_going(void)
{
	begin();
	take(1, 0);
	device[1].flow[TOP_RX].bytes = 700;
	ok(strstr(take(2, 100), "D 1 0 8 0 "), "a device comes");
	ok(strstr(text, "F 1 r 700 "), "all that it counted is of the interval");
	device[1].flow[TOP_RX].bytes = 100;
	ok(strstr(take(2, 200), "X 1\nD 1 0 8 0 "), "counters that begin again: it came again");
	ok(strstr(text, "F 1 r 100 "), "and all that it counted since is of the interval");
	ok(strstr(take(1, 300), "X 1\n"), "a device goes");
	device[1].domid = 9;
	ok(strstr(take(2, 400), "D 1 0 9 0 "), "its number is free for another");
}

static void test_gaps(void)
{
	begin();
	take(2, 0);
	strcpy(uplink.why, "there are no statistics");
	is_str(take(0, 100), "S 0 daemon-gone\nX 0\nX 1\n", "without a daemon there is a gap");
	is_str(take(0, 200), "", "which is told once");
	uplink.why[0] = '\0';
	uplink.file = 2;
	ok(!strstr(take(2, 300), "T "), "the first moment behind a gap is no interval");
	ok(strstr(take(2, 400), "T 0 1795874400400 100000\n"), "the next one is");
	uplink.file = 3;
	ok(strstr(take(2, 500), "S 0 daemon-restarted\nX 0\nX 1\nD 0 "),
	   "another daemon's numbers make a gap");
}

static void test_rest(void)
{
	begin();
	take(1, 0);
	ok(strstr(take(1, 2500), "T 0 1795874402500 2500000\n"),
	   "a daemon that is late has a long interval");
	uplink.rate_bps[TOP_TX] = 0;
	take(1, 2600);
	ok(strstr(take(1, 60000), "T 0 1795874460000 100000\n"),
	   "one that rested has one of a period");
}

int main(void)
{
	test_first();
	test_interval();
	test_changes();
	test_coming_and_going();
	test_gaps();
	test_rest();
	recording_free(&recording);
	return done_testing();
}
