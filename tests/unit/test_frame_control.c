/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames are those of switches and cards among themselves, whatever wraps them. */
#include "backend/frame/frame_control.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define DST_STP	  "\x01\x80\xc2\0\0\0"
#define DST_CISCO "\x01\0\x0c\xcc\xcc\xcc"
#define SNAP(oui) "\xaa\xaa\x03" oui

static struct mk m;

/* On a copy of exactly the bytes that the product looks at. */
static bool is_control(void)
{
	size_t n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
	uint8_t *copy = mk_copy(m.b, n);
	struct frame_info fi, inner;
	bool control = false;

	if (frame_parse(copy, n, m.len, &fi) == 0)
		control = frame_is_control(frame_unwrap(copy, n, &fi, &inner) ? &inner : &fi, copy,
					   n);
	free(copy);
	return control;
}

static const struct row {
	const char *name, *dst;
	uint16_t type;
	const char *body; /* 8 bytes */
	bool control;
} rows[] = {
	{"spanning tree's group", DST_STP, 0x88b5, MK_ZERO, true},
	{"the last of the reserved groups", "\x01\x80\xc2\0\0\x0f", 0x88b5, MK_ZERO, true},
	{"the group behind the reserved ones", "\x01\x80\xc2\0\0\x10", 0x88b5, MK_ZERO, false},
	{"GVRP's group", "\x01\x80\xc2\0\0\x21", 0x88b5, MK_ZERO, true},
	{"another group of the IEEE's", "\x01\x80\xc2\0\1\0", 0x88b5, MK_ZERO, false},
	{"a unicast address that looks so", "\0\x80\xc2\0\0\0", 0x88b5, MK_ZERO, false},
	{"CDP's group", DST_CISCO, 0x0026, SNAP("\0\0\x0c\x20\0"), true},
	{"PVST's group", "\x01\0\x0c\xcc\xcc\xcd", 0x88b5, MK_ZERO, true},
	{"ISL's group", "\x01\0\x0c\0\0\0", 0x0800, MK_ZERO, true},
	{"pause to a host", MK_OTHER, 0x8808, "\0\1\xff\xff\0\0\0\0", true},
	{"PFC to everybody", MK_BCAST, 0x8808, "\1\1\0\xff\xff\0\0\0", true},
	{"LACP to a host", MK_OTHER, 0x8809, MK_ZERO, true},
	{"LLDP to a host", MK_OTHER, 0x88cc, MK_ZERO, true},
	{"EAPOL to a host", MK_OTHER, 0x888e, MK_ZERO, true},
	{"a neighbouring ethertype", MK_OTHER, 0x8807, MK_ZERO, false},
	{"a BPDU to a host", MK_OTHER, 0x0026, "\x42\x42\x03\0\0\0\0\0", true},
	{"a BPDU marked as an answer", MK_OTHER, 0x0026, "\x42\x43\x03\0\0\0\0\0", true},
	{"UDLD in SNAP to a host", MK_OTHER, 0x0026, SNAP("\0\0\x0c\x01\x11"), true},
	{"a BPDU in SNAP to a host", MK_OTHER, 0x0026, SNAP("\0\x80\xc2\0\x0e"), true},
	{"pause in SNAP to a host", MK_OTHER, 0x0026, SNAP("\0\0\0\x88\x08"), true},
	{"LLDP in a bridge's SNAP", MK_OTHER, 0x0026, SNAP("\0\0\xf8\x88\xcc"), true},
	{"IPv4 in SNAP", MK_OTHER, 0x0026, SNAP("\0\0\0\x08\0"), false},
	{"IPX", MK_OTHER, 0x0026, "\xe0\xe0\x03\0\0\0\0\0", false},
	{"IPv4", MK_OTHER, 0x0800, MK_ZERO, false},
	{"a broadcast", MK_BCAST, 0x0806, MK_ZERO, false},
	{"multicast of IPv4", "\x01\0\x5e\0\0\xfb", 0x0800, MK_ZERO, false},
};

static const struct wrap {
	const char *name;
	uint16_t tag[4]; /* outermost first */
} wraps[] = {
	{"untagged", {0}},
	{"with a tag", {0x8100}},
	{"with a service tag", {0x88a8}},
	{"with two tags", {0x88a8, 0x8100}},
	{"with a tag of an older type", {0x9100}},
	{"with four tags", {0x9300, 0x9200, 0x88a8, 0x8100}},
};

static void make(const struct row *r, const struct wrap *w, uint16_t tci)
{
	mk_eth(&m, r->dst, MK_MAC, r->type);
	for (int i = 3; i >= 0; i--) {
		if (w->tag[i])
			mk_tag(&m, w->tag[i], tci);
	}
	mk_add(&m, r->body, 8);
	mk_payload(&m, 60 - m.len);
}

static void test_kinds(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < sizeof(wraps) / sizeof(wraps[0]); k++) {
			const struct row *r = &rows[i];

			make(r, &wraps[k], k % 2 ? 0xe000 : 7);
			ok(is_control() == r->control, "%s, %s: %s control frame", r->name,
			   wraps[k].name, r->control ? "a" : "no");
		}
	}
}

static void test_tag_in_snap(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0030);
	mk_add(&m, SNAP("\0\0\0\x81\0") "\0\7\x88\xcc", 12);
	mk_payload(&m, 30);
	ok(is_control(), "LLDP behind a tag in a SNAP header is a control frame");
}

static void test_many_tags(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x8100);
	for (int i = 0; i < 61; i++)
		mk_add(&m, "\0\0\x81\0", 4);
	mk_payload(&m, 30);
	ok(is_control(), "a frame of more tags than are looked at is taken for a control frame");
	m.len = 250;
	ok(!is_control(), "a frame that ends with its tags is none");
}

static void test_cut_short(void)
{
	const struct row *cdp = &rows[15];

	for (uint32_t len = 14; len < 17; len++) {
		make(cdp, &wraps[0], 0);
		m.len = len;
		ok(!is_control(), "an LLC header of %u bytes is not taken for more", len - 14);
	}
	make(cdp, &wraps[0], 0);
	m.len = 17;
	ok(is_control(), "an LLC header of three bytes is enough");
}

int main(void)
{
	test_kinds();
	test_tag_in_snap();
	test_many_tags();
	test_cut_short();
	return done_testing();
}
