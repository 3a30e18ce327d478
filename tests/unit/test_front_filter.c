/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filter for one flow's frames drops and accepts, run by the kernel before a socket. */
#include "frontend/tx_filter.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "common/flow_key.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static struct mk m;
static int from, to; /* a pair of sockets; the filter is before `to` */

static unsigned build(struct sock_filter code[TX_FILTER_MAX], uint32_t len)
{
	struct flowq_limits limits = flowq_limits_default();
	struct flowq *q = flowq_new(1024, &limits, 1, NULL, NULL);
	struct flowq_place place = flowq_place_of(q, m.b, len);

	flowq_free(q);
	return tx_filter_build(code, m.b, len, &place);
}

/* A filter of the frame in m. */
static void sample(void)
{
	struct sock_filter code[TX_FILTER_MAX];
	struct sock_fprog prog = {.filter = code};

	prog.len = (unsigned short)build(code, m.len);
	if (prog.len == 0 || setsockopt(to, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0)
		abort();
}

/* Does the frame in m get through? */
static bool passes(void)
{
	char byte;

	if (send(from, m.b, m.len, 0) < 0)
		abort();
	return recv(to, &byte, 1, MSG_DONTWAIT) == 1;
}

static void udp4(uint16_t sport)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, sport, 9);
	mk_payload(&m, 100);
	mk_finish(&m, 0);
}

static void udp6(const char *ext)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	if (ext)
		mk_ext(&m, 44, ext);
	mk_udp(&m, 1, 9);
	mk_payload(&m, 100);
	mk_finish(&m, 0);
}

/* 4 bytes of options. */
static void options4(void)
{
	udp4(1);
	memmove(m.b + 38, m.b + 34, m.len - 34);
	memcpy(m.b + 34, "\x94\x04\0\0", 4);
	m.b[14] = 0x46;
	m.len += 4;
}

struct change {
	uint32_t off;
	uint8_t bits;
	const char *what;
};

static const struct change
	same4[] =
		{
			{0, 2, "to another MAC address"}, {15, 0xff, "with other DSCP and ECN"},
			{18, 0xff, "with another id"},	  {20, 0x40, "without DF"},
			{22, 0x3f, "with another TTL"},	  {50, 0xff, "with another payload"},
},
	other4[] =
		{
			{12, 1, "with another ethertype"},
			{14, 0x20, "with another IP version"},
			{14, 3, "with a longer header"},
			{20, 0x20, "that is a first fragment"},
			{20, 0x01, "that is a later fragment"},
			{21, 0x80, "that is a later fragment nearer to the first"},
			{23, 17 ^ 6, "that is TCP"},
			{23, 17 ^ 136, "that is UDP-Lite"},
			{26, 0x80, "from another network"},
			{29, 1, "from another address"},
			{30, 0x80, "to another network"},
			{33, 1, "to another address"},
			{34, 0x80, "from another port far away"},
			{35, 2, "from another port"},
			{36, 0x80, "to another port far away"},
			{37, 1, "to another port"},
},
	same6[] =
		{
			{6, 2, "from another MAC address"},
			{14, 0x0f, "of another class"},
			{16, 0xff, "with another flow label"},
			{21, 0xff, "with another hop limit"},
},
	other6[] = {
		{12, 1, "with another ethertype"}, {14, 0x20, "with another IP version"},
		{20, 17 ^ 6, "that is TCP"},	   {20, 17 ^ 44, "that is a fragment"},
		{22, 1, "from another network"},   {29, 1, "from a second network"},
		{37, 3, "from another address"},   {38, 1, "to another network"},
		{45, 1, "to a second network"},	   {53, 3, "to another address"},
		{55, 1, "from another port"},	   {57, 1, "to another port"},
};

static void test_changes(const char *ip, const struct change *c, unsigned n, bool passed)
{
	for (unsigned i = 0; i < n; i++) {
		m.b[c[i].off] ^= c[i].bits;
		is_int(passes(), passed, "%s: a datagram %s is %s", ip, c[i].what,
		       passed ? "accepted" : "dropped");
		m.b[c[i].off] ^= c[i].bits;
	}
}

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Frames that end in the middle of what the filter reads. */
static void test_short(const char *ip, uint32_t ports)
{
	uint32_t whole = m.len;

	m.len = ports + 4;
	ok(!passes(), "%s: a frame that ends behind the ports is dropped", ip);
	for (uint32_t i = 0; i < 3; i++) {
		m.len = (const uint32_t[]){1, 14, ports + 3}[i];
		ok(passes(), "%s: a frame of %u bytes is accepted", ip, (unsigned)m.len);
	}
	m.len = whole;
}

static void test_program(void)
{
	udp4(1);
	sample();
	ok(!passes(), "IPv4: a datagram of the flow is dropped");
	test_changes("IPv4", same4, N(same4), false);
	test_changes("IPv4", other4, N(other4), true);
	test_short("IPv4", 34);
	mk_tag(&m, 0x8100, 5);
	ok(passes(), "IPv4: a datagram with a VLAN tag is accepted");
	options4();
	ok(passes(), "IPv4: a datagram with options is accepted");
	sample();
	ok(!passes(), "a filter made of a datagram with options drops it");
	test_short("options", 38);
	udp4(1);
	ok(passes(), "a filter made of a datagram with options accepts one without");
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0806);
	mk_payload(&m, 46);
	ok(passes(), "ARP is accepted");
	udp6(NULL);
	ok(passes(), "a filter of IPv4 accepts IPv6");
	sample();
	ok(!passes(), "IPv6: a datagram of the flow is dropped");
	test_changes("IPv6", same6, N(same6), false);
	test_changes("IPv6", other6, N(other6), true);
	test_short("IPv6", 54);
	udp6("\0\x01\0\0\0\x07");
	ok(passes(), "IPv6: a fragment is accepted");
	udp4(1);
	ok(passes(), "a filter of IPv6 accepts IPv4");
}

static void none(uint32_t len, const char *what)
{
	struct sock_filter code[TX_FILTER_MAX];

	is_int(build(code, len), 0, "there is no filter for %s", what);
}

static void test_none(void)
{
	udp4(1);
	none(37, "a datagram without all of its ports");
	m.b[20] = 0x20;
	none(m.len, "a first fragment");
	m.b[20] = 1;
	none(m.len, "a later fragment");
	m.b[20] = 0;
	m.b[21] = 1;
	none(m.len, "a fragment near the first");
	udp4(1);
	mk_tag(&m, 0x8100, 5);
	memcpy(m.b + 20, "\x40\0\0\x11", 4); /* as if an IP header were where the tag is */
	none(m.len, "a tagged datagram");
	udp4(1);
	m.b[23] = 6;
	none(m.len, "TCP");
	udp6(NULL);
	none(57, "an IPv6 datagram without all of its ports");
	udp6("\0\x01\0\0\0\x07");
	none(m.len, "an IPv6 fragment");
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0806);
	mk_payload(&m, 46);
	m.b[20] = 17;
	none(m.len, "ARP");
}

/* The fd is no TAP. */
static void test_refused(void)
{
	struct flowq_place place = {1, FLOW_L3_IPV4, 14};
	struct tx_filter f;

	tx_filter_init(&f, from);
	udp4(1);
	tx_filter_on(&f, m.b, m.len, &place);
	ok(!f.on && f.refused, "where no filter can be attached, none is on");
}

int main(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	from = pair[0];
	to = pair[1];
	test_program();
	test_none();
	test_refused();
	return done_testing();
}
