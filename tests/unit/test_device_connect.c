/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of a device: what is offered, what the guest chooses, what reaches the frame loop,
 * and what follows when a connection fails, in time and in xenstore.
 */
#include "backend/control/device_xs.h"
#include "backend/frame/vnet.h"
#include "common/offload.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

static struct desk *k;

static void is_key(unsigned domid, enum schema_key key, const char *want, const char *when)
{
	const char *got = desk_read(domid, key);

	is_str(got ? got : "(missing)", want, "%s is \"%s\" %s", schema_name(key), want, when);
}

/* --- success -----------------------------------------------------------------------------------
 */

static void test_offers(enum capacity_source source, bool room, const char *tso, const char *when)
{
	k = desk_new();
	k->c.link.conf.source = source;
	k->c.probe.found.tso = room;
	desk_attach(k, 1);
	desk_turn(k);
	is_key(1, KEY_BACK_STATE, "2", when);
	is_key(1, KEY_BACK_PROTOCOL_VERSIONS, "1", when);
	is_key(1, KEY_BACK_FEATURE_CSUM, "1", when);
	is_key(1, KEY_BACK_FEATURE_TSO4, tso, when);
	is_key(1, KEY_BACK_FEATURE_TSO6, tso, when);
	is_key(1, KEY_BACK_FEATURE_USO, tso, when);
	is_key(1, KEY_BACK_MAX_RING_ORDER, "20", when);
	is_key(1, KEY_BACK_FEATURE_SPARSE, "1", when);
	desk_free(k);
}

static void test_offers_uso(void)
{
	k = desk_new();
	k->c.link.conf.source = CAPACITY_CONFIGURED;
	k->uplink.offloads &= ~(uint32_t)TAP_USO;
	desk_attach(k, 1);
	desk_turn(k);
	is_key(1, KEY_BACK_FEATURE_TSO4, "1", "where the uplink's kernel takes no USO");
	is_key(1, KEY_BACK_FEATURE_USO, "0", "where the uplink's kernel takes no USO");
	desk_free(k);
}

static void test_conflict(void)
{
	k = desk_new();
	desk_attach(k, 1);
	store_conflict(3);
	desk_turn(k);
	is_key(1, KEY_BACK_STATE, "2", "after conflicts with another writer of xenstore");
	desk_free(k);
}

static void test_add(void)
{
	const struct msg *m;

	k = desk_new();
	k->c.link.conf.source = CAPACITY_CONFIGURED;
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "512");
	desk_write(1, KEY_BACK_TX_MAX, "8000000");
	desk_turn(k);
	desk_write(1, KEY_FRONT_FEATURE_CSUM, "1");
	desk_write(1, KEY_FRONT_FEATURE_TSO6, "1");
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "A", "a guest in state 3 is added to the frame loop");
	is_int(desk_state(1), 4, "a device that is added is connected");
	m = &k->added;
	is_str(m->name, "1/0", "an LDP is named by domain and device");
	is_int(m->id.ldp, record_ldp(1, 0), "an account is of the domain and the device");
	is_int(m->id.uuid[0], 1, "an account has the domain's UUID");
	ok(m->id.generation == strtoull(desk_read(1, KEY_BACK_GENERATION), NULL, 16),
	   "an account has the generation of the attachment");
	ok(m->conf.mac[5] == 1 && m->conf.mtu == 1500 && m->conf.spoof_check,
	   "an LDP has the MAC address and the defaults of its keys");
	ok(m->conf.tx.weight == 512 && m->conf.rx.weight == 512 && m->conf.tx.max_bps == 8000000 &&
		   m->conf.rx.max_bps == 0,
	   "an LDP has the settings that were written");
	is_int(m->conf.tx_features, VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO,
	       "a guest may send what was offered");
	is_int(m->conf.rx_features, VNET_F_CSUM | VNET_F_TSO6, "a guest gets what it chose");
	ok(!m->conf.sparse, "a guest that does not say feature-sparse may flag no frame");
	desk_free(k);
}

static void test_sparse(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	desk_write(1, KEY_FRONT_FEATURE_SPARSE, "1");
	desk_serve(k, 1, 12);
	desk_turn(k);
	desk_said(k);
	ok(k->added.conf.sparse, "a guest that says feature-sparse may flag frames");
	desk_free(k);
}

static void test_slots(void)
{
	k = desk_new();
	is_int(desk_connect(k, 1), 0, "the first device has slot 0");
	is_int(desk_connect(k, 2), 1, "the second device has slot 1");
	desk_failed(k, 0, NULL);
	desk_deleted(k, 0);
	desk_said(k);
	is_int(desk_connect(k, 3), 0, "a slot is given again once its device is deleted");
	is_int(desk_connect(k, 4), 2, "the slot of another device is not given away");
	desk_free(k);
}

static void test_publish(void)
{
	struct ldp_status s = {.credit_bytes = 1000, .balance_bytes = -5, .log_offset = 64};
	unsigned before;

	k = desk_new();
	desk_connect(k, 1);
	device_publish(&k->c, desk_device(k, 1), &s);
	is_key(1, KEY_BACK_CREDIT, "1000", "as published");
	is_key(1, KEY_BACK_CREDIT_BALANCE, "-5", "as published");
	is_key(1, KEY_BACK_LOG_OFFSET, "64", "as published");
	is_key(1, KEY_BACK_TX_RATE, "0", "as published");
	s.credit_bytes = 2000;
	before = store_written();
	device_publish(&k->c, desk_device(k, 1), &s);
	is_key(1, KEY_BACK_CREDIT, "2000", "as published the second time");
	is_int(store_written() - before, 1, "only the key that changed is written again");
	s.credit_bytes = 3000;
	store_remove(desk_dir(1, SCHEMA_BACK));
	device_publish(&k->c, desk_device(k, 1), &s);
	ok(!store_read(desk_dir(1, SCHEMA_BACK)), "a status makes no removed directory again");
	desk_free(k);
}

/* --- failure -----------------------------------------------------------------------------------
 */

static const struct bad {
	const char *name;
	enum schema_key key;
	const char *value; /* NULL: missing */
	unsigned order;	   /* 0: no rings */
	const char *error; /* how the sentence begins */
} bad[] = {
	{"a guest without a version", KEY_FRONT_PROTOCOL_VERSION, NULL, 12,
	 "protocol-version: missing"},
	{"a guest with another version", KEY_FRONT_PROTOCOL_VERSION, "2", 12,
	 "the guest wants protocol 2, this backend speaks 1"},
	{"a guest with a ring order out of range", KEY_FRONT_RING_ORDER, "21", 12, "ring-order "},
	{"a guest with a feature that is no number", KEY_FRONT_FEATURE_USO, "yes", 12,
	 "feature-uso "},
	{"a device without a MAC address", KEY_BACK_MAC, NULL, 12, "mac: missing"},
	{"a guest with rings that are too small", KEY_FRONT_RING_ORDER, "12", 11,
	 "cannot map the guest's rings: their size is out of range"},
	{"a guest without rings", KEY_FRONT_RING_ORDER, "12", 0, "cannot map the guest's rings: "},
};

static void test_bad(const struct bad *row)
{
	struct chan *rings;
	const char *error;

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	rings = desk_serve(k, 1, row->order);
	desk_write(1, row->key, row->value);
	desk_turn(k);
	error = desk_read(1, KEY_BACK_ERROR);
	ok(error && strncmp(error, row->error, strlen(row->error)) == 0, "%s is told: %s",
	   row->name, error ? error : "(nothing)");
	is_str(desk_said(k), "", "%s does not reach the frame loop", row->name);
	is_int(desk_state(1), 6, "%s gets state 6", row->name);
	ok(!rings || !rings->mapped, "%s has no rings mapped", row->name);
	desk_free(k);
}

/* The guest tries and cannot be connected: in state 6 now, and it wants the next offer. */
static void try_in_vain(void)
{
	desk_serve(k, 1, 12);
	desk_write(1, KEY_FRONT_PROTOCOL_VERSION, "9");
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "1");
	desk_turn(k);
}

/* How long the device is not offered a connection, in ms; 0: it is at once. */
static unsigned waits_ms(void)
{
	unsigned ms = 0;

	while (desk_state(1) != 2 && ms < 100000) {
		desk_pass(k, DESK_MS);
		ms++;
	}
	return ms;
}

static void test_back_off(void)
{
	static const unsigned want[] = {500, 1000, 2000, 4000, 8000, 16000, 32000, 32000};

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		try_in_vain();
		is_int(waits_ms(), want[i], "after %zu failures in a row the next offer waits",
		       i + 1);
	}
	desk_free(k);
}

/* What the operator says while a device waits for its next offer. */
static void test_back_off_looks(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	try_in_vain();
	desk_write(1, KEY_BACK_WEIGHT, "77");
	desk_turn(k);
	is_int(desk_device(k, 1)->settings.weight, 77,
	       "a setting is taken while the device waits for an offer");
	desk_write(1, KEY_BACK_WEIGHT, "none");
	desk_turn(k);
	ok(strncmp(desk_read(1, KEY_BACK_ERROR), "weight ", 7) == 0,
	   "a bad setting is told while the device waits for an offer");
	is_int(desk_state(1), 6, "settings do not end the wait for an offer");
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	ok(!desk_device(k, 1), "a device is detached while it waits for an offer");
	desk_free(k);
}

/* A connection that the guest ends after `ms`, when the device had failed three times. */
static unsigned wait_after_lasting(unsigned ms)
{
	unsigned waited;

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	for (int i = 0; i < 3; i++) {
		try_in_vain();
		waits_ms();
	}
	desk_serve(k, 1, 12);
	desk_turn(k);
	desk_pass(k, ms * DESK_MS);
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	try_in_vain();
	waited = waits_ms();
	desk_free(k);
	return waited;
}

static void test_lasting(void)
{
	is_int(wait_after_lasting(9000), 4000, "a connection of nine seconds forgives no failure");
	is_int(wait_after_lasting(11000), 500, "a connection of eleven seconds forgives all");
}

static void test_failed(void)
{
	k = desk_new();
	desk_connect(k, 1);
	desk_failed(k, 0, "TX ring index out of range");
	desk_turn(k);
	is_str(desk_said(k), "D", "a device that failed is deleted");
	is_int(desk_state(1), 4, "a device that failed says nothing while it is deleted");
	is_key(1, KEY_BACK_ERROR, "TX ring index out of range", "after a failure");
	desk_failed(k, 0, "something else");
	is_str(desk_said(k), "", "a device that failed twice is deleted once");
	is_key(1, KEY_BACK_ERROR, "TX ring index out of range", "after a second failure");
	desk_deleted(k, 0);
	desk_turn(k);
	is_int(desk_state(1), 6, "a device that was deleted is closed");
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	is_int(waits_ms(), 500, "a device that failed waits for its next offer");
	desk_serve(k, 1, 12);
	desk_turn(k);
	desk_turn(k);
	is_key(1, KEY_BACK_ERROR, "", "after a connection that works");
	desk_free(k);
}

static void test_closed(void)
{
	k = desk_new();
	desk_connect(k, 1);
	desk_failed(k, 0, NULL);
	desk_said(k);
	desk_deleted(k, 0);
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	is_key(1, KEY_BACK_ERROR, "(missing)", "after the guest closed its side");
	is_int(desk_state(1), 2, "a guest that closed its side is offered the next connection");
	desk_free(k);
}

static void test_refused(void)
{
	k = desk_new();
	desk_connect(k, 1);
	desk_refused(k, 0, "another device on this uplink has the same mac");
	is_int(desk_state(1), 6, "a device that is refused is closed");
	ok(!k->rings[0].chan.mapped, "a device that is refused is unmapped");
	is_key(1, KEY_BACK_ERROR, "another device on this uplink has the same mac",
	       "of a device that is refused");
	is_int(k->c.devices.slots_busy, 0, "a device that is refused has no slot");
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	is_int(waits_ms(), 500, "a device that is refused waits for its next offer");
	desk_free(k);

	k = desk_new();
	desk_connect(k, 1);
	desk_failed(k, 0, NULL);
	desk_refused(k, 0, "out of memory");
	is_key(1, KEY_BACK_ERROR, "(missing)", "of a device refused while it is deleted");
	is_int(desk_state(1), 6, "a device that is refused while it is deleted is closed");
	desk_free(k);
}

int main(void)
{
	test_offers(CAPACITY_MEASURED, false, "0", "without a capacity and with a short queue");
	test_offers(CAPACITY_SPEED, false, "0", "with the capacity of a card and a short queue");
	test_offers(CAPACITY_SPEED, true, "1", "with the capacity of a card and a long queue");
	test_offers(CAPACITY_CONFIGURED, false, "1", "with a capacity");
	test_offers_uso();
	test_conflict();
	test_add();
	test_sparse();
	test_slots();
	test_publish();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_bad(&bad[i]);
	test_back_off();
	test_back_off_looks();
	test_lasting();
	test_failed();
	test_closed();
	test_refused();
	return done_testing();
}
