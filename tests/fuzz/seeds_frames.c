/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame of each kind that somebody looks into. */
#include "tests/fuzz/seeds.h"

#define CSUM 1
#define TCP4 1
#define TCP6 4
#define USO  5

struct mk seeds_mk;

static struct mk *const m = &seeds_mk;

static void tcp4(void)
{
	mk_eth(m, MK_BCAST, MK_MAC, 0x0800);
	mk_ipv4(m, 6, MK_IP, MK_IP2);
	mk_tcp(m, 1000, 0x99);
	mk_payload(m, 30);
}

static void tcp4_options(void)
{
	mk_eth(m, "\x00\x16\x3e\x77\x88\x99", MK_MAC, 0x0800);
	mk_tag(m, 0x8100, 0x2005);
	mk_ipv4(m, 6, MK_IP, MK_IP2);
	m->b[m->l3] = 0x46;
	mk_add(m, "\1\1\1\0", 4);
	mk_tcp(m, 0xfffffff0, 0x11);
	m->b[m->l4 + 12] = 0x60;
	mk_add(m, "\1\1\1\1", 4);
	mk_payload(m, 10);
}

static void tcp6(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(m, 6, MK_IP6, MK_IP6_2);
	mk_ext(m, 0, "\1\4\0\0\0\0");
	mk_ext(m, 60, "\1\4\0\0\0\0");
	mk_tcp(m, 7, 0x18);
	mk_payload(m, 20);
}

static void udp4(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(m, 17, MK_IP, MK_IP2);
	mk_udp(m, 1, 4789);
	mk_payload(m, 40);
}

static void udp6(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x86dd);
	mk_tag(m, 0x8100, 5);
	mk_tag(m, 0x88a8, 100);
	mk_ipv6(m, 17, MK_LOCAL, MK_IP6_2);
	mk_udp(m, 5, 6);
	mk_payload(m, 20);
}

static void dhcp(void)
{
	mk_eth(m, MK_BCAST, MK_MAC, 0x0800);
	mk_ipv4(m, 17, MK_ZERO, "\xff\xff\xff\xff");
	mk_udp(m, 68, 67);
	mk_payload(m, 20);
}

static void fragment4(void)
{
	udp4();
	m->b[m->l3 + 6] = 0x20;
	m->b[m->l3 + 7] = 1;
}

static void fragment6(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(m, 58, MK_IP6, MK_IP6_2);
	mk_ext(m, 44, "\0\1\0\0\0\7");
	mk_add(m, "\x88\0\0\0\0\0\0\0" MK_IP6, 24);
}

static void arp(void)
{
	mk_eth(m, MK_BCAST, MK_MAC, 0x0806);
	mk_add(m, "\0\1\10\0\6\4\0\1" MK_MAC MK_IP, 18);
	mk_add(m, MK_ZERO MK_IP2, 6);
	mk_add(m, MK_IP2, 4);
}

static void arp_probe(void)
{
	arp();
	memset(m->b + 28, 0, 4);
	memcpy(m->b + 38, MK_IP, 4);
}

static void rarp(void)
{
	arp();
	mk_be16(m, 12, 0x8035);
}

static void icmpv6(unsigned type, const char *src, uint32_t fixed, const char *option)
{
	mk_eth(m, "\x33\x33\0\0\0\1", MK_MAC, 0x86dd);
	mk_ipv6(m, 58, src, MK_IP6_2);
	mk_add(m, (const char[]){(char)type, 0, 0, 0, 0, 0, 0, 0}, 8);
	mk_add(m, MK_IP6 MK_ZERO, fixed - 8);
	mk_add(m, option, 8);
}

static void nd_solicit(void)
{
	icmpv6(135, MK_IP6, 24, "\1\1" MK_MAC);
}

static void nd_dad(void)
{
	icmpv6(135, MK_ZERO, 24, "\16\1" MK_MAC);
}

static void nd_advert(void)
{
	icmpv6(136, MK_LOCAL, 24, "\2\1" MK_MAC);
}

static void nd_router(void)
{
	icmpv6(134, MK_LOCAL, 16, "\1\1" MK_OTHER);
}

static void nd_redirect(void)
{
	icmpv6(137, MK_IP6, 40, "\2\1" MK_MAC);
}

static void mld(void)
{
	icmpv6(143, MK_ZERO, 8, MK_ZERO);
}

static void sctp(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(m, 132, MK_IP, MK_IP2);
	mk_payload(m, 40);
}

static void mpls(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x8847);
	mk_tag(m, 0x8100, 0);
	mk_tag(m, 0x8100, 7);
	mk_tag(m, 0x8100, 9);
	mk_payload(m, 60);
}

static void lldp(void)
{
	mk_eth(m, "\x01\x80\xc2\0\0\x0e", MK_MAC, 0x88cc);
	mk_tag(m, 0x8100, 0);
	mk_payload(m, 30);
}

static void cdp(void)
{
	mk_eth(m, "\x01\0\x0c\xcc\xcc\xcc", MK_MAC, 0x0026);
	mk_add(m, "\xaa\xaa\x03\0\0\x0c\x20\0", 8);
	mk_payload(m, 30);
}

static void snap(void)
{
	mk_eth(m, MK_BCAST, MK_MAC, 0x0100);
	mk_tag(m, 0x9100, 3);
	mk_add(m, "\xaa\xaa\x03\0\0\0\x86\xdd", 8);
	mk_ipv6(m, 58, MK_LOCAL, MK_IP6_2);
	mk_add(m, "\x86\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void offer(void)
{
	mk_eth(m, MK_BCAST, MK_MAC, 0x0800);
	mk_ipv4(m, 17, MK_IP, "\xff\xff\xff\xff");
	mk_udp(m, 67, 68);
	mk_payload(m, 20);
}

static void offer6(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(m, 17, MK_LOCAL, MK_IP6_2);
	mk_ext(m, 60, "\1\4\0\0\0\0");
	mk_ext(m, 44, "\0\1\0\0\0\7");
	mk_udp(m, 547, 546);
	mk_payload(m, 20);
}

static void runt(void)
{
	mk_eth(m, MK_OTHER, MK_MAC, 0x8100);
}

static const struct {
	const char *name;
	void (*make)(void);
	uint8_t gso; /* type, if it may be segmented */
} frames[] = {
	{"tcp4", tcp4, TCP4},
	{"tcp4-options", tcp4_options, TCP4 | 0x80},
	{"tcp6", tcp6, TCP6},
	{"udp4", udp4, USO},
	{"udp6", udp6, USO},
	{"dhcp", dhcp, 0},
	{"fragment4", fragment4, 0},
	{"fragment6", fragment6, 0},
	{"arp", arp, 0},
	{"arp-probe", arp_probe, 0},
	{"rarp", rarp, 0},
	{"nd-solicit", nd_solicit, 0},
	{"nd-dad", nd_dad, 0},
	{"nd-advert", nd_advert, 0},
	{"nd-router", nd_router, 0},
	{"nd-redirect", nd_redirect, 0},
	{"mld", mld, 0},
	{"sctp", sctp, 0},
	{"mpls", mpls, 0},
	{"lldp", lldp, 0},
	{"cdp", cdp, 0},
	{"snap", snap, 0},
	{"offer", offer, 0},
	{"offer6", offer6, 0},
	{"runt", runt, 0},
};

_Static_assert(sizeof(frames) / sizeof(frames[0]) == SEEDS_FRAMES, "their number in seeds.h");

const char *seeds_frame_name(size_t i)
{
	return frames[i].name;
}

struct virtio_net_hdr_v1 seeds_frame(size_t i, enum variant variant)
{
	uint32_t field;

	frames[i].make();
	if (m->l4 > 0)
		mk_finish(m, 0);
	field = m->proto == 6 ? 16 : m->proto == 17 ? 6 : 2;
	if (variant == CUT && m->l4 > 0)
		m->len = m->l4 - 1;
	if (variant == SUMMED_OVER_IP) /* where the source address is, or the one in ARP or ND */
		return MK_VNET(CSUM, 0, 0, m->l3,
			       m->proto == 58 ? 48
			       : m->v6	      ? 8
			       : m->l4	      ? 12
					      : 14);
	if (variant == PLAIN || variant == CUT || m->l4 == 0)
		return (struct virtio_net_hdr_v1){0};
	if (variant == SUMMED || !frames[i].gso)
		return MK_VNET(CSUM, 0, 0, m->l4, field);
	return MK_VNET(CSUM, frames[i].gso, 400, m->l4, field);
}
