/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz.h: what all targets share: taking the input apart, and assertions. */
#ifndef DMVL_TESTS_FUZZ_H
#define DMVL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, from front to back. Behind its end there are zeros. */
struct fuzz_in {
	const uint8_t *at;
	size_t left;
};

static inline void fuzz_copy(struct fuzz_in *in, void *to, size_t n)
{
	size_t have = n < in->left ? n : in->left;

	memcpy(to, in->at, have);
	memset((char *)to + have, 0, n - have);
	in->at += have;
	in->left -= have;
}

static inline uint8_t fuzz_u8(struct fuzz_in *in)
{
	uint8_t v;

	fuzz_copy(in, &v, sizeof(v));
	return v;
}

static inline uint16_t fuzz_u16(struct fuzz_in *in)
{
	uint16_t v;

	fuzz_copy(in, &v, sizeof(v));
	return v;
}

static inline uint32_t fuzz_u32(struct fuzz_in *in)
{
	uint32_t v;

	fuzz_copy(in, &v, sizeof(v));
	return v;
}

/*
 * A block that is exactly as long as it says, so that a sanitizer sees the first byte too far.
 * free() it.
 */
static inline uint8_t *fuzz_block(const void *from, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	must(copy);
	if (n)
		memcpy(copy, from, n);
	return copy;
}

/* The input as a string, up to its first NUL. free() it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	size_t len = size ? strnlen((const char *)data, size) : 0;
	char *text = malloc(len + 1);

	must(text);
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

/* Is this one line that may be shown to people: not empty, printable, below `size` with its NUL? */
static inline bool fuzz_is_sentence(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == 0 || len == size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	}
	return true;
}

#endif
