/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fdb.h: the forwarding database: behind which LDP a MAC address is. Pure. */
#ifndef DMVL_FDB_H
#define DMVL_FDB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An LDP's own address stays until it is removed. An LDP whose source addresses are not checked may
 * have more, which fdb_use() learns from the frames that it sends: at most FDB_LEARN_MAX for each
 * LDP, a new one replaces the oldest. What was not used for FDB_AGE_SECONDS is forgotten.
 *
 * The own address of a device, connected or not, is never learnt from another guest. A second
 * device of the same guest may use it: then the last sender has it, as in a bridge.
 */
#define FDB_LEARN_MAX	32u
#define FDB_AGE_SECONDS 300u
#define FDB_NONE	UINT32_MAX

struct fdb;
struct mac_owners;

/*
 * For LDPs of slots 0..slots - 1; the seed is secret and keeps others from filling one place of its
 * memory. NULL: out of memory. fdb_free(NULL) does nothing.
 */
struct fdb *fdb_new(uint32_t slots, uint64_t seed);
void fdb_free(struct fdb *f);

/*
 * Adds the own address of an LDP, which belongs to a guest of this number. 0, -ENOMEM, or -EEXIST:
 * it is the own address of another slot.
 */
int fdb_add(struct fdb *f, const uint8_t mac[6], uint32_t slot, uint32_t guest);

/* Removes what was learnt from `slot`, and `own` (may be NULL) if it is the slot's own address. */
void fdb_forget(struct fdb *f, uint32_t slot, const uint8_t own[6]);

/* Who has which own address, LDPs and others that the caller adds. */
struct mac_owners *fdb_owners(struct fdb *f);

enum fdb_use {
	FDB_USE_OK,
	FDB_USE_MOVED,	/* the address is behind this LDP now, and was elsewhere before */
	FDB_USE_GUEST,	/* it may not: a device of another guest has the address, or used it */
	FDB_USE_UPLINK, /* it may not: somebody beyond the uplink used it */
};

/*
 * The LDP of `slot`, which was added, sends from an address: may it? Learns the address if it may.
 * `listed`: the operator allows it to take the address from others. What is configured for another
 * guest it may not take even so. With FDB_USE_MOVED, *from is the slot where the address was, or
 * FDB_NONE: beyond the uplink. The address must be unicast.
 */
enum fdb_use fdb_use(struct fdb *f, const uint8_t mac[6], uint32_t slot, bool listed,
		     uint64_t now_ns, uint32_t *from);

/* Is an own address behind another LDP now? Until then an LDP's own needs no fdb_use(). */
bool fdb_has_moved(const struct fdb *f);

/*
 * The uplink shows a frame from an address: it is there now (mac_seen.h), unless it is a device's
 * own. Returns the slot that it was learnt from, or FDB_NONE. `reflects`: the uplink may return
 * what guests sent; then what was learnt stays.
 */
uint32_t fdb_seen(struct fdb *f, const uint8_t mac[6], bool reflects, uint64_t now_ns);

/* The slot of the LDP that has this address, or FDB_NONE. */
uint32_t fdb_lookup(const struct fdb *f, const uint8_t mac[6], uint64_t now_ns);

#endif
