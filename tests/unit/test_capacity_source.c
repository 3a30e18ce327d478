/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which capacity is in force, and what xenstore says of it: configured, by the speed of the
 * hardware, or measured. The exits and their speed are what the test says.
 */
#include "backend/control/control_capacity.h"
#include "backend/control/control_probe.h"
#include "backend/control/control_uplink.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define MBIT 1000000ull

static struct desk *k;

static const char *path_of(enum schema_key key)
{
	static char path[SCHEMA_PATH_MAX];

	schema_key_path(path, sizeof(path), k->c.uplink_dir, key);
	return path;
}

static void key_is(enum schema_key key, const char *want, const char *when)
{
	const char *got = store_read(path_of(key));

	is_str(got ? got : "(missing)", want, "%s is \"%s\" %s", schema_name(key), want, when);
}

static void load(void)
{
	control_load_link(&k->c);
	control_capacity_show(&k->c);
}

static void set(enum schema_key key, const char *value)
{
	store_write(path_of(key), value);
	load();
}

static void speed(uint64_t mbit)
{
	k->c.probe.speed_bps = mbit * MBIT;
	load();
}

static void begin(bool signal)
{
	k = desk_new();
	k->c.log_error[0] = '\0';
	k->c.probe.found.signal = signal;
	snprintf(k->c.probe.found.why, sizeof(k->c.probe.found.why), "up0 is a veth device");
}

static void in_force(uint64_t mbit, const char *source, const char *when)
{
	is_int(k->c.link.conf.tx_capacity_bps, mbit * MBIT, "frames are paced to %u Mbit/s %s",
	       (unsigned)mbit, when);
	key_is(KEY_UPLINK_CAPACITY_SOURCE, source, when);
}

static void test_order(void)
{
	begin(true);
	load();
	in_force(0, "measured", "with back-pressure alone");
	speed(100);
	in_force(98, "speed", "with a card of 100 Mbit/s");
	key_is(KEY_UPLINK_SPEED, "100000000", "with a card of 100 Mbit/s");
	speed(1000);
	in_force(980, "speed", "with a card of 1 Gbit/s");
	set(KEY_UPLINK_TX_CAPACITY, "500000000");
	in_force(500, "configured", "with a configured capacity and a card");
	set(KEY_UPLINK_TX_CAPACITY, "plenty");
	in_force(500, "configured", "with a malformed capacity");
	set(KEY_UPLINK_TX_CAPACITY, "0");
	in_force(980, "speed", "when the configured capacity is taken back");
	set(KEY_UPLINK_TX_CAPACITY, "plenty");
	speed(100);
	in_force(98, "speed", "with a malformed capacity and another speed");
	set(KEY_UPLINK_TX_CAPACITY, "");
	store_remove(path_of(KEY_UPLINK_TX_CAPACITY));
	speed(0);
	in_force(0, "measured", "when the speed is no longer known");
	desk_free(k);
}

static void test_no_signal(void)
{
	begin(false);
	speed(100);
	in_force(98, "speed", "with a card and without back-pressure");
	key_is(KEY_UPLINK_ERROR, "(missing)", "with a card and without back-pressure");
	speed(0);
	in_force(98, "speed", "with nothing that tells the capacity");
	key_is(KEY_UPLINK_ERROR, "tx-capacity 0: it cannot be measured: up0 is a veth device",
	       "with nothing that tells the capacity");
	is_int(k->c.link.conf.speed_bps, 100 * MBIT, "a capacity that stays keeps its speed");
	set(KEY_UPLINK_TX_CAPACITY, "7000000");
	in_force(7, "configured", "when a capacity is configured");
	key_is(KEY_UPLINK_ERROR, "", "when a capacity is configured");
	desk_free(k);
}

/* A link clearly slower than the card. */
static void test_slower(void)
{
	begin(true);
	speed(1000);
	k->c.probe.estimate_bps = 940 * MBIT;
	control_capacity_show(&k->c);
	in_force(980, "speed", "with an estimate that is a little less");
	k->c.probe.estimate_bps = 100 * MBIT;
	control_capacity_show(&k->c);
	in_force(980, "measured", "with an estimate that is much less");
	k->c.probe.estimate_bps = 975 * MBIT;
	control_capacity_show(&k->c);
	in_force(980, "speed", "when the link is faster again");
	desk_free(k);
}

static void test_messages(void)
{
	unsigned written;

	begin(true);
	speed(100);
	is_str(desk_said(k), "L", "the frame loop hears of a speed");
	written = store_written();
	load();
	is_str(desk_said(k), "", "the frame loop hears of a speed once");
	is_int(store_written(), written, "what has not changed is not written to xenstore");
	set(KEY_UPLINK_TX_CAPACITY, "98000000");
	is_str(desk_said(k), "L", "the frame loop hears that the same capacity is configured now");
	desk_free(k);
}

static void test_minima(void)
{
	begin(true);
	speed(100);
	desk_said(k);
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_TX_MIN, "94000000");
	desk_turn(k);
	ok(strstr(desk_read(1, KEY_BACK_ERROR), "95 % of the capacity of 98000000"),
	   "minima are admitted against the capacity of a card: %s", desk_read(1, KEY_BACK_ERROR));
	desk_free(k);
}

/* --- exits ------------------------------------------------------------------------------------ */

static void leave_through(enum exits_how how, const char *first, const char *second)
{
	struct exits *e = &k->c.probe.exits;

	*e = (struct exits){.how = how, .count = !!first[0] + !!second[0]};
	snprintf(e->name[0], IFNAMSIZ, "%s", first);
	snprintf(e->name[1], IFNAMSIZ, "%s", second);
	load();
}

static void test_exits(void)
{
	unsigned written;

	begin(true);
	leave_through(EXITS_NONE, "", "");
	key_is(KEY_UPLINK_EXITS, "", "without a way out");
	key_is(KEY_UPLINK_EXITS_BY, "none", "without a way out");
	leave_through(EXITS_HARDWARE, "eth0", "a-long-name-012");
	key_is(KEY_UPLINK_EXITS, "eth0,a-long-name-012", "with two cards");
	key_is(KEY_UPLINK_EXITS_BY, "hardware", "with two cards");
	written = store_written();
	load();
	is_int(store_written(), written, "exits that have not changed are not written again");
	leave_through(EXITS_LOWER, "eth0", "");
	key_is(KEY_UPLINK_EXITS_BY, "lower", "with a macvtap");
	leave_through(EXITS_CHOSEN, "eth0", "");
	key_is(KEY_UPLINK_EXITS_BY, "chosen", "with an operator's choice");
	leave_through(EXITS_OLDEST, "veth0", "");
	key_is(KEY_UPLINK_EXITS_BY, "oldest", "with a veth alone");
	desk_free(k);
}

static void choose(const char *port)
{
	store_write(path_of(KEY_UPLINK_UPLINK_PORT), port);
	control_probe_now(&k->c);
	load();
}

/* The uplink is an interface that does not exist: it is in no bridge, and nothing can be chosen. */
static void test_port(void)
{
	struct uplink tap = {.kind = UPLINK_TAP, .ifname = "none0"};

	begin(true);
	k->c.conf.uplink = &tap;
	set(KEY_UPLINK_TX_CAPACITY, "1000000");
	leave_through(EXITS_HARDWARE, "eth0", "");
	choose("nosuch1");
	key_is(KEY_UPLINK_ERROR, "uplink-port \"nosuch1\": nosuch1 does not exist",
	       "with a chosen port that is none");
	key_is(KEY_UPLINK_EXITS_BY, "none", "when the operator's choice makes it look again");
	choose("a-name-beyond-fifteen");
	ok(strstr(store_read(path_of(KEY_UPLINK_ERROR)), "uplink-port \"a-name-beyond-fifteen\""),
	   "a malformed port is named: %s", store_read(path_of(KEY_UPLINK_ERROR)));
	is_str(k->c.probe.port, "nosuch1", "a malformed port changes nothing");
	choose("");
	is_str(k->c.probe.port, "", "an empty port is no choice");
	key_is(KEY_UPLINK_ERROR, "", "when no port is chosen");
	desk_free(k);
}

int main(void)
{
	test_order();
	test_no_signal();
	test_slower();
	test_messages();
	test_minima();
	test_exits();
	test_port();
	return done_testing();
}
