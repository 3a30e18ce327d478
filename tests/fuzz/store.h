/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h: a xenstore of one directory in memory. Linking it puts its xs_open(), xs_close(),
 * xs_read() and xs_directory() in the place of libxenstore's; all above them is the product's.
 */
#ifndef DMVL_TESTS_FUZZ_STORE_H
#define DMVL_TESTS_FUZZ_STORE_H

#include <stddef.h>
#include <stdint.h>

#define STORE_DIR "dir"

/* "KEY=VALUE" in each line of n bytes, the last one of a key holds; values may have any byte. */
void store_set(const uint8_t *lines, size_t n);

/* A value, not a string, and its length; NULL: no such key. */
const char *store_find(const char *key, size_t *len);

#endif
