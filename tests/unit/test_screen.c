/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest may not send, and not receive: control frames and services, in all directions, as
 * its settings say, each counted for the one whose setting forbids it.
 */
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static const struct virtio_net_hdr_v1 plain;
static struct bench *b;
static struct mk m;

static uint64_t dropped(uint32_t slot, unsigned reason)
{
	return b->guest[slot].ldp->count.drops[reason];
}

/* Guest 0 sends what is in m. How many frames leave. */
static unsigned sends(void)
{
	bench_drain(b);
	bench_give(b, 0, &plain, m.b, m.len);
	while (bench_turn(b))
		;
	return bench_drain(b);
}

static void permit(uint32_t slot, bool control_frames, bool guest_services)
{
	struct ldp_conf conf = bench_ldp_conf(slot);

	conf.control_frames = control_frames;
	conf.guest_services = guest_services;
	bench_configure(b, slot, &conf);
}

static void lldp(const void *dst, const void *src)
{
	mk_eth(&m, dst, src, 0x88cc);
	mk_payload(&m, 50);
}

#define LLDP_GROUP "\x01\x80\xc2\0\0\x0e"

static void test_control_out(void)
{
	b = bench_new(3);
	lldp(LLDP_GROUP, MK_MAC);
	is_int(sends(), 0, "a control frame does not leave");
	is_int(dropped(0, FRAME_CONTROL), 1, "a control frame is counted for its sender");
	is_int(bench_take_frames(b, 1), 0, "a control frame to a group reaches no other guest");
	is_int(dropped(1, LDP_DROP_RX_CONTROL), 0, "a control frame is not counted twice");
	lldp(bench_mac(1), MK_MAC);
	is_int(sends() + bench_take_frames(b, 1), 0,
	       "a control frame to a guest does not reach it");
	is_int(dropped(0, FRAME_CONTROL), 2, "a control frame to a guest is counted");
	permit(0, true, false);
	is_int(sends() + bench_take_frames(b, 1), 0,
	       "a guest without control-frames gets none of a guest that has it");
	is_int(dropped(1, LDP_DROP_RX_CONTROL), 1,
	       "a control frame that a guest may not get is counted for it");
	permit(1, true, false);
	sends();
	is_int(bench_take_frames(b, 1), 1, "two guests with control-frames reach each other");
	lldp(LLDP_GROUP, MK_MAC);
	is_int(sends(), 1, "a control frame of a guest with control-frames leaves");
	is_int(bench_take_frames(b, 1), 1, "a control frame reaches the guests that may get it");
	is_int(bench_take_frames(b, 2), 0, "a control frame reaches no guest that may not");
	permit(0, false, false);
	is_int(sends(), 0, "a guest whose control-frames is cleared sends no control frame");
	bench_free(b);
}

static void come(void)
{
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
}

static void test_control_in(void)
{
	b = bench_new(2);
	permit(1, true, false);
	lldp(LLDP_GROUP, MK_OTHER);
	mk_tag(&m, 0x8100, 0);
	come();
	is_int(bench_take_frames(b, 0), 0, "a control frame of the uplink reaches no guest");
	is_int(dropped(0, LDP_DROP_RX_CONTROL), 1, "a control frame of the uplink is counted");
	is_int(bench_take_frames(b, 1), 1,
	       "a control frame of the uplink reaches a guest with control-frames");
	lldp(MK_MAC, MK_OTHER);
	come();
	is_int(bench_take_frames(b, 0), 0, "a control frame to a guest's address does not come");
	bench_free(b);
}

/* A GSO frame to a group leaves and comes in its segments. */
static void test_control_parts(void)
{
	struct virtio_net_hdr_v1 uso = MK_VNET(1, 5, 1000, 34, 6);

	b = bench_new(3);
	permit(0, true, false);
	permit(1, true, false);
	mk_eth(&m, LLDP_GROUP, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, 1, 2);
	mk_payload(&m, 3000);
	mk_finish(&m, 0);
	bench_give(b, 0, &uso, m.b, m.len);
	while (bench_turn(b))
		;
	is_int(bench_take_frames(b, 1), 3, "segments of a control frame reach who may get it");
	is_int(bench_take_frames(b, 2), 0, "segments of a control frame reach nobody else");
	memcpy(m.b + 6, MK_OTHER, 6);
	bench_come(b, &uso, m.b, m.len);
	bench_receive(b);
	is_int(bench_take_frames(b, 1), 3, "segments of the uplink's reach who may get them");
	is_int(bench_take_frames(b, 2), 0, "segments of the uplink's reach nobody else");
	bench_free(b);
}

/* A router advertisement. */
static void router(const void *src)
{
	mk_eth(&m, "\x33\x33\0\0\0\1", src, 0x86dd);
	mk_ipv6(&m, 58, MK_LOCAL, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	mk_add(&m, "\x86\0\0\0\x40\0\x07\x08\0\0\0\0\0\0\0\0", 16);
	mk_finish(&m, 1);
}

static void test_service(void)
{
	b = bench_new(2);
	router(MK_MAC);
	is_int(sends() + bench_take_frames(b, 1), 0, "a router advertisement does not leave");
	is_int(dropped(0, FRAME_SERVICE), 1, "a router advertisement is counted");
	permit(0, false, true);
	is_int(sends(), 1, "a router advertisement of a guest with guest-services leaves");
	is_int(bench_take_frames(b, 1), 1,
	       "a router advertisement of a guest with guest-services reaches another");
	router(MK_OTHER);
	come();
	is_int(bench_take_frames(b, 0) + bench_take_frames(b, 1), 2,
	       "a router advertisement of the uplink reaches all guests");
	bench_free(b);
}

/* A first fragment that does not show what it is. */
static void hidden(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 60, MK_LOCAL, MK_IP6_2);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	mk_finish(&m, 0);
}

static void test_hidden(void)
{
	struct ldp_conf conf = bench_ldp_conf(0);

	b = bench_new(2);
	hidden();
	is_int(sends(), 0, "a first fragment that hides its header does not leave");
	is_int(dropped(0, FRAME_HIDDEN), 1, "a first fragment that hides its header is counted");
	permit(0, false, true);
	is_int(sends(), 0, "guest-services does not let a hidden neighbour advertisement leave");
	conf.guest_services = true;
	conf.spoof_check = false;
	bench_configure(b, 0, &conf);
	is_int(sends(), 1, "a guest that is trusted with both may send what it likes");
	bench_free(b);
}

/* An echo request from a link-local address. */
static void echo(const char *src)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, src, MK_LOCAL2);
	mk_add(&m, "\x80\0\0\0\0\0\0\0", 8);
	mk_finish(&m, 1);
}

#define PRIVACY "\xfe\x80\0\0\0\0\0\0\x5a\1\2\3\4\5\6\7"

static void test_linklocal(void)
{
	struct ldp_conf conf = bench_ldp_conf(0);
	struct linklocal_user other;
	const uint8_t *mac = bench_mac(1);
	const char eui[16] = {(char)0xfe,
			      (char)0x80,
			      0,
			      0,
			      0,
			      0,
			      0,
			      0,
			      (char)(mac[0] ^ 2),
			      (char)mac[1],
			      (char)mac[2],
			      (char)0xff,
			      (char)0xfe,
			      (char)mac[3],
			      (char)mac[4],
			      (char)mac[5]};

	b = bench_new(2);
	ip_list_parse("10.0.0.1", &conf.allowed, NULL, 0);
	bench_configure(b, 0, &conf);
	echo(PRIVACY);
	is_int(sends(), 1, "with allowed-ip a link-local address need not be made from the MAC");
	echo(eui);
	is_int(sends(), 0, "with allowed-ip the address made from another guest's MAC is refused");
	other = (struct linklocal_user){b->dp->locals, 1, 2, b->dp->now_ns};
	ok(!linklocal_claim(&other, (const uint8_t *)PRIVACY),
	   "a link-local address in use is not granted to another guest");
	bench_delete(b, 0);
	ok(linklocal_claim(&other, (const uint8_t *)PRIVACY),
	   "a link-local address is free when its guest goes");
	bench_free(b);
}

/* ARP from another's MAC, in LLC/SNAP. */
static void test_wrapped_arp(void)
{
	b = bench_new(1);
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0024);
	mk_add(&m, "\xaa\xaa\x03\0\0\0\x08\x06\0\1\x08\0\6\4\0\2", 16);
	mk_add(&m, MK_OTHER MK_IP MK_MAC MK_IP2, 20);
	is_int(sends(), 0, "ARP with another's MAC in LLC/SNAP does not leave");
	is_int(dropped(0, FRAME_SPOOF_MAC), 1, "ARP with another's MAC in LLC/SNAP is counted");
	memcpy(m.b + 30, MK_MAC, 6);
	is_int(sends(), 1, "ARP with the own MAC in LLC/SNAP leaves");
	bench_free(b);
}

int main(void)
{
	test_control_out();
	test_control_in();
	test_control_parts();
	test_service();
	test_hidden();
	test_linklocal();
	test_wrapped_arp();
	return done_testing();
}
