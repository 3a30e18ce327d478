/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ecn.h"

#define ECN_MASK 3u
#define ECN_CE	 3u

/* RFC 1624, equation 3: ~(~sum + ~old + new), where two bits are added to the word. */
static void add_to_checksum(uint8_t *sum, uint16_t old, uint16_t new)
{
	uint32_t s = (uint16_t) ~(sum[0] << 8 | sum[1]);

	s += (uint16_t)~old + (uint32_t) new;
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = ~s;
	sum[0] = (uint8_t)(s >> 8);
	sum[1] = (uint8_t)s;
}

bool ecn_mark_ipv4(uint8_t *ip)
{
	uint16_t old = (uint16_t)(ip[0] << 8 | ip[1]);

	if (!(ip[1] & ECN_MASK))
		return false;
	ip[1] |= ECN_CE;
	add_to_checksum(ip + 10, old, (uint16_t)(ip[0] << 8 | ip[1]));
	return true;
}

/* The two bits are the upper ones of the second half of the second byte. */
bool ecn_mark_ipv6(uint8_t *ip)
{
	if (!(ip[1] & ECN_MASK << 4))
		return false;
	ip[1] |= ECN_CE << 4;
	return true;
}
