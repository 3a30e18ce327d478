/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames for tests, built layer by layer, by code that shares nothing with backend/: checksums are
 * summed byte pair by byte pair, in network order. Also the tests' random numbers (fixed seed).
 */
#ifndef DMVL_TESTS_MKFRAME_H
#define DMVL_TESTS_MKFRAME_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/virtio_net.h>

#define MK __attribute__((unused)) static

/* The guest of all tests: its MAC, addresses, and the link-local address made from the MAC. */
#define MK_MAC	  "\x00\x16\x3e\x11\x22\x33"
#define MK_OTHER  "\x00\x16\x3e\xaa\xbb\xcc"
#define MK_BCAST  "\xff\xff\xff\xff\xff\xff"
#define MK_IP	  "\x0a\x00\x00\x01"
#define MK_IP2	  "\x0a\x00\x00\x02"
#define MK_IP6	  "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define MK_IP6_2  "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02"
#define MK_LOCAL  "\xfe\x80\0\0\0\0\0\0\x02\x16\x3e\xff\xfe\x11\x22\x33"
#define MK_LOCAL2 "\xfe\x80\0\0\0\0\0\0\x02\x16\x3e\xff\xfe\xaa\xbb\xcc"
#define MK_ZERO	  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

/* A vnet header: flags, GSO type and size, checksum start and offset. */
#define MK_VNET(f, type, size, start, off)                           \
	((struct virtio_net_hdr_v1){.flags = (f),                    \
				    .gso_type = (type),              \
				    .gso_size = (uint16_t)(size),    \
				    .csum_start = (uint16_t)(start), \
				    .csum_offset = (uint16_t)(off)})

struct mk {
	uint32_t len, l3, l4, next; /* next: where the layer below says what follows */
	int v6;
	uint8_t proto;
	uint8_t b[66000];
};

MK void mk_add(struct mk *m, const void *p, uint32_t n)
{
	assert(m->len + n <= sizeof(m->b));
	memcpy(m->b + m->len, p, n);
	m->len += n;
}

MK void mk_be16(struct mk *m, uint32_t off, uint32_t value)
{
	m->b[off] = (uint8_t)(value >> 8);
	m->b[off + 1] = (uint8_t)value;
}

MK uint16_t mk_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

MK void mk_eth(struct mk *m, const char *dst, const char *src, uint16_t type)
{
	memset(m, 0, sizeof(*m));
	mk_add(m, dst, 6);
	mk_add(m, src, 6);
	mk_add(m, "\0", 2);
	mk_be16(m, 12, type);
	m->l3 = m->len;
}

/* Puts a tag in front of whatever follows the addresses; call it after mk_eth(). */
MK void mk_tag(struct mk *m, uint16_t tpid, uint16_t tci)
{
	memmove(m->b + 16, m->b + 12, m->len - 12);
	m->len += 4;
	m->l3 += 4;
	mk_be16(m, 12, tpid);
	mk_be16(m, 14, tci);
}

MK void mk_ipv4(struct mk *m, uint8_t proto, const char *src, const char *dst)
{
	m->l3 = m->len;
	mk_add(m, "\x45\0\0\0\x12\x34\x40\0\x40\0\0\0", 12);
	m->b[m->l3 + 9] = m->proto = proto;
	mk_add(m, src, 4);
	mk_add(m, dst, 4);
	m->l4 = m->len;
}

MK void mk_ipv6(struct mk *m, uint8_t proto, const char *src, const char *dst)
{
	m->l3 = m->len;
	m->v6 = 1;
	mk_add(m, "\x60\0\0\0\0\0\0\xff", 8);
	m->next = m->l3 + 6;
	m->b[m->next] = m->proto = proto;
	mk_add(m, src, 16);
	mk_add(m, dst, 16);
	m->l4 = m->len;
}

/* An extension header of 8 bytes (hop-by-hop, destination, routing, fragment); body: 6 bytes. */
MK void mk_ext(struct mk *m, uint8_t type, const char *body)
{
	m->b[m->next] = type;
	m->next = m->len;
	mk_add(m, &m->proto, 1);
	mk_add(m, "\0", 1);
	mk_add(m, body, 6);
	m->l4 = m->len;
}

MK void mk_tcp(struct mk *m, uint32_t seq, uint8_t flags)
{
	m->l4 = m->len;
	mk_add(m, "\x30\x39\x00\x50\0\0\0\0\0\0\0\x01\x50\x10\xff\xff\0\0\0\0", 20);
	mk_be16(m, m->l4 + 4, seq >> 16);
	mk_be16(m, m->l4 + 6, seq & 0xffff);
	m->b[m->l4 + 13] = flags;
}

MK void mk_udp(struct mk *m, uint16_t sport, uint16_t dport)
{
	m->l4 = m->len;
	mk_add(m, MK_ZERO, 8);
	mk_be16(m, m->l4, sport);
	mk_be16(m, m->l4 + 2, dport);
}

MK void mk_payload(struct mk *m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		m->b[m->len++] = (uint8_t)(i * 7 + (i >> 8) + 1);
}

/* One's complement sum, 16 bits at a time. */
MK uint32_t mk_sum(const uint8_t *p, uint32_t n, uint32_t sum)
{
	for (uint32_t i = 0; i < n; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* The pseudo header's sum for the frame @b whose L3 and L4 headers start there. */
MK uint32_t mk_pseudo(const uint8_t *b, uint32_t len, uint32_t l3, uint32_t l4, int v6,
		      uint8_t proto)
{
	uint32_t sum = mk_sum(b + l3 + (v6 ? 8 : 12), v6 ? 32 : 8, 0);

	sum += proto + (len - l4);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Fills in lengths and IPv4's checksum, and seeds or (@full) completes TCP's or UDP's. */
MK void mk_finish(struct mk *m, int full)
{
	uint32_t field = m->proto == 6 ? 16 : m->proto == 17 ? 6 : 2;

	if (m->v6) {
		mk_be16(m, m->l3 + 4, m->len - m->l3 - 40);
	} else {
		mk_be16(m, m->l3 + 2, m->len - m->l3);
		mk_be16(m, m->l3 + 10, 0);
		mk_be16(m, m->l3 + 10, ~mk_sum(m->b + m->l3, m->l4 - m->l3, 0));
	}
	if (m->proto == 17)
		mk_be16(m, m->l4 + 4, m->len - m->l4);
	if (m->proto != 6 && m->proto != 17 && m->proto != 58)
		return;
	mk_be16(m, m->l4 + field, mk_pseudo(m->b, m->len, m->l3, m->l4, m->v6, m->proto));
	if (full)
		mk_be16(m, m->l4 + field, ~mk_sum(m->b + m->l4, m->len - m->l4, 0));
}

/* Are the checksums right in @s, a whole TCP or UDP frame with m's layout, of @len bytes? */
MK int mk_csum_good(const struct mk *m, const uint8_t *s, uint32_t len)
{
	uint32_t sum = mk_pseudo(s, len, m->l3, m->l4, m->v6, m->proto);

	if (!m->v6 && mk_sum(s + m->l3, m->l4 - m->l3, 0) != 0xffff)
		return 0;
	if (m->proto == 17 && mk_get16(s + m->l4 + 6) == 0)
		return 0;
	return mk_sum(s + m->l4, len - m->l4, sum) == 0xffff;
}

/* A copy that is exactly as long as it says, so that a sanitizer sees the first byte too far. */
MK uint8_t *mk_copy(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert(copy);
	memcpy(copy, p, n);
	return copy;
}

/* xorshift64*, for mutations only. */
MK uint32_t mk_rand(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32);
}

#endif
