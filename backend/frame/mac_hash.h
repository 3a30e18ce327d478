/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac_hash.h: a number from a MAC address, for hash tables. Pure. */
#ifndef DMVL_MAC_HASH_H
#define DMVL_MAC_HASH_H

#include <stdint.h>
#include <string.h>

/* 32 bits. With a secret seed, who chooses addresses cannot choose what they share. */
static inline uint32_t mac_hash(const uint8_t mac[6], uint64_t seed)
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	v = (v ^ seed) * 0x9e3779b97f4a7c15ull;
	v = (v ^ v >> 32 ^ seed >> 17) * 0xd6e8feb86659fd93ull;
	return (uint32_t)(v >> 32);
}

#endif
