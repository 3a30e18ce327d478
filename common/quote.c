/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/quote.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 32

const char *quote_text(char out[QUOTE_MAX], const char *text)
{
	size_t used = 1;

	out[0] = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char piece[5];

		if (c == '"' || c == '\\')
			snprintf(piece, sizeof(piece), "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			snprintf(piece, sizeof(piece), "\\x%02x", c);
		else
			snprintf(piece, sizeof(piece), "%c", c);
		if (used - 1 + strlen(piece) > SHOWN)
			break;
		memcpy(out + used, piece, strlen(piece));
		used += strlen(piece);
	}
	snprintf(out + used, QUOTE_MAX - used, "\"%s", *text ? "..." : "");
	return out;
}
