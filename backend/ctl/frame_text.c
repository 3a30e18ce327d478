/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/frame_text.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "backend/frame/frame.h"

/* Text that grows, and what it is made of. */
struct text {
	char *out;
	size_t len;
	const uint8_t *hdr;
	size_t hdr_len;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->out + t->len, FRAME_TEXT_MAX - t->len, fmt, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < FRAME_TEXT_MAX - t->len ? (size_t)n
							      : FRAME_TEXT_MAX - t->len - 1;
}

/* An IP address, and the port of a protocol that has some. */
static void say_end(struct text *t, int family, size_t addr_off, const struct frame_info *fi,
		    size_t port_off)
{
	const uint8_t *addr = frame_at(t->hdr, t->hdr_len, addr_off, family == AF_INET ? 4 : 16);
	const uint8_t *port = frame_at(t->hdr, t->hdr_len, fi->l4_off + port_off, 2);
	char text[INET6_ADDRSTRLEN];

	if (!addr)
		return;
	say(t, "%s", inet_ntop(family, addr, text, sizeof(text)));
	if (fi->l4_off && port && fi->l4_len)
		say(t, ".%u", frame_be16(port));
}

static void say_protocol(struct text *t, const struct frame_info *fi)
{
	if (fi->fragment)
		say(t, " fragment");
	if (!fi->l4_off)
		return;
	switch (fi->l4_proto) {
	case FRAME_PROTO_TCP:
		say(t, " tcp");
		break;
	case FRAME_PROTO_UDP:
		say(t, " udp");
		break;
	case FRAME_PROTO_ICMP:
		say(t, " icmp");
		break;
	case FRAME_PROTO_ICMPV6:
		say(t, " icmp6");
		break;
	default:
		say(t, " protocol %u", fi->l4_proto);
	}
}

static void say_ip(struct text *t, const struct frame_info *fi)
{
	bool v4 = fi->l3 == FRAME_L3_IPV4;
	int family = v4 ? AF_INET : AF_INET6;
	size_t at = fi->l3_off + (v4 ? 12u : 8u);

	say(t, v4 ? " ip " : " ip6 ");
	say_end(t, family, at, fi, 0);
	say(t, " > ");
	say_end(t, family, at + (v4 ? 4 : 16), fi, 2);
	say_protocol(t, fi);
}

static void say_arp(struct text *t, const struct frame_info *fi)
{
	const struct frame_info none = {.l4_off = 0};

	say(t, " arp ");
	say_end(t, AF_INET, fi->l3_off + 14u, &none, 0);
	say(t, " > ");
	say_end(t, AF_INET, fi->l3_off + 24u, &none, 0);
}

static void say_frame(struct text *t, const struct frame_info *fi)
{
	char src[FRAME_MAC_STR], dst[FRAME_MAC_STR];

	say(t, "%s > %s", frame_mac_format(fi->src, src), frame_mac_format(fi->dst, dst));
	if (fi->vid >= 0)
		say(t, " vlan %d", fi->vid);
	if (fi->l3_bad)
		say(t, " type 0x%04x, cut short or malformed", fi->ethertype);
	else if (fi->l3 == FRAME_L3_OPAQUE)
		say(t, " type 0x%04x", fi->ethertype);
	else if (fi->l3 == FRAME_L3_ARP)
		say_arp(t, fi);
	else
		say_ip(t, fi);
}

const char *frame_text(char out[FRAME_TEXT_MAX], const uint8_t *frame, uint32_t captured,
		       uint32_t len)
{
	struct text t = {out, 0, frame, captured < FRAME_HDR_MAX ? captured : FRAME_HDR_MAX};
	struct frame_info fi;

	out[0] = '\0';
	if (frame_parse(frame, t.hdr_len, len, &fi) < 0)
		say(&t, "no whole Ethernet header");
	else
		say_frame(&t, &fi);
	return out;
}
