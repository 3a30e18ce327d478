/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot/label.h"

#include <string.h>

#define END_LEN 6 /* what stays of the end of a text that is cut: "ame/12" */

const char *label_clean(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; text[n] && n + 1 < size; n++)
		out[n] = text[n] >= 0x20 && text[n] <= 0x7e ? text[n] : '?';
	out[n] = '\0';
	return out;
}

void label_cut(char *text, size_t width)
{
	size_t len = strlen(text);

	if (len <= width)
		return;
	memcpy(text + width - END_LEN - 2, "..", 2);
	memmove(text + width - END_LEN, text + len - END_LEN, END_LEN + 1);
}

const char *label_quote(char *out, size_t size, const char *text)
{
	size_t n = 0;

	out[n++] = '\'';
	for (; *text; text++) {
		size_t bytes = *text == '\'' ? 2 : 1;

		if (n + bytes + 2 > size)
			break;
		out[n] = *text;
		out[n + bytes - 1] = *text;
		n += bytes;
	}
	out[n++] = '\'';
	out[n] = '\0';
	return out;
}
