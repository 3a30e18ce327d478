/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fdb.h: which LDP a MAC address leads to. Pure. */
#ifndef DMVL_FDB_H
#define DMVL_FDB_H

#include <stdint.h>

/*
 * An LDP's own address is set and stays until it is removed. LDPs whose source addresses are not
 * checked may lead to more: those are learnt from what they send, at most FDB_LEARN_MAX for each,
 * the oldest forgotten first, and never take over an own address.
 */
#define FDB_LEARN_MAX 32u
#define FDB_NONE      UINT32_MAX

struct fdb;

/* For LDPs of slots 0..slots - 1. NULL: out of memory. */
struct fdb *fdb_new(uint32_t slots);
void fdb_free(struct fdb *f);

/* -EEXIST: the own address of another LDP; -ENOMEM. */
int fdb_add(struct fdb *f, const uint8_t mac[6], uint32_t slot);

/* Notes that frames from `mac` came from `slot`. Quietly does nothing where that may not be. */
void fdb_learn(struct fdb *f, const uint8_t mac[6], uint32_t slot);

/* Forgets what was learnt from `slot` and, where given (not NULL), its own address. */
void fdb_forget(struct fdb *f, uint32_t slot, const uint8_t own[6]);

/* The LDP's slot, or FDB_NONE. */
uint32_t fdb_lookup(const struct fdb *f, const uint8_t mac[6]);

#endif
