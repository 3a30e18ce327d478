/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refusal.h: one `error` for all keys of a directory that are refused. Pure. */
#ifndef DMVL_REFUSAL_H
#define DMVL_REFUSAL_H

#include <stdbool.h>

#include "xenstore-schema/schema.h"

/* Bytes for the sentence about one key and the names of all others of its directory. */
#define REFUSAL_MAX 512

/*
 * Adds to err (REFUSAL_MAX bytes) that the key is refused: the sentence, which begins with the key,
 * if err is empty; otherwise the key's name behind what is there, whose sentence is cut if need be.
 */
void refusal_add(char *err, const char *key, const char *sentence);

/* Says `error` that the key is refused? "tx-min is scaled down" says no such thing. */
bool refusal_names(const char *error, const char *key);

#endif
