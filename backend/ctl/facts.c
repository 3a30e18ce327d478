/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/facts.h"

#include <string.h>

#include "backend/ctl/text.h"
#include "common/quote.h"
#include "common/units.h"
#include "xenstore-schema/refusal.h"

#define VALUE_MAX 12 /* characters of a value in a table */

const char *fact_name(const struct ldp_view *ldp, char out[FACT_NAME_MAX])
{
	if (ldp->name[0])
		snprintf(out, FACT_NAME_MAX, "%s/%u", ldp->name, ldp->id);
	else
		snprintf(out, FACT_NAME_MAX, "%u/%u", ldp->domid, ldp->id);
	return out;
}

const char *fact_uplink(const struct ldp_view *ldp, char out[FACT_MAX])
{
	bool served = ldp->keys.value[KEY_BACK_SERVED_BY] &&
		      !view_is_malformed(&ldp->keys, KEY_BACK_SERVED_BY);

	return view_text(&ldp->keys, served ? KEY_BACK_SERVED_BY : KEY_BACK_UPLINK, out, FACT_MAX);
}

static bool error_names(const struct ldp_view *ldp, enum schema_key key)
{
	const char *error = ldp->keys.value[KEY_BACK_ERROR];

	return error && key != KEY_BACK_ERROR && refusal_names(error, schema_name(key));
}

bool fact_is_refused(const struct ldp_view *ldp, enum schema_key key)
{
	return view_is_malformed(&ldp->keys, key) || error_names(ldp, key);
}

/* Cuts what is too long for a table. */
static void shorten(char *text)
{
	if (strlen(text) > VALUE_MAX)
		memcpy(text + VALUE_MAX - 2, "..", 3);
}

const char *fact_value(const struct ldp_view *ldp, enum schema_key key, char out[FACT_MAX])
{
	view_text(&ldp->keys, key, out, FACT_MAX - 1);
	shorten(out);
	if (fact_is_refused(ldp, key))
		strcat(out, "!");
	return out;
}

/* "": none is set */
static void limit(const struct ldp_view *ldp, enum schema_key key, char out[FACT_MAX])
{
	uint64_t bps = 0;

	if (ldp->keys.value[key] && schema_parse_u64(key, ldp->keys.value[key], &bps, NULL) == 0 &&
	    bps > 0) {
		units_format_rate(out, FACT_MAX, bps);
		if (strlen(out) > sizeof("99.9mbit") - 1)
			text_rate(out, bps);
		strcat(out, fact_is_refused(ldp, key) ? "!" : "");
	} else if (fact_is_refused(ldp, key)) {
		fact_value(ldp, key, out);
	} else {
		out[0] = '\0';
	}
}

const char *fact_limits(const struct ldp_view *ldp, enum schema_key min, enum schema_key max,
			char out[FACT_MAX])
{
	char least[FACT_MAX], most[FACT_MAX];

	limit(ldp, min, least);
	limit(ldp, max, most);
	if (!least[0] && !most[0])
		snprintf(out, FACT_MAX, "-");
	else
		snprintf(out, FACT_MAX, "%.40s..%.40s", least, most);
	return out;
}

static void print_malformed(const struct ldp_view *ldp, const char *label, enum schema_key key,
			    FILE *out)
{
	char text[SCHEMA_ERR_MAX + 64], why[SCHEMA_ERR_MAX], first[FACT_NAME_MAX + 16];

	schema_check(key, ldp->keys.value[key], why);
	snprintf(text, sizeof(text), "%s", why);
	snprintf(first, sizeof(first), "%s: ", label);
	text_fold(out, first, text, 4);
}

bool fact_print_troubles(const struct ldp_view *ldp, const char *label, FILE *out)
{
	const char *error = ldp->keys.value[KEY_BACK_ERROR];
	char first[FACT_NAME_MAX + 16];
	bool any = error && *error;

	snprintf(first, sizeof(first), "%s: ", label);
	if (any)
		text_fold(out, first, error, 4);
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;

		if (!view_is_malformed(&ldp->keys, key) || error_names(ldp, key))
			continue;
		print_malformed(ldp, label, key, out);
		any = true;
	}
	return any;
}
