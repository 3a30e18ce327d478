/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dir.h: a directory of xenstore that an input is. */
#ifndef DMVL_TESTS_FUZZ_DIR_H
#define DMVL_TESTS_FUZZ_DIR_H

#include <stddef.h>
#include <stdint.h>

#define DIR_PATH "dir"

/*
 * Xenstore has this directory and nothing else: "KEY=VALUE" in each line of n bytes, the last one
 * of a key holds; values may have any byte.
 */
void dir_set(const uint8_t *lines, size_t n);

/* The value of a key, not a string, and its length; NULL: no such key. */
const char *dir_find(const char *key, size_t *len);

#endif
