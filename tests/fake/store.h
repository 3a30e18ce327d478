/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h: a xenstore in memory, with transactions and watches, for one thread. Linking it puts its
 * xs_*() in the place of libxenstore's; common/xs.c and all above it is the product's. Permissions
 * are not kept. The functions below are the other users of xenstore: they change it too.
 */
#ifndef DMVL_TESTS_FAKE_STORE_H
#define DMVL_TESTS_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* Removes all nodes, watches and events, and all that store_conflict() and store_fail() said. */
void store_clear(void);

/* Writes, and makes what is missing of the parents. */
void store_write(const char *path, const char *value);
void store_write_bytes(const char *path, const void *value, size_t len);
/* Removes a node and all below it. */
void store_remove(const char *path);
/* The value, good until it is changed; NULL: there is no such node. */
const char *store_read(const char *path);
const char *store_read_bytes(const char *path, size_t *len);

/* An event of a watch on a path that is no node, as @releaseDomain. */
void store_fire(const char *path);
/* The next n transactions end in a conflict. */
void store_conflict(unsigned n);
/*
 * Somebody else writes the value, where the node exists, `moments` from now: an even one is before
 * a transaction of the product begins, an odd one before it ends, which then ends in a conflict.
 * The arguments are borrowed. Returns whether that was done since the last call, which replaces it.
 */
bool store_meanwhile(const char *path, const char *value, unsigned moments);
/* Each call fails with this errno until it is 0. EPIPE: as where xenstored closed the socket. */
void store_fail(int error);
/* The same, but `calls` more calls succeed. */
void store_fail_later(int error, unsigned calls);
/* Nobody may remove this node, borrowed, until it is NULL. */
void store_deny(const char *path);
/* How many values the product wrote since store_clear(). */
unsigned store_written(void);

#endif
