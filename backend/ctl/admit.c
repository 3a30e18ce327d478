/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl admit: would a new device with these keys be admitted, and what would it get? */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/admit_ask.h"
#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/table.h"
#include "backend/ctl/text.h"
#include "backend/ctl/uplink_view.h"
#include "backend/policy/minima_words.h"
#include "backend/policy/policy_key.h"
#include "common/log.h"
#include "common/units.h"

/* What was typed. A percentage is of each uplink's own capacity. */
struct asked {
	struct settings settings;
	struct policy_item part[SETTINGS_MAX]; /* part_ppm 0: the setting is no percentage */
	const char *uplink;		       /* NULL: all */
	unsigned admitted;		       /* uplinks that would take the device */
};

/* --- what was typed --------------------------------------------------------------------------- */

/* 0, 1: it is none, or -EINVAL with one sentence in err. */
static int take_percentage(const char *arg, struct setting *s, struct policy_item *item,
			   char err[POLICY_ERR_MAX])
{
	const char *equals = strchr(arg, '=');
	size_t len = strlen(arg);
	char name[64];
	int key;

	if (!equals || arg[len - 1] != '%')
		return 1;
	snprintf(name, sizeof(name), "%.*s", (int)(equals - arg), arg);
	key = schema_lookup(SCHEMA_BACK, name);
	if (key < 0 || !setting_is_given((enum schema_key)key))
		return 1; /* setting_parse() says what is wrong with it */
	s->key = item->key = (enum schema_key)key;
	snprintf(s->typed, sizeof(s->typed), "%s", equals + 1);
	s->value[0] = '\0';
	return policy_key_value(item, equals + 1, err) < 0 ? -EINVAL : 0;
}

static int take(struct asked *a, const char *arg, char err[POLICY_ERR_MAX])
{
	struct setting *s = &a->settings.item[a->settings.count];
	int ret = take_percentage(arg, s, &a->part[a->settings.count], err);

	if (ret > 0)
		ret = setting_parse(SCHEMA_BACK, arg, s, err);
	if (ret < 0)
		return ret;
	if (settings_find(&a->settings, s->key)) {
		snprintf(err, POLICY_ERR_MAX, "%s is given twice", schema_name(s->key));
		return -EINVAL;
	}
	a->settings.count++;
	return 0;
}

/* Those that are no percentages have to agree whatever the uplink. */
static int check_limits(const struct asked *a, char err[SCHEMA_ERR_MAX])
{
	const char *const none[SETTINGS_LIMITS] = {NULL};
	struct settings *plain = calloc(1, sizeof(*plain));
	int ret = plain ? 0 : -ENOMEM;

	if (plain) {
		plain->area = SCHEMA_BACK;
		for (unsigned i = 0; i < a->settings.count; i++) {
			if (!a->part[i].part_ppm)
				plain->item[plain->count++] = a->settings.item[i];
		}
		ret = settings_check_limits(plain, none, err);
	}
	free(plain);
	return ret;
}

/* 0 or an exit status. */
static int parse(const struct ctl *ctl, struct asked *a, int argc, char **argv)
{
	char err[POLICY_ERR_MAX] = "";
	int ret = 0;

	a->settings.area = SCHEMA_BACK;
	for (int i = 0; i < argc && ret == 0; i++)
		ret = take(a, argv[i], err);
	if (ret == 0)
		ret = check_limits(a, err);
	if (ret < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err[0] ? err : strerror(-ret));
	a->uplink = settings_find(&a->settings, KEY_BACK_UPLINK);
	if (a->uplink && ctl->uplink && strcmp(a->uplink, ctl->uplink) != 0)
		return ctl_fail(EXIT_WRONG_USE, "%s=%s and --%s %s name different uplinks",
				schema_name(KEY_BACK_UPLINK), a->uplink,
				schema_name(KEY_BACK_UPLINK), ctl->uplink);
	if (!a->uplink)
		a->uplink = ctl->uplink;
	return 0;
}

/* Works out what percentages are of this uplink. False: why not is in err. */
static bool resolve(struct ctl *ctl, const struct asked *a, const char *uplink,
		    struct settings *out, char err[SCHEMA_ERR_MAX])
{
	const char *const none[SETTINGS_LIMITS] = {NULL};
	struct policy_capacity capacity = ctl_policy_capacity(ctl, uplink);

	*out = a->settings;
	for (unsigned i = 0; i < out->count; i++) {
		if (a->part[i].part_ppm &&
		    policy_resolve(&a->part[i], &capacity, out->item[i].value, err) < 0)
			return false;
	}
	return settings_check_limits(out, none, err) == 0;
}

/* --- the answer ------------------------------------------------------------------------------- */

struct answer {
	const char *uplink;
	struct admission said;
	bool known; /* the dmvl-back has answered */
};

static void ask(struct ctl *ctl, struct asked *a, const char *uplink, struct answer *out)
{
	static struct settings settings; /* static: they are large */

	*out = (struct answer){.uplink = uplink};
	if (resolve(ctl, a, uplink, &settings, out->said.error))
		out->known = admit_ask(ctl, uplink, &settings, &out->said);
	a->admitted += out->said.admitted;
}

static const struct {
	const char *word, *words;
} reasons[] = {
	[PROSPECT_UNKNOWN] = {"unknown", "the capacity is not known"},
	[PROSPECT_LINK] = {"link", "all that the others leave"},
	[PROSPECT_WEIGHT] = {"weight", "its weight's part"},
	[PROSPECT_MIN] = {"minimum", "its minimum"},
	[PROSPECT_MAX] = {"maximum", "its maximum"},
	[PROSPECT_GROUP_MIN] = {"group-minimum", "its group's minimum"},
	[PROSPECT_GROUP_MAX] = {"group-maximum", "its group's maximum"},
};

/* Of the capacity, what minima may take. */
static void print_room(const struct admission_dir *d)
{
	char room[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];

	printf(" of at most %s (%d %% of %s%s)",
	       units_format_rate_short(room, sizeof(room), minima_words_room(d->capacity_bps)),
	       MINIMA_PERCENT, units_format_rate_short(all, sizeof(all), d->capacity_bps),
	       d->measured ? ", measured: none is refused" : "");
}

static void print_left(const struct admission_dir *d)
{
	char taken[UNITS_TEXT_MAX], left[UNITS_TEXT_MAX];

	printf("minima %s", units_format_rate_short(taken, sizeof(taken), d->minima_bps));
	if (d->left_bps == ADMISSION_NO_LIMIT) {
		printf(", no capacity is known");
	} else {
		print_room(d);
		printf(", left for others %s",
		       units_format_rate_short(left, sizeof(left), d->left_bps));
	}
	if (d->group_left_bps != ADMISSION_NO_LIMIT)
		printf(", in its group %s",
		       units_format_rate_short(left, sizeof(left), d->group_left_bps));
	printf("%s\n", d->scaled ? "; all are scaled down, the link carries too little now" : "");
}

static void print_dir(const char *what, const struct admission_dir *d)
{
	char rate[UNITS_TEXT_MAX];

	printf("  %s  ", what);
	print_left(d);
	if (d->would.by == PROSPECT_UNKNOWN)
		printf("      if all send: %s\n", reasons[d->would.by].words);
	else
		printf("      if all send: %s, %s\n",
		       units_format_rate_short(rate, sizeof(rate), d->would.bps),
		       reasons[d->would.by].words);
}

static void print(const struct answer *a)
{
	char first[SCHEMA_NAME_MAX + 32];

	snprintf(first, sizeof(first), "%s: %s", a->uplink,
		 a->said.admitted ? "admitted" : "not admitted: ");
	text_fold(stdout, first, a->said.error, 2);
	if (!a->known)
		return;
	print_dir("tx", &a->said.dir[0]);
	print_dir("rx", &a->said.dir[1]);
}

static struct json_object *limit_json(uint64_t bps)
{
	return bps == ADMISSION_NO_LIMIT ? NULL : json_object_new_uint64(bps);
}

static struct json_object *dir_json(const struct admission_dir *d)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "capacity", json_object_new_uint64(d->capacity_bps));
	json_object_object_add(o, "measured", json_object_new_boolean(d->measured));
	json_object_object_add(o, "minima", json_object_new_uint64(d->minima_bps));
	json_object_object_add(o, "left", limit_json(d->left_bps));
	json_object_object_add(o, "group-left", limit_json(d->group_left_bps));
	json_object_object_add(o, "scaled", json_object_new_boolean(d->scaled));
	json_object_object_add(o, "rate", json_object_new_uint64(d->would.bps));
	json_object_object_add(o, "rate-by", json_object_new_string(reasons[d->would.by].word));
	return o;
}

static struct json_object *answer_json(const struct answer *a)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(a->uplink));
	json_object_object_add(o, "admitted", json_object_new_boolean(a->said.admitted));
	json_object_object_add(o, "reason", json_object_new_string(a->said.error));
	json_object_object_add(o, "tx", a->known ? dir_json(&a->said.dir[0]) : NULL);
	json_object_object_add(o, "rx", a->known ? dir_json(&a->said.dir[1]) : NULL);
	return o;
}

/* --- the command ------------------------------------------------------------------------------ */

/* How many uplinks were asked. */
static int ask_all(struct ctl *ctl, struct asked *a, const struct uplink_view *views, int count,
		   struct json_object *array)
{
	struct answer answer;
	int asked = 0;

	for (int i = 0; i < count; i++) {
		if (a->uplink && strcmp(a->uplink, views[i].name) != 0)
			continue;
		ask(ctl, a, views[i].name, &answer);
		asked++;
		if (ctl->json)
			json_object_array_add(array, answer_json(&answer));
		else
			print(&answer);
	}
	return asked;
}

static int end(struct ctl *ctl, struct asked *a, int asked, struct json_object *array)
{
	struct json_object *o;
	int ret;

	if (asked == 0) {
		json_object_put(array);
		return a->uplink ? ctl_fail_no_uplink(a->uplink)
				 : ctl_fail(EXIT_FAILED, "there is no uplink");
	}
	o = json_object_new_object();
	json_object_object_add(o, "uplinks", array);
	if (ctl->json) {
		ret = json_print(o);
	} else {
		json_object_put(o);
		ret = output_end();
	}
	return ret ? ret : a->admitted ? 0 : EXIT_FAILED;
}

static void clear(struct asked *a)
{
	for (unsigned i = 0; i < SETTINGS_MAX; i++)
		free((char *)a->part[i].value);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct asked a; /* static: settings are large */
	struct uplink_view *views;
	int count, ret = parse(ctl, &a, argc, argv);

	if (!ret)
		ret = ctl_connect(ctl);
	if (!ret) {
		count = uplink_views_read(ctl, &views);
		if (count < 0) {
			ret = ctl_fail_xs(count, "read", "the uplinks");
		} else {
			struct json_object *array = json_object_new_array();

			ret = end(ctl, &a, ask_all(ctl, &a, views, count, array), array);
			uplink_views_free(views, count);
		}
	}
	clear(&a);
	return ret;
}

const struct command admit_command = {
	.name = "admit",
	.args = "KEY=VALUE..",
	.summary = "would a new device with these keys be admitted?",
	.details =
		"Changes nothing. dmvl-back judges the keys as those of a device that is\n"
		"attached. Rates take units, or are a part of the uplink's configured capacity:\n"
		"40%. Ends with 0 if an uplink would admit the device, and with 1 if none would.\n",
	.min_args = 1,
	.max_args = SETTINGS_MAX,
	.makes_device = true,
	.uplink_help = "ask this uplink alone (default: all)",
	.has_timeout = true,
	.run = run,
};
