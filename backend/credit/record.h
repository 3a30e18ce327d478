/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.h: one record of the credit log. This header is its specification. Pure. */
#ifndef DMVL_CREDIT_RECORD_H
#define DMVL_CREDIT_RECORD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The log is double-entry bookkeeping in bytes of credit. Every LDP has an account. What belongs to
 * no LDP is in the pool. At every COMMIT
 *
 *	sum of all balances + pool == 0
 *
 * A balance is positive after lending and negative after borrowing. All fields are little-endian,
 * signed ones in two's complement. `ldp` is domid << 16 | device id, or RECORD_NO_LDP in a record
 * that concerns no single LDP.
 *
 * LDPs may form groups, which have numbers 1..RECORD_GROUP_MAX. The daemon that writes gives them
 * out as it needs them: a number stands for the same group while that has members, and up to the
 * next RESTART. An account has its balance whatever group its LDP is in.
 */
/* Version 3 is written. Versions 1, without groups, and 2, without limits, are read too. */
#define RECORD_VERSION	   3u
#define RECORD_VERSION_MIN 1u
#define RECORD_BYTES	   64u
#define RECORD_NO_LDP	   UINT32_MAX

/* From which accounts of the same UUID and device id one inherits the balance. */
enum credit_heir {
	CREDIT_HEIR_NOT,
	CREDIT_HEIR_OF_DOMAIN, /* of the same domain too */
	CREDIT_HEIR_OF_GUEST,
};

/*
 * Identifies an account. A guest that reboots, or is detached and attached again, gets another,
 * which may inherit the balance of the one before.
 */
struct credit_id {
	uint8_t uuid[16];
	uint64_t generation; /* the attachment's nonce */
	uint32_t ldp;	     /* record_ldp() */
	enum credit_heir heir;
};

struct record {
	uint64_t seq;	/* the record's offset in the log / RECORD_BYTES */
	uint64_t epoch; /* epochs since the log was created */
	uint32_t ldp;
	uint16_t type; /* enum record_type */
	uint16_t version;
	uint64_t bytes;
	uint64_t peer; /* the other LDP, a group, or the pool's balance afterwards: by type */
	int64_t balance_after;
	uint64_t t_ns; /* CLOCK_REALTIME, for display */
	uint32_t flags;
	uint32_t crc; /* CRC-32C of the 60 bytes in front of it */
};

enum record_type {
	/*
	 * An account begins, or a kept one gets its LDP back. Two records: ATTACH and, right behind
	 * it, GENERATION. ATTACH: bytes and peer are the two halves of the guest's UUID as they lie
	 * in memory; flags: the weight in the low 16 bits, RECORD_F_KEPT when no LDP uses the
	 * account, the LDP's group in record_group(). GENERATION: bytes is the attachment's nonce.
	 */
	RECORD_ATTACH = 1,
	RECORD_GENERATION,
	/*
	 * The LDP is gone. With RECORD_F_KEPT its account stays for a while, without a weight.
	 * Otherwise the account ends; its balance is 0, because the pool took it before.
	 */
	RECORD_DETACH,
	/*
	 * bytes: the LDP's new weight. With RECORD_NO_LDP that of the group `peer`, when it changes
	 * or the group gets its first member.
	 */
	RECORD_WEIGHT,
	/*
	 * Every balance becomes record_decayed(balance, bytes); `bytes` is the number of epochs.
	 * peer: the pool afterwards; balance_after: the sum of all balances afterwards.
	 */
	RECORD_DECAY,
	/*
	 * A transfer of `bytes` makes two records, first the giver's, then the taker's; `peer` is
	 * the other LDP. They are LOAN and BORROW. When the taker had a positive balance, it gets
	 * back what it had lent: REPAY, and REPAY with RECORD_F_TAKEN. record_group(): both are
	 * members of this group; 0: they are not of one.
	 */
	RECORD_LOAN,
	RECORD_BORROW,
	RECORD_REPAY,
	/* `bytes` go from the account to the pool, or back. peer: the pool afterwards. */
	RECORD_POOL,
	RECORD_GRANT,
	/*
	 * The weights of all groups that have members follow, as WEIGHT, then all accounts,
	 * as `bytes` pairs of ATTACH and GENERATION. peer: the pool; balance_after: the peak (see
	 * COMMIT).
	 */
	RECORD_CHECKPOINT,
	/*
	 * Ends an epoch: the records since the last COMMIT are valid. bytes: the rated credit of
	 * all LDPs in this epoch (each LDP's is its part by weight, a member's its part of what its
	 * group has by the group's weight), 0: there was no traffic.
	 * peer: the pool; balance_after: the sum of all balances. The peak, which bounds balances,
	 * becomes the larger of `bytes` and record_decayed(peak, epochs since the last COMMIT).
	 */
	RECORD_COMMIT,
	/* The daemon started again: the records since the last COMMIT are void. Needs no COMMIT. */
	RECORD_RESTART,
	RECORD_GROUP, /* the LDP is in another group. bytes: its number, 0: it is in none */
	/*
	 * In the second before, the LDP had frames waiting most of the time. bytes: what it was
	 * charged in it; peer: what it was limited by, an enum record_limit. No balance depends on
	 * it.
	 */
	RECORD_LIMIT,
	RECORD_TYPES,
};

enum record_limit {
	RECORD_LIMIT_SHARE = 1, /* by others with frames: it had its part by weight */
	RECORD_LIMIT_MIN,	/* by others with frames: it had its minimum, which is more */
	RECORD_LIMIT_MAX,
	RECORD_LIMIT_GROUP, /* by its group's maximum */
	RECORD_LIMIT_LINK,  /* hardly anybody else had frames, or it is slower than configured */
	RECORD_LIMIT_GUEST, /* it stood still, or its receive ring was full */
	RECORD_LIMIT_DOWN,  /* the uplink was down */
	RECORD_LIMITS,
};

#define RECORD_F_WEIGHT	   0xffffu /* ATTACH: mask */
#define RECORD_F_KEPT	   0x10000u
#define RECORD_F_TAKEN	   0x20000u
#define RECORD_GROUP_SHIFT 18
#define RECORD_GROUP_MAX   1024u

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

/* The group in an ATTACH, LOAN, BORROW or REPAY; 0: none. */
static inline unsigned record_group(const struct record *r)
{
	return r->flags >> RECORD_GROUP_SHIFT;
}

/* Writes to `word` the record as it must lie at `offset`: with seq, version and crc. */
#define RECORD_WORDS (RECORD_BYTES / 8)
void record_seal(const struct record *r, uint64_t offset, uint64_t word[RECORD_WORDS]);

/* Is *r, a copy of what lies at `offset`, a record that was sealed for that offset? */
bool record_is_sealed(const struct record *r, uint64_t offset);

/* "loan", "commit".., for people and JSON; "?" for a number that is no type. */
const char *record_type_name(unsigned type);

/* "share", "maximum".., for JSON; "?" for a number that is no limit. */
const char *record_limit_name(uint64_t limit);

/* CRC-32C (RFC 3720, section 12.1), by the CPU's instruction or, without one, by a table. */
uint32_t record_crc32c(const void *p, size_t len);
uint32_t record_crc32c_by_table(const void *p, size_t len);

/*
 * What is left of a balance after `epochs` epochs. Each epoch takes ceil(|balance| / 128) off.
 * Several epochs in one call give the same but for rounding; each takes at least one byte, until
 * the balance is 0.
 */
int64_t record_decayed(int64_t balance, uint64_t epochs);

/* The same for many balances: record_scaled() multiplies each with this factor. */
uint64_t record_decay_q32(uint64_t epochs);

static inline int64_t record_scaled(int64_t balance, uint64_t q32)
{
	uint64_t size = balance < 0 ? -(uint64_t)balance : (uint64_t)balance;

	size = (uint64_t)((unsigned __int128)size * q32 >> 32);
	return (int64_t)(balance < 0 ? -size : size);
}

#endif
