/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/uuid.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool uuid_parse(const char *text, uint8_t out[16])
{
	uint8_t bytes[16];
	unsigned n = 0;

	if (strlen(text) != UUID_TEXT_LEN)
		return false;
	for (unsigned i = 0; i < UUID_TEXT_LEN;) {
		char pair[3] = {text[i], text[i + 1], '\0'};

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i++] != '-')
				return false;
			continue;
		}
		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
			return false;
		bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
		i += 2;
	}
	memcpy(out, bytes, sizeof(bytes));
	return true;
}

bool uuid_is_null(const uint8_t uuid[16])
{
	static const uint8_t none[16];

	return memcmp(uuid, none, sizeof(none)) == 0;
}

void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_LEN + 1])
{
	char *p = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, "%02x", uuid[i]);
	}
}
