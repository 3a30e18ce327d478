/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the uplink's error says of keys about the host that cannot all be kept. The exit, whose
 * capacity is configured, is the test's.
 */
#include "backend/control/control_host.h"
#include "backend/control/control_uplink.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define CAPACITY "100000000"

static struct desk *k;

static const char *path_of(enum schema_key key)
{
	static char path[SCHEMA_PATH_MAX];

	schema_key_path(path, sizeof(path), k->c.uplink_dir, key);
	return path;
}

/* As the thread works. */
static void look(void)
{
	control_load_link(&k->c);
	if (control_host_judge(&k->c))
		control_load_link(&k->c);
	desk_said(k);
}

static void set(enum schema_key key, const char *value)
{
	if (value)
		store_write(path_of(key), value);
	else
		store_remove(path_of(key));
	look();
}

static void error_is(const char *want, const char *when)
{
	const char *got = store_read(path_of(KEY_UPLINK_ERROR));

	is_str(got ? got : "", want, "the uplink's error is \"%s\" %s", want, when);
}

static void begin(void)
{
	k = desk_new();
	k->c.share.count = 1;
	k->c.share.ports[0].may = true;
	set(KEY_UPLINK_TX_CAPACITY, CAPACITY);
	error_is("", "without keys about the host");
}

#define BEYOND                                                                                   \
	"host-min 100000001: the host gets 95000000 at most while guests send, as the capacity " \
	"is " CAPACITY

static void test_min_beyond(void)
{
	begin();
	set(KEY_UPLINK_HOST_MIN, "95000000");
	error_is("", "with all that the host can have as host-min");
	set(KEY_UPLINK_HOST_MIN, "100000001");
	error_is(BEYOND, "with a host-min above the capacity");
	set(KEY_UPLINK_HOST_WEIGHT, "heavy");
	ok(strstr(store_read(path_of(KEY_UPLINK_ERROR)), "host-weight \"heavy\""),
	   "a malformed key is told of first");
	set(KEY_UPLINK_HOST_WEIGHT, NULL);
	error_is(BEYOND, "when the malformed key is mended");
	set(KEY_UPLINK_TX_CAPACITY, "200000000");
	error_is("", "when the capacity has room for host-min");
	set(KEY_UPLINK_TX_CAPACITY, CAPACITY);
	error_is(BEYOND, "when the capacity has no room any more");
	k->c.share.ports[0].may = false;
	look();
	error_is("", "when the exit is not shared, and host-min means nothing");
	k->c.share.ports[0].may = true;
	look();
	set(KEY_UPLINK_HOST_MIN, NULL);
	error_is("", "without host-min");
	desk_free(k);
}

static void test_min_beside_minima(void)
{
	begin();
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_TX_MIN, "60000000");
	desk_turn(k);
	look();
	error_is("", "with a tx-min that fits beside the host's minimum");
	set(KEY_UPLINK_HOST_MIN, "30000000");
	error_is("", "with a host-min that leaves room for the tx-min");
	set(KEY_UPLINK_HOST_MIN, "40000000");
	error_is("host-min 40000000: the tx-min of all devices and groups, 60000000, are more than "
		 "95 % of "
		 "what it leaves of the capacity of " CAPACITY,
		 "with a host-min that does not");
	desk_write(1, KEY_BACK_TX_MIN, "50000000");
	desk_turn(k);
	look();
	error_is("", "when the tx-min gives way");
	desk_free(k);
}

static void test_max_below(void)
{
	begin();
	set(KEY_UPLINK_HOST_MAX, "5000000");
	error_is("", "with a host-max of the minimum by default");
	set(KEY_UPLINK_HOST_MAX, "4999999");
	error_is("host-max 4999999: less than host-min, which is 5000000 where it is not set, as "
		 "the capacity is " CAPACITY,
		 "with a host-max below the minimum by default");
	set(KEY_UPLINK_HOST_MIN, "0");
	error_is("", "with a host-min that is below host-max");
	set(KEY_UPLINK_HOST_MIN, "5000000");
	error_is("host-min 5000000: more than host-max 4999999", "with a host-min above host-max");
	is_int(k->c.host.min_bps, 0, "a host-min above host-max changes nothing");
	set(KEY_UPLINK_HOST_MAX, NULL);
	error_is("", "without host-max");
	is_int(k->c.host.min_bps, 5000000, "a host-min is in force when host-max is gone");
	desk_free(k);
}

/* The smallest of several exits decides. */
static void test_exits(void)
{
	begin();
	set(KEY_UPLINK_HOST_MIN, "50000000");
	error_is("", "with one exit that has room");
	k->c.share.ports[1] = k->c.share.ports[0];
	snprintf(k->c.share.ports[1].port.found.root, QDISC_KIND_MAX, "tbf");
	k->c.share.ports[1].port.found.tbf.rate_bps = 50000000;
	k->c.share.count = 2;
	look();
	error_is("host-min 50000000: the host gets 47500000 at most while guests send, as the "
		 "capacity is 50000000",
		 "with a second one that has none");
	desk_free(k);
}

int main(void)
{
	test_min_beyond();
	test_min_beside_minima();
	test_max_below();
	test_exits();
	return done_testing();
}
