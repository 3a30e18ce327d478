/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.h: one record of the credit log. This header is its specification. Pure. */
#ifndef DMVL_CREDIT_RECORD_H
#define DMVL_CREDIT_RECORD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The log is double-entry bookkeeping in bytes of credit. Every LDP has an account, what belongs to
 * none is in the pool, and at every COMMIT
 *
 *	sum of all balances + pool == 0
 *
 * A balance is positive after lending and negative after borrowing. All fields are little-endian.
 * `ldp` is domid << 16 | device id, RECORD_NO_LDP where a record is of no one. Signed amounts are
 * two's complement.
 */
#define RECORD_VERSION 1u
#define RECORD_BYTES   64u
#define RECORD_NO_LDP  UINT32_MAX

/* Whose account it is. A guest that reboots, or is attached anew, is another one. */
struct credit_id {
	uint8_t uuid[16];
	uint64_t generation; /* the attachment's nonce */
	uint32_t ldp;	     /* record_ldp() */
};

struct record {
	uint64_t seq;	/* the record's offset in the log / 64 */
	uint64_t epoch; /* counted since the log was made */
	uint32_t ldp;
	uint16_t type; /* enum record_type */
	uint16_t version;
	uint64_t bytes;
	uint64_t peer; /* the other LDP, or the pool's balance after this record; see below */
	int64_t balance_after;
	uint64_t t_ns; /* CLOCK_REALTIME, for display */
	uint32_t flags;
	uint32_t crc; /* CRC-32C of the 60 bytes before */
};

enum record_type {
	/*
	 * An account is there from now on: two records, ATTACH and, right behind it, GENERATION.
	 * ATTACH: bytes and peer are the guest's UUID, first and second half as they lie in memory;
	 * balance_after; flags: the weight in the low 16 bits, RECORD_F_KEPT when no LDP uses it.
	 * GENERATION: bytes is the attachment's nonce. The same account may be attached again.
	 */
	RECORD_ATTACH = 1,
	RECORD_GENERATION,
	/*
	 * RECORD_F_KEPT: the LDP is gone, the account stays for a while; it has no weight. Else the
	 * account ends; its balance is 0, what it had went to the pool before.
	 */
	RECORD_DETACH,
	RECORD_WEIGHT, /* bytes: the new weight */
	/*
	 * Every balance becomes record_decayed(balance, bytes), `bytes` being the number of epochs
	 * passed; peer: pool after it, balance_after: sum of all balances after it.
	 */
	RECORD_DECAY,
	/*
	 * A transfer of `bytes`, two records. First the giver's: peer took them, balance_after is
	 * the giver's. Then the taker's: peer gave them, balance_after is the taker's. LOAN and
	 * BORROW; or REPAY and, with RECORD_F_TAKEN, REPAY, when the taker had a positive balance:
	 * it gets back what it had lent.
	 */
	RECORD_LOAN,
	RECORD_BORROW,
	RECORD_REPAY,
	/* `bytes` from the account to the pool, or from the pool to the account; peer: pool after.
	 */
	RECORD_POOL,
	RECORD_GRANT,
	/*
	 * All accounts follow: `bytes` pairs of ATTACH and GENERATION. peer: the pool,
	 * balance_after: the peak (see COMMIT).
	 */
	RECORD_CHECKPOINT,
	/*
	 * All since the last COMMIT is valid. bytes: what was rated in this epoch, in all: rated
	 * credit of an LDP is its part of it by weight; 0 where there was no traffic. peer: pool,
	 * balance_after: sum of all balances. The peak, from which balances are bounded, is the
	 * larger of `bytes` and record_decayed(peak, epochs since the last COMMIT).
	 */
	RECORD_COMMIT,
	/* The daemon was started again: all since the last COMMIT is void. Commits by itself. */
	RECORD_RESTART,
	RECORD_TYPES,
};

#define RECORD_F_WEIGHT 0xffffu /* ATTACH: mask */
#define RECORD_F_KEPT	0x10000u
#define RECORD_F_TAKEN	0x20000u

static_assert(sizeof(struct record) == RECORD_BYTES, "log format");
static_assert(offsetof(struct record, ldp) == 16 && offsetof(struct record, bytes) == 24 &&
		      offsetof(struct record, balance_after) == 40 &&
		      offsetof(struct record, flags) == 56 && offsetof(struct record, crc) == 60,
	      "log format");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "log format is the host's");

static inline uint32_t record_ldp(unsigned domid, unsigned id)
{
	return (uint32_t)domid << 16 | id;
}

static inline unsigned record_domid(uint32_t ldp)
{
	return ldp >> 16;
}

static inline unsigned record_id(uint32_t ldp)
{
	return ldp & 0xffff;
}

/* The record as it will lie at `offset`, with seq, version and crc. */
#define RECORD_WORDS (RECORD_BYTES / 8)
void record_seal(const struct record *r, uint64_t offset, uint64_t word[RECORD_WORDS]);

/* Whether a copy of what lies at `offset` is a record that was written there. */
bool record_is_sealed(const struct record *r, uint64_t offset);

/* "loan", "commit".. for people and JSON; "?" for what is no type. */
const char *record_type_name(unsigned type);

/* CRC-32C (Castagnoli), as iSCSI has it. */
uint32_t record_crc32c(const void *p, size_t len);
uint32_t record_crc32c_by_table(const void *p, size_t len); /* where the CPU cannot */

/*
 * What is left of a balance after `epochs` epochs: each takes ceil(|balance| / 128) off. That many
 * at once take off the same to rounding, always at least one byte an epoch down to 0.
 */
int64_t record_decayed(int64_t balance, uint64_t epochs);

/* The same for many balances: a factor for record_scaled(). */
uint64_t record_decay_q32(uint64_t epochs);

static inline int64_t record_scaled(int64_t balance, uint64_t q32)
{
	uint64_t size = balance < 0 ? -(uint64_t)balance : (uint64_t)balance;

	size = (uint64_t)((unsigned __int128)size * q32 >> 32);
	return (int64_t)(balance < 0 ? -size : size);
}

#endif
