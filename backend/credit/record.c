/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/record.h"

#include <string.h>

#define CRC_POLY 0x82f63b78u /* reflected */

/* crc_table[k][b]: the CRC of byte b followed by k zeros. One step takes eight bytes. */
static uint32_t crc_table[8][256];

__attribute__((constructor)) static void crc_init(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t c = b;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? CRC_POLY : 0);
		crc_table[0][b] = c;
	}
	for (int k = 1; k < 8; k++) {
		for (uint32_t b = 0; b < 256; b++) {
			uint32_t c = crc_table[k - 1][b];

			crc_table[k][b] = c >> 8 ^ crc_table[0][c & 0xff];
		}
	}
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_by_cpu(const uint8_t *at, size_t len)
{
	uint64_t crc = UINT32_MAX, x;
	uint32_t half;

	for (; len >= 8; len -= 8, at += 8) {
		memcpy(&x, at, sizeof(x));
		crc = __builtin_ia32_crc32di(crc, x);
	}
	if (len >= 4) {
		memcpy(&half, at, sizeof(half));
		crc = __builtin_ia32_crc32si((uint32_t)crc, half);
		len -= 4;
		at += 4;
	}
	for (; len; len--, at++)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, *at);
	return ~(uint32_t)crc;
}
#endif

uint32_t record_crc32c(const void *p, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc_by_cpu(p, len);
#endif
	return record_crc32c_by_table(p, len);
}

uint32_t record_crc32c_by_table(const void *p, size_t len)
{
	const uint8_t *at = p;
	uint32_t crc = UINT32_MAX;

	for (; len >= 8; len -= 8, at += 8) {
		uint64_t x;

		memcpy(&x, at, sizeof(x));
		x ^= crc;
		crc = 0;
		for (int k = 0; k < 8; k++)
			crc ^= crc_table[7 - k][x >> 8 * k & 0xff];
	}
	for (; len; len--, at++)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *at) & 0xff];
	return ~crc;
}

/*
 * Writes whole words: a read that is wider than the store before it stalls the CPU, and with
 * thousands of LDPs this function is most of the cost of an epoch.
 */
void record_seal(const struct record *r, uint64_t offset, uint64_t word[RECORD_WORDS])
{
	word[0] = offset / RECORD_BYTES;
	word[1] = r->epoch;
	word[2] = r->ldp | (uint64_t)r->type << 32 | (uint64_t)RECORD_VERSION << 48;
	word[3] = r->bytes;
	word[4] = r->peer;
	word[5] = (uint64_t)r->balance_after;
	word[6] = r->t_ns;
	word[7] = r->flags;
	word[7] |= (uint64_t)record_crc32c(word, offsetof(struct record, crc)) << 32;
}

bool record_is_sealed(const struct record *r, uint64_t offset)
{
	return r->seq == offset / RECORD_BYTES && r->version >= RECORD_VERSION_MIN &&
	       r->version <= RECORD_VERSION &&
	       r->crc == record_crc32c(r, offsetof(struct record, crc));
}

const char *record_type_name(unsigned type)
{
	static const char *const names[RECORD_TYPES] = {
		[0] = "?",
		[RECORD_ATTACH] = "attach",
		[RECORD_GENERATION] = "generation",
		[RECORD_DETACH] = "detach",
		[RECORD_WEIGHT] = "weight",
		[RECORD_DECAY] = "decay",
		[RECORD_LOAN] = "loan",
		[RECORD_BORROW] = "borrow",
		[RECORD_REPAY] = "repay",
		[RECORD_POOL] = "pool",
		[RECORD_GRANT] = "grant",
		[RECORD_CHECKPOINT] = "checkpoint",
		[RECORD_COMMIT] = "commit",
		[RECORD_RESTART] = "restart",
		[RECORD_GROUP] = "group",
		[RECORD_LIMIT] = "limit",
	};

	return type < RECORD_TYPES ? names[type] : "?";
}

const char *record_limit_name(uint64_t limit)
{
	static const char *const names[RECORD_LIMITS] = {
		"?", "share", "minimum", "maximum", "group-maximum", "link", "guest", "uplink-down",
	};

	return names[limit < RECORD_LIMITS ? limit : 0];
}

/* (127/128)^epochs in units of 2^-32, rounded down, by repeated squaring. */
uint64_t record_decay_q32(uint64_t epochs)
{
	uint64_t power = ((uint64_t)127 << 32) / 128, result = (uint64_t)1 << 32;

	for (; epochs && result; epochs >>= 1) {
		if (epochs & 1)
			result = result * power >> 32;
		power = power * power >> 32;
	}
	return result;
}

int64_t record_decayed(int64_t balance, uint64_t epochs)
{
	return record_scaled(balance, record_decay_q32(epochs));
}
