/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csum.h: the Internet checksum's sums, RFC 1071, in host byte order. Pure. */
#ifndef DMVL_BACKEND_CSUM_H
#define DMVL_BACKEND_CSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* One's complement sum of @n bytes at @p, at most 1 GiB of them. */
static inline uint16_t csum_bytes(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	uint32_t word = 0;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, p, n);
	return csum_fold(sum + word);
}

#endif
