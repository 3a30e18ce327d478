/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/utf8.h"

#include <stddef.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The Unicode Standard, table 3-7: the second byte has a range of its own behind some first ones.
 */
static const struct lead {
	unsigned char first, last, low, high; /* low..high: the second byte */
	unsigned bytes;
} leads[] = {
	{0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct lead *lead_of(unsigned char c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

/* The bytes of the character that begins here; 0: none does. The end of the text is in no range. */
static unsigned character(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	const struct lead *lead = lead_of(c[0]);

	if (!lead || (lead->bytes > 1 && (c[1] < lead->low || c[1] > lead->high)))
		return 0;
	for (unsigned i = 2; i < lead->bytes; i++)
		if (c[i] < 0x80 || c[i] > 0xbf)
			return 0;
	return lead->bytes;
}

void utf8_puts(const char *text, FILE *out)
{
	while (*text) {
		unsigned bytes = character(text);

		fwrite(bytes ? text : REPLACEMENT, 1, bytes ? bytes : sizeof(REPLACEMENT) - 1, out);
		text += bytes ? bytes : 1;
	}
	fputc('\n', out);
}
