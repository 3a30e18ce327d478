/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minima of all devices together: what is admitted, and what is scaled down and says so. */
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define MBIT 1000000ull

static struct desk *k;

static void begin(uint64_t tx_capacity_bps, uint64_t rx_capacity_bps)
{
	k = desk_new();
	k->c.link.conf.tx_capacity_bps = tx_capacity_bps;
	k->c.link.conf.rx_capacity_bps = rx_capacity_bps;
	k->c.link.conf.signal = true;
	desk_connect(k, 1);
	desk_connect(k, 2);
}

static void set(unsigned domid, enum schema_key key, uint64_t bps)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bps);
	desk_write(domid, key, text);
	desk_turn(k);
}

static const char *error(unsigned domid)
{
	const char *text = desk_read(domid, KEY_BACK_ERROR);

	return text ? text : "";
}

static const struct ldp_settings *settings(unsigned domid)
{
	return &desk_device(k, domid)->settings;
}

/* --- admission ---------------------------------------------------------------------------------
 */

static void test_admit(enum schema_key key)
{
	const char *name = schema_name(key);
	bool tx = key == KEY_BACK_TX_MIN;

	begin(100 * MBIT, 100 * MBIT);
	set(1, key, 60 * MBIT);
	set(2, key, 35 * MBIT);
	is_str(error(2), "", "%s: minima of 95 %% of the capacity are admitted", name);
	set(2, key, 35 * MBIT + 1);
	ok(strstr(error(2), "the minima would sum to 95000001, 1 more than 95 %"),
	   "%s: minima of more are refused: %s", name, error(2));
	is_int(tx ? settings(2)->tx_min : settings(2)->rx_min, 35 * MBIT,
	       "%s: a minimum that is refused keeps the old value", name);
	is_str(error(1), "", "%s: the other device is not told", name);
	set(2, key, 10 * MBIT);
	is_int(tx ? settings(2)->tx_min : settings(2)->rx_min, 10 * MBIT,
	       "%s: a minimum that is lowered is admitted", name);
	is_str(error(2), "", "%s: a minimum that is admitted clears the error", name);
	desk_free(k);
}

static void test_admit_others(void)
{
	begin(100 * MBIT, 0);
	desk_attach(k, 5);
	desk_write(5, KEY_BACK_UPLINK, "other");
	set(5, KEY_BACK_TX_MIN, 60 * MBIT);
	set(2, KEY_BACK_TX_MIN, 90 * MBIT);
	is_int(settings(2)->tx_min, 90 * MBIT,
	       "the minimum of another daemon's device is no matter");
	desk_free(k);

	begin(0, 0);
	k->c.probe.estimate_bps = 100 * MBIT;
	set(1, KEY_BACK_TX_MIN, 500 * MBIT);
	is_int(settings(1)->tx_min, 500 * MBIT,
	       "without a configured capacity each minimum is admitted");
	set(1, KEY_BACK_RX_MIN, 500 * MBIT);
	is_int(settings(1)->rx_min, 500 * MBIT,
	       "without a configured capacity each minimum of reception is admitted");
	desk_free(k);
}

/* The link was promised whole, and then configured smaller. */
static void test_room(void)
{
	begin(100 * MBIT, 0);
	set(1, KEY_BACK_TX_MIN, 60 * MBIT);
	set(2, KEY_BACK_TX_MIN, 35 * MBIT);
	k->c.link.conf.tx_capacity_bps = 50 * MBIT;
	desk_turn(k);
	set(2, KEY_BACK_TX_MIN, 34 * MBIT);
	is_int(settings(2)->tx_min, 34 * MBIT,
	       "a minimum is lowered though all together exceed a smaller capacity");
	set(2, KEY_BACK_TX_MIN, 35 * MBIT);
	is_int(settings(2)->tx_min, 34 * MBIT, "a smaller capacity has no room for more");
	desk_end(1);
	desk_turn(k);
	set(2, KEY_BACK_TX_MIN, 47500001);
	ok(strstr(error(2), "would sum to 47500001, 1 more"),
	   "a device that goes gives no more than its minimum back: %s", error(2));
	set(2, KEY_BACK_TX_MIN, 47500000);
	is_int(settings(2)->tx_min, 47500000, "a device that goes gives its minimum back");
	desk_free(k);
}

/* --- more than the link carries ----------------------------------------------------------------
 */

static void measure(uint64_t bps)
{
	k->c.probe.estimate_bps = bps;
	desk_turn(k);
}

static bool is_scaled(unsigned domid)
{
	return strncmp(error(domid), "tx-min is scaled down", 21) == 0;
}

static void test_scaled(void)
{
	begin(0, 0);
	measure(1000 * MBIT);
	set(1, KEY_BACK_TX_MIN, 90 * MBIT);
	ok(!is_scaled(1), "a minimum that the link carries is not scaled down");
	measure(94 * MBIT);
	ok(is_scaled(1), "a minimum beyond 95 %% of what the link carries is scaled down: %s",
	   error(1));
	is_str(error(2), "", "a device without a minimum says nothing");
	is_int(settings(1)->tx_min, 90 * MBIT, "a minimum that is scaled down stays granted");
	measure(99 * MBIT);
	ok(is_scaled(1), "a minimum stays scaled down where the link carries a little more");
	measure(101 * MBIT);
	is_str(error(1), "",
	       "a minimum of 90 %% of what the link carries is no longer scaled down");
	measure(96 * MBIT);
	is_str(error(1), "", "a minimum below 95 %% is not scaled down a second time");
	desk_free(k);
}

static void test_scaled_by_capacity(void)
{
	begin(200 * MBIT, 200 * MBIT);
	set(1, KEY_BACK_RX_MIN, 100 * MBIT);
	k->c.link.conf.rx_capacity_bps = 100 * MBIT;
	desk_turn(k);
	ok(strstr(error(1), "rx-min is scaled down") && strstr(error(1), "95 % of rx-capacity"),
	   "a capacity that is lowered scales a minimum down: %s", error(1));
	k->c.link.conf.rx_capacity_bps = 106 * MBIT;
	desk_turn(k);
	is_str(error(1), "", "a configured capacity has one threshold");
	desk_free(k);
}

/* --- beside the host ------------------------------------------------------------------------- */

static void test_beside_host(void)
{
	begin(100 * MBIT, 0);
	k->c.share.count = 1;
	k->c.share.ldps_bps = 80 * MBIT;
	set(1, KEY_BACK_TX_MIN, 76 * MBIT);
	is_str(error(1), "", "a minimum of 95 %% of what the host leaves is admitted");
	set(1, KEY_BACK_TX_MIN, 76 * MBIT + 1);
	ok(strstr(error(1),
		  "1 more than 95 % of the capacity of 80000000 that the host's minimum leaves"),
	   "a minimum of more than the host leaves is refused: %s", error(1));
	set(1, KEY_BACK_TX_MIN, 76 * MBIT);
	k->c.share.ldps_bps = 70 * MBIT;
	desk_turn(k);
	ok(is_scaled(1), "a minimum that the host leaves no room for is scaled down: %s", error(1));
	k->c.share.count = 0;
	desk_turn(k);
	ok(!is_scaled(1), "without a share of the host the minimum is not scaled down");
	desk_free(k);
}

int main(void)
{
	test_beside_host();
	test_admit(KEY_BACK_TX_MIN);
	test_admit(KEY_BACK_RX_MIN);
	test_admit_others();
	test_room();
	test_scaled();
	test_scaled_by_capacity();
	return done_testing();
}
