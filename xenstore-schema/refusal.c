/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xenstore-schema/refusal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOO	"; refused too: "
#define TOO_MAX (REFUSAL_MAX - 128u) /* the names of a directory's keys are shorter */

void refusal_add(char *err, const char *key, const char *sentence)
{
	char first[REFUSAL_MAX], others[TOO_MAX];
	char *at = strstr(err, TOO);

	if (!err[0]) {
		snprintf(err, REFUSAL_MAX, "%s", sentence);
		return;
	}
	snprintf(others, sizeof(others), "%s%s%s", at ? at : TOO, at ? ", " : "", key);
	if (at)
		*at = '\0';
	snprintf(first, sizeof(first), "%s", err);
	snprintf(err, REFUSAL_MAX, "%.*s%s", (int)(REFUSAL_MAX - 1 - strlen(others)), first,
		 others);
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool begins_with(const char *text, const char *key)
{
	size_t len = strlen(key);

	return strncmp(text, key, len) == 0 && !is_of_word(text[len]);
}

bool refusal_names(const char *error, const char *key)
{
	const char *at = strstr(error, TOO);

	if (begins_with(error, key) && strncmp(error + strlen(key), " is ", 4) != 0)
		return true;
	for (at = at ? at + strlen(TOO) : NULL; at;
	     at = strchr(at, ',') ? strchr(at, ',') + 2 : NULL)
		if (begins_with(at, key))
			return true;
	return false;
}
