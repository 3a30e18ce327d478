/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is no UTF-8 is replaced, byte by byte, and the rest stays. */
#include "backend/ctl/utf8.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define R "\xef\xbf\xbd"

static const struct {
	const char *text, *shown, *what;
} rows[] = {
	{"", "", "nothing"},
	{"web-1 \"\\\x7f", "web-1 \"\\\x7f", "ASCII"},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "characters of two bytes"},
	{"\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80", "\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80",
	 "characters of three bytes"},
	{"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
	 "characters of four bytes"},
	{"a\xffz", "a" R "z", "a byte that is in no character"},
	{"gr\xfc\xdf", "gr" R R, "Latin-1"},
	{"\x80", R, "a second byte without a first one"},
	{"\xc3", R, "a first byte at the end"},
	{"\xe2\x82", R R, "a character that was cut"},
	{"\xe2\x82z", R R "z", "a character that was cut before a letter"},
	{"\xc0\xaf\xc1\xbf", R R R R, "two bytes for a character that needs one"},
	{"\xe0\x80\xaf", R R R, "three bytes for a character that needs one"},
	{"\xf0\x82\x82\xac", R R R R, "four bytes for a character that needs three"},
	{"\xed\xa0\x80", R R R, "half of a surrogate pair"},
	{"\xf4\x90\x80\x80", R R R R, "a character beyond the last one"},
	{"\xf5\x80\x80\x80", R R R R, "a first byte beyond the last one"},
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = NULL, want[64];
		size_t size;
		FILE *out = open_memstream(&got, &size);

		utf8_puts(rows[i].text, out);
		fclose(out);
		snprintf(want, sizeof(want), "%s\n", rows[i].shown);
		is_str(got, want, "%s", rows[i].what);
		free(got);
	}
	return done_testing();
}
