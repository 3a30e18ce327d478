/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/mac_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LEN 17 /* 00:16:3e:00:00:01 */

static bool parse_mac(const char *text, size_t len, uint8_t mac[6])
{
	static const uint8_t zero[6];

	if (len != TEXT_LEN)
		return false;
	for (int i = 0; i < 6; i++) {
		const char digits[3] = {text[3 * i], text[3 * i + 1], '\0'};

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]) ||
		    (i < 5 && text[3 * i + 2] != ':'))
			return false;
		mac[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return !(mac[0] & 1) && memcmp(mac, zero, 6) != 0;
}

int mac_list_parse(const char *text, struct mac_list *out, char *err, size_t errlen)
{
	static const char separators[] = ", \t\r\n";
	struct mac_list got = {0};
	size_t len;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		len = strcspn(text, separators);
		if (got.n == MAC_LIST_MAX) {
			snprintf(err, errlen, "more than %d addresses", MAC_LIST_MAX);
			return -E2BIG;
		}
		if (!parse_mac(text, len, got.entry[got.n])) {
			snprintf(err, errlen, "\"%.*s\" is not a unicast MAC address",
				 (int)(len < 64 ? len : 64), text);
			return -EINVAL;
		}
		got.n++;
		text += len;
	}
	*out = got;
	return 0;
}

bool mac_list_has(const struct mac_list *list, const uint8_t mac[6])
{
	for (unsigned i = 0; i < list->n; i++) {
		if (memcmp(list->entry[i], mac, 6) == 0)
			return true;
	}
	return false;
}
