/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames are one flow, and ECN's mark. */
#include "common/flow_key.h"

#include "common/ecn.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static struct mk m;

/* The key of a copy that is exactly as long as it says. */
static struct flow_key key_of(uint32_t len)
{
	uint8_t *copy = mk_copy(m.b, len);
	struct flow_key k;

	flow_key_read(copy, len, &k);
	free(copy);
	return k;
}

static struct flow_key key(void)
{
	return key_of(m.len);
}

static bool same(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a->word, b->word, sizeof(a->word)) == 0 && a->words == b->words;
}

static void ip(bool v6, uint8_t proto)
{
	mk_eth(&m, MK_OTHER, MK_MAC, v6 ? 0x86dd : 0x0800);
	if (v6)
		mk_ipv6(&m, proto, MK_IP6, MK_IP6_2);
	else
		mk_ipv4(&m, proto, MK_IP, MK_IP2);
}

/* An IP packet with eight bytes behind its header. */
static struct flow_key packet(bool v6, uint8_t proto, const char *l4)
{
	ip(v6, proto);
	mk_add(&m, l4, 8);
	return key();
}

#define A "\x30\x39\x00\x50\0\0\0\0"
#define B "\x30\x3a\x00\x50\0\0\0\0"

static void test_ports(void)
{
	static const uint8_t with[] = {6, 17, 33, 132, 136}, without[] = {47, 50, 4, 89, 51 + 100};

	for (int v6 = 0; v6 < 2; v6++) {
		for (unsigned i = 0; i < sizeof(with); i++) {
			struct flow_key a = packet(v6, with[i], A), b = packet(v6, with[i], B);
			struct flow_key c = packet(v6, with[i], A);

			ok(!same(&a, &b) && same(&a, &c),
			   "IPv%d, protocol %u: ports tell flows apart", v6 ? 6 : 4, with[i]);
		}
		for (unsigned i = 0; i < sizeof(without); i++) {
			struct flow_key a = packet(v6, without[i], A);
			struct flow_key b = packet(v6, without[i], B);

			ok(same(&a, &b), "IPv%d, protocol %u: two hosts have one flow", v6 ? 6 : 4,
			   without[i]);
		}
	}
}

static void test_addresses(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct flow_key a = packet(v6, 17, A), b;
		unsigned bad = 0, first = m.l3 + (v6 ? 8 : 12);

		for (uint32_t i = first; i < m.l4; i++) {
			m.b[i] ^= 0x10;
			b = key();
			bad += same(&a, &b);
			m.b[i] ^= 0x10;
		}
		is_int(bad, 0, "IPv%d: each byte of the addresses counts", v6 ? 6 : 4);
		b = packet(v6, 6, A);
		ok(!same(&a, &b), "IPv%d: the protocol counts", v6 ? 6 : 4);
	}
}

static void test_echo(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		uint8_t proto = v6 ? 58 : 1;
		const char *one = v6 ? "\x80\0\0\0\x11\x11\0\1" : "\x08\0\0\0\x11\x11\0\1";
		const char *next = v6 ? "\x80\0\0\0\x11\x11\0\2" : "\x08\0\0\0\x11\x11\0\2";
		const char *other = v6 ? "\x80\0\0\0\x22\x11\0\1" : "\x08\0\0\0\x22\x11\0\1";
		const char *error = "\x03\1\0\0\x22\x11\0\1", *error2 = "\x03\1\0\0\x33\x11\0\1";
		struct flow_key a = packet(v6, proto, one), b = packet(v6, proto, next);
		struct flow_key c = packet(v6, proto, other);

		ok(same(&a, &b), "IPv%d: the echoes of one ping are one flow", v6 ? 6 : 4);
		ok(!same(&a, &c), "IPv%d: those of another ping are another", v6 ? 6 : 4);
		a = packet(v6, proto, error);
		b = packet(v6, proto, error2);
		ok(same(&a, &b), "IPv%d: errors are one flow", v6 ? 6 : 4);
	}
}

/* A fragment whose `field` (of IPv4's header) or body (of IPv6's) is this. */
static struct flow_key fragment(bool v6, uint16_t field, const char *l4)
{
	ip(v6, 17);
	if (v6)
		mk_ext(&m, 44, "\0\0\0\0\0\1");
	mk_be16(&m, v6 ? m.l4 - 6 : m.l3 + 6, field);
	mk_add(&m, l4, 8);
	return key();
}

static void test_fragments(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct flow_key first = fragment(v6, v6 ? 1 : 0x2000, A);
		struct flow_key second = fragment(v6, v6 ? 0x10 : 2, B);
		struct flow_key whole = fragment(v6, v6 ? 0 : 0x4000, A), plain = packet(v6, 17, A);

		ok(same(&first, &second), "IPv%d: all fragments are one flow", v6 ? 6 : 4);
		ok(!same(&first, &plain), "IPv%d: a fragment is none of a flow with ports",
		   v6 ? 6 : 4);
		ok(same(&whole, &plain), "IPv%d: a datagram that is not cut has ports", v6 ? 6 : 4);
	}
}

static void test_extensions(void)
{
	struct flow_key plain = packet(true, 17, A), k;

	ip(true, 17);
	mk_ext(&m, 0, "\1\4\0\0\0\0");
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_ext(&m, 43, "\0\0\0\0\0\0");
	mk_add(&m, A, 8);
	k = key();
	ok(same(&k, &plain), "ports are found behind IPv6's extension headers");
	ip(true, 17);
	for (int i = 0; i < 9; i++)
		mk_ext(&m, 0, "\1\4\0\0\0\0");
	mk_add(&m, A, 8);
	k = key();
	is_int(k.l3, FLOW_L3_IPV6, "a packet of nine extension headers is IPv6");
}

static void test_tags(void)
{
	struct flow_key plain = packet(false, 17, A), k;

	mk_tag(&m, 0x8100, 5);
	k = key();
	ok(same(&k, &plain) && k.l3_off == 18, "a tag is skipped");
	mk_tag(&m, 0x88a8, 7);
	k = key();
	ok(same(&k, &plain) && k.l3_off == 22, "two tags are skipped");
	mk_tag(&m, 0x8100, 7);
	k = key();
	is_int(k.l3, FLOW_L3_OTHER, "behind three tags is no IP");
	is_int(k.l3_off, 0, "what is no IP has no offset");
}

static void test_others(void)
{
	struct flow_key a, b;

	mk_eth(&m, MK_BCAST, MK_MAC, 0x0806);
	mk_add(&m, MK_ZERO, 16);
	a = key();
	m.b[20] = 1;
	b = key();
	ok(same(&a, &b), "of what is no IP the content does not count");
	for (uint32_t i = 0; i < 14; i++) {
		m.b[i] ^= 4;
		b = key();
		ok(!same(&a, &b), "of what is no IP byte %u counts", i);
		m.b[i] ^= 4;
	}
	packet(false, 17, A);
	m.b[m.l3] = 0x44;
	is_int(key().l3, FLOW_L3_OTHER, "an IPv4 header of 16 bytes is none");
	m.b[m.l3] = 0x65;
	is_int(key().l3, FLOW_L3_OTHER, "an IPv4 header of version 6 is none");
}

/* At any length, and whatever the bytes are. */
static void test_short(void)
{
	uint64_t state = 3;
	unsigned bad = 0;

	for (int round = 0; round < 3000; round++) {
		struct flow_key k;

		packet(round & 1, 17, A);
		mk_payload(&m, 100);
		if (round & 2)
			mk_tag(&m, 0x8100, 1);
		if (round >= 600) {
			for (int i = 0; i < 5; i++)
				m.b[mk_rand(&state) % m.len] = (uint8_t)mk_rand(&state);
		}
		k = key_of(mk_rand(&state) % (m.len + 1));
		bad += (k.words != 2 && k.words != 5) || k.l3_off > 22 ||
		       (k.l3 == FLOW_L3_OTHER) != (k.l3_off == 0);
	}
	is_int(bad, 0, "whatever is cut or broken has a key");
}

#define SEEDS  64u
#define PLACES 256u

/* The most flows in one place, with that seed's hash. */
static unsigned fullest(const unsigned *of)
{
	unsigned most = 0;

	for (unsigned i = 0; i < PLACES; i++)
		most = of[i] > most ? of[i] : most;
	return most;
}

/* 25600 flows, apart in the two bytes at `at`, in 256 places. */
static void spreads(uint32_t at, const char *what)
{
	unsigned of[SEEDS][PLACES] = {{0}}, most = 0, changed = 0;

	for (uint32_t i = 0; i < 100 * PLACES; i++) {
		uint64_t seed = 1, last = 0;
		struct flow_key k;

		mk_be16(&m, at, i);
		k = key();
		for (unsigned n = 0; n < SEEDS; n++, seed *= 0xd1342543de82ef95u) {
			uint64_t place = flow_key_hash(&k, seed) % PLACES;

			of[n][place]++;
			changed += place != last;
			last = place;
		}
	}
	for (unsigned n = 0; n < SEEDS; n++)
		most = fullest(of[n]) > most ? fullest(of[n]) : most;
	ok(most < 180, "by %s, 100 flows in each of %u places: %u in the fullest of %u seeds", what,
	   PLACES, most, SEEDS);
	ok(changed > 99 * PLACES * SEEDS, "by %s, another seed is another place", what);
}

static void test_hash(void)
{
	packet(false, 17, A);
	spreads(m.l4, "IPv4's ports");
	packet(false, 17, A);
	spreads(m.l3 + 18, "IPv4 addresses");
	packet(true, 17, A);
	spreads(m.l4, "IPv6's ports");
	packet(true, 17, A);
	spreads(m.l3 + 14, "IPv6's upper halves of addresses");
	packet(true, 17, A);
	spreads(m.l3 + 38, "IPv6's lower halves of addresses");
}

/* --- ECN ------------------------------------------------------------------------------------- */

static void test_mark_ipv4(void)
{
	unsigned bad = 0;

	for (uint32_t i = 0; i < 65536; i++) {
		ip(false, 6);
		mk_be16(&m, m.l3 + 4, i); /* each checksum once */
		m.b[m.l3 + 1] = (uint8_t)((i & 3) | 0xb8);
		mk_tcp(&m, 1, 0x10);
		mk_finish(&m, 1);
		bad += ecn_mark_ipv4(m.b + m.l3) != ((i & 3) != 0);
		bad += m.b[m.l3 + 1] != (i & 3 ? 0xbb : 0xb8);
		bad += !mk_csum_good(&m, m.b, m.len);
	}
	is_int(bad, 0, "IPv4: what takes part in ECN is marked, with a right checksum");
	m.b[m.l3 + 1] = 1;
	m.b[m.l3 + 10] ^= 1;
	ecn_mark_ipv4(m.b + m.l3);
	ok(!mk_csum_good(&m, m.b, m.len), "IPv4: a wrong checksum stays wrong");
}

static void test_mark_ipv6(void)
{
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		ip(true, 6);
		m.b[m.l3] = 0x6b;
		m.b[m.l3 + 1] = (uint8_t)(0x8f | ecn << 4);
		is_int(ecn_mark_ipv6(m.b + m.l3), ecn != 0, "IPv6: ECN %u is%s marked", ecn,
		       ecn ? "" : " not");
		ok(m.b[m.l3] == 0x6b && m.b[m.l3 + 1] == (ecn ? 0xbf : 0x8f),
		   "IPv6: nothing else of the header changes (ECN %u)", ecn);
	}
}

int main(void)
{
	test_ports();
	test_addresses();
	test_echo();
	test_fragments();
	test_extensions();
	test_tags();
	test_others();
	test_short();
	test_hash();
	test_mark_ipv4();
	test_mark_ipv6();
	return done_testing();
}
