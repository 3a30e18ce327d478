/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAC addresses that move between guests and the uplink: who gets the frames, which frames are
 * dropped, and what the control thread is told. Guest 0 is not checked for its address, nor is
 * guest 1; guest 2 is.
 */
#include <fnmatch.h>
#include <stdlib.h>

#include "backend/datapath/moves.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static const struct virtio_net_hdr_v1 plain;
static struct bench *b;
static struct mk m;
static bool unlisted; /* the control thread was told so last */

#define V "\x02\0\x5e\0\x01\x0a"

static void begin(void)
{
	struct ldp_conf conf;

	b = bench_new(3);
	for (uint32_t slot = 0; slot < 2; slot++) {
		conf = bench_ldp_conf(slot);
		conf.spoof_check = false;
		bench_configure(b, slot, &conf);
	}
}

static void list_v(uint32_t slot)
{
	struct ldp_conf conf = b->guest[slot].ldp->conf;

	mac_list_parse("02:00:5e:00:01:0a", &conf.allowed_mac, NULL, 0);
	bench_configure(b, slot, &conf);
}

/* The guest sends a frame. */
static void say(uint32_t slot, const void *src, const void *dst)
{
	mk_eth(&m, dst, src, 0x88b5);
	mk_payload(&m, 50);
	bench_give(b, slot, &plain, m.b, m.len);
	while (bench_turn(b))
		;
}

/* A frame comes from the uplink. */
static void come(const void *src, const void *dst)
{
	mk_eth(&m, dst, src, 0x88b5);
	mk_payload(&m, 50);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
}

/* Does the guest get a frame of guest 2 to V? */
static bool has_v(uint32_t slot)
{
	for (uint32_t i = 0; i < 3; i++)
		bench_take_frames(b, i);
	say(2, bench_mac(2), V);
	return bench_take_frames(b, slot) > 0;
}

static uint64_t held(uint32_t slot)
{
	return b->guest[slot].ldp->count.drops[FRAME_MAC_HELD];
}

/* What the control thread was told of the guest since the last call; NULL: nothing. */
static const char *told(uint32_t slot)
{
	static char text[MSG_TEXT_MAX];
	const char *got = NULL;
	struct msg *msg;

	while ((msg = bench_mail(b))) {
		if (msg->type == MSG_TROUBLE && msg->slot == slot) {
			snprintf(text, sizeof(text), "%s", msg->text);
			unlisted = msg->unlisted;
			got = text;
		}
		free(msg);
	}
	return got;
}

/* fnmatch() of what was told. */
static void told_like(uint32_t slot, const char *pattern, const char *name)
{
	const char *text = told(slot);

	if (!ok(text && fnmatch(pattern, text, 0) == 0, "%s", name))
		diag("told: %s", text ? text : "nothing");
}

static void test_learn(void)
{
	begin();
	say(0, V, MK_OTHER);
	ok(has_v(0), "an address that a guest sends from is behind it");
	come(V, MK_BCAST);
	ok(!has_v(0), "an address that the uplink shows is behind the guest no more");
	is_int(b->guest[0].ldp->count.mac_moves, 1, "the move is counted for the guest");
	say(0, V, MK_OTHER);
	ok(!has_v(0), "a guest cannot take an address from the uplink");
	is_int(held(0), 1, "a frame from an address of the uplink is counted as mac-held");
	told_like(0, "*02:00:5e:00:01:0a*uplink*",
		  "the control thread is told of an address that the uplink holds");
	ok(unlisted, "the control thread is told that the address is not listed");
	list_v(0);
	told_like(0, "", "what was told is taken back when the settings change");
	say(0, V, MK_OTHER);
	ok(has_v(0), "a guest can take an address from the uplink that allowed-mac lists");
	bench_pass(b, 300 * NS_PER_SEC);
	ok(!has_v(0), "an address that a guest did not use for long is behind it no more");
	bench_free(b);
}

static void test_guests(void)
{
	begin();
	say(0, bench_mac(2), MK_OTHER);
	is_int(held(0), 1, "a frame from another guest's address is dropped and counted");
	told_like(0, "*another guest*",
		  "the control thread is told of an address of another guest");
	come(MK_OTHER, bench_mac(2));
	is_int(bench_take_frames(b, 2), 1, "a guest keeps its address when another uses it");
	list_v(1);
	say(0, V, MK_OTHER);
	say(1, V, MK_OTHER);
	ok(has_v(1), "an address that allowed-mac lists moves from guest to guest");
	say(0, V, MK_OTHER);
	ok(has_v(1), "an address stays with the last guest that allowed-mac lets have it");
	say(0, "\x03\0\0\0\0\1", MK_OTHER);
	is_int(b->guest[0].ldp->count.drops[FRAME_MALFORMED], 1,
	       "a frame from a group address is dropped");
	bench_free(b);
}

static void test_flapping(void)
{
	begin();
	list_v(0);
	told(0);
	for (unsigned i = 0; i < 2; i++) {
		say(0, V, MK_OTHER);
		come(V, MK_BCAST);
	}
	ok(!told(0), "a few moves are nothing to tell of");
	for (unsigned i = 0; i < 2; i++) {
		say(0, V, MK_OTHER);
		come(V, MK_BCAST);
	}
	told_like(0, "*02:00:5e:00:01:0a keeps moving*", "an address that flaps is told of");
	moves_quiet(b->dp);
	ok(!told(0), "what was told stays for a while");
	bench_pass(b, 61 * NS_PER_SEC);
	moves_quiet(b->dp);
	told_like(0, "", "what was told is taken back when the address is quiet");
	for (unsigned i = 0; i < 4; i++) {
		say(0, V, MK_OTHER);
		bench_pass(b, 61 * NS_PER_SEC);
		come(V, MK_BCAST);
		bench_pass(b, 61 * NS_PER_SEC);
	}
	ok(!told(0), "moves a minute apart are no flapping");
	bench_free(b);
}

static void test_reflecting(void)
{
	struct link_conf link = {.sw = SWITCH_UPLINK};

	begin();
	bench_link(b, &link);
	say(0, V, MK_BCAST);
	come(V, MK_BCAST);
	bench_take_frames(b, 0);
	come(MK_OTHER, V);
	is_int(bench_take_frames(b, 0), 1,
	       "a guest keeps an address that the uplink reflects with switch=uplink");
	say(0, V, MK_BCAST);
	is_int(held(0), 0, "a guest may go on with an address that the uplink reflects");
	bench_free(b);
}

static void confine(uint32_t slot, const char *vlans)
{
	struct ldp_conf conf = b->guest[slot].ldp->conf;

	vlan_policy_parse(vlans, &conf.vlan, NULL, 0);
	bench_configure(b, slot, &conf);
}

static void say_tagged(uint32_t slot, const void *src, const void *dst, uint16_t vid)
{
	mk_eth(&m, dst, src, 0x88b5);
	mk_tag(&m, 0x8100, vid);
	mk_payload(&m, 50);
	bench_give(b, slot, &plain, m.b, m.len);
	while (bench_turn(b))
		;
}

/* Guest 0 is in VLAN 5, where it uses V. Guest 2 is in both VLANs. */
static void test_vlans(void)
{
	begin();
	confine(0, "5");
	confine(2, "5,7");
	say_tagged(0, V, MK_OTHER, 5);
	bench_drain(b);
	bench_take_frames(b, 0);
	say_tagged(2, bench_mac(2), V, 5);
	is_int(bench_take_frames(b, 0), 1, "a frame to a learnt address in its VLAN comes");
	is_int(bench_drain(b), 0, "a frame to a learnt address in its VLAN does not leave");
	say_tagged(2, bench_mac(2), V, 7);
	is_int(bench_take_frames(b, 0), 0,
	       "a guest gets no frame of another VLAN to an address that it took");
	is_int(bench_drain(b), 1, "a frame to an address that was taken in another VLAN leaves");
	say_tagged(2, bench_mac(2), bench_mac(0), 7);
	is_int(bench_take_frames(b, 0) + bench_drain(b), 0,
	       "a frame to a guest's own address in another VLAN goes nowhere");
	is_int(b->guest[0].ldp->count.drops[LDP_DROP_RX_VLAN], 1,
	       "a frame to a guest's own address in another VLAN is counted for it");
	bench_free(b);
}

int main(void)
{
	test_vlans();
	test_learn();
	test_guests();
	test_flapping();
	test_reflecting();
	return done_testing();
}
