/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/kept/kept_account.h"

#include <inttypes.h>
#include <stdio.h>

void kept_account_format(const struct kept_account *a, char out[KEPT_ACCOUNT_MAX])
{
	snprintf(out, KEPT_ACCOUNT_MAX, "tx=%" PRId64 " rx=%" PRId64 " at=%" PRIu64 ".%03u", a->tx,
		 a->rx, a->at_ms / 1000, (unsigned)(a->at_ms % 1000));
}

/* Digits up to `max`, behind which *text points then. False: there are none, or it is more. */
static bool take_number(const char **text, uint64_t max, uint64_t *out)
{
	const char *p = *text;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > max)
			return false;
	}
	*out = v;
	if (p == *text)
		return false;
	*text = p;
	return true;
}

static bool take_word(const char **text, const char *word)
{
	for (; *word; word++, ++*text) {
		if (**text != *word)
			return false;
	}
	return true;
}

static bool take_balance(const char **text, int64_t *out)
{
	bool minus = **text == '-';
	uint64_t size;

	*text += minus;
	if (!take_number(text, (uint64_t)KEPT_BALANCE_MAX, &size))
		return false;
	*out = minus ? -(int64_t)size : (int64_t)size;
	return true;
}

bool kept_account_parse(const char *text, struct kept_account *out)
{
	uint64_t s, ms;

	if (!take_word(&text, "tx=") || !take_balance(&text, &out->tx) ||
	    !take_word(&text, " rx=") || !take_balance(&text, &out->rx) ||
	    !take_word(&text, " at=") || !take_number(&text, UINT32_MAX, &s) ||
	    !take_word(&text, ".") || !take_number(&text, 999, &ms) || *text)
		return false;
	out->at_ms = s * 1000 + ms;
	return true;
}
