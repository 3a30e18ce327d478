/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uuid.h: the UUID of a domain, as text. Pure. */
#ifndef DMVL_UUID_H
#define DMVL_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_LEN 36

/* Converts a UUID to its 16 bytes. False, with `out` untouched: `text` is not a UUID. */
bool uuid_parse(const char *text, uint8_t out[16]);

/* All bytes 0: a domain's UUID is not known, or the toolstack gave it none. It tells none apart. */
bool uuid_is_null(const uint8_t uuid[16]);

/* Writes a UUID as "6fa459ea-ee8a-3ca4-894e-db77e160355e" with its NUL. */
void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_LEN + 1]);

#endif
