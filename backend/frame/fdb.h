/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fdb.h: the forwarding database: which LDP has a MAC address. Pure. */
#ifndef DMVL_FDB_H
#define DMVL_FDB_H

#include <stdint.h>

/*
 * An LDP's own address stays until it is removed. An LDP whose source addresses are not checked may
 * have more: fdb_learn() takes them from the frames it sends, at most FDB_LEARN_MAX for each LDP; a
 * new one replaces the oldest. A learnt address never replaces an own address.
 */
#define FDB_LEARN_MAX 32u
#define FDB_NONE      UINT32_MAX

struct fdb;

/* For LDPs of slots 0..slots - 1. NULL: out of memory. fdb_free(NULL) does nothing. */
struct fdb *fdb_new(uint32_t slots);
void fdb_free(struct fdb *f);

/* Adds a slot's own address. 0, -ENOMEM, or -EEXIST: it is the own address of another slot. */
int fdb_add(struct fdb *f, const uint8_t mac[6], uint32_t slot);

/*
 * Learns that frames from `mac` come from `slot`. Does nothing for a group address, an own address,
 * or without memory.
 */
void fdb_learn(struct fdb *f, const uint8_t mac[6], uint32_t slot);

/* Removes what was learnt from `slot`, and `own` (may be NULL) if it is the slot's own address. */
void fdb_forget(struct fdb *f, uint32_t slot, const uint8_t own[6]);

/* The slot of the LDP that has this address, or FDB_NONE. */
uint32_t fdb_lookup(const struct fdb *f, const uint8_t mac[6]);

#endif
