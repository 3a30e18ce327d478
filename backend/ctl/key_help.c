/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/key_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/table.h"
#include "backend/policy/setting.h"
#include "common/units.h"

#define KEY_HELP_MAX 64

bool key_help_area(const struct command *command, enum schema_area *out)
{
	if (!strstr(command->args, "KEY=VALUE"))
		return false;
	*out = SCHEMA_BACK;
	if (strstr(command->args, "GROUP"))
		*out = SCHEMA_GROUP;
	else if (strstr(command->args, "UPLINK"))
		*out = SCHEMA_UPLINK;
	return true;
}

bool key_help_takes(const struct command *command, enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);
	enum schema_area area;

	return key_help_area(command, &area) && e->area == area && setting_is_given(key) &&
	       (e->effect != SCHEMA_EFFECT_ATTACH || command->makes_device);
}

/* "normal low" as "normal or low" */
static void add_words(const char *words, char out[KEY_HELP_MAX])
{
	for (size_t len; *words; words += len, words += strspn(words, " ")) {
		size_t used = strlen(out);

		len = strcspn(words, " ");
		snprintf(out + used, KEY_HELP_MAX - used, "%s%.*s",
			 !used	      ? ""
			 : words[len] ? ", "
				      : " or ",
			 (int)len, words);
	}
}

/* What may stand behind KEY=, in words: "1..65535", "rate", "normal or low". */
static const char *values_text(enum schema_key key, char out[KEY_HELP_MAX])
{
	static const char *const kinds[] = {
		[SCHEMA_S64] = "integer",
		[SCHEMA_BYTES] = "size",
		[SCHEMA_RATE] = "rate",
		[SCHEMA_FRACTION] = "0..1",
		[SCHEMA_BOOL] = "0 or 1",
		[SCHEMA_STATE] = "XenbusState",
		[SCHEMA_MAC] = "MAC address",
		[SCHEMA_NONCE] = "16 hex digits",
		[SCHEMA_NAME] = "name",
		[SCHEMA_PATH] = "path",
		[SCHEMA_LIST] = "words with commas",
		[SCHEMA_TEXT] = "text",
	};
	const struct schema_entry *e = schema_entry(key);

	out[0] = '\0';
	if (e->type == SCHEMA_ENUM)
		add_words(e->values, out);
	else if (e->type == SCHEMA_U64)
		snprintf(out, KEY_HELP_MAX, "%" PRIu64 "..%" PRIu64, e->min, e->max);
	else
		snprintf(out, KEY_HELP_MAX, "%s", kinds[e->type]);
	return out;
}

static const char *default_text(enum schema_key key, char out[KEY_HELP_MAX])
{
	const struct schema_entry *e = schema_entry(key);

	if (e->dflt && e->type == SCHEMA_RATE)
		return units_format_rate(out, KEY_HELP_MAX, schema_default(key));
	if (!e->dflt)
		return "-";
	return *e->dflt ? e->dflt : "empty";
}

static void add_key(struct table *table, enum schema_key key)
{
	static const char *const effects[] = {"", "attach", "reconnect", "live"};
	char name[SCHEMA_NAME_MAX + 8], values[KEY_HELP_MAX], dflt[KEY_HELP_MAX];
	const char *cells[4] = {name, values_text(key, values), default_text(key, dflt),
				effects[schema_entry(key)->effect]};

	snprintf(name, sizeof(name), "  %s", schema_name(key));
	table_add(table, cells);
}

void key_help(const struct command *command)
{
	static const char *const title[4] = {"  KEY", "VALUE", "DEFAULT", "IN FORCE"};
	enum schema_area area;
	struct table table;

	if (!key_help_area(command, &area))
		return;
	printf("\n");
	table_init(&table, 4);
	table_add(&table, title);
	for (int i = 0; i < KEY_COUNT; i++)
		if (key_help_takes(command, (enum schema_key)i))
			add_key(&table, (enum schema_key)i);
	table_print(&table, stdout);
}
