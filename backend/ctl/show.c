/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl show: what one device is, has and gets, in some lines; or every key of it. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "backend/ctl/device_json.h"
#include "backend/ctl/drop_words.h"
#include "backend/ctl/facts.h"
#include "backend/ctl/standing.h"
#include "backend/ctl/table.h"
#include "backend/ctl/text.h"
#include "backend/ctl/words.h"
#include "common/log.h"
#include "common/units.h"

#define LINE_MAX_BYTES 1024

/* --- all keys --------------------------------------------------------------------------------- */

static void print_area(const struct view *view, enum schema_area area)
{
	struct table table;

	table_init(&table, 4);
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);
		char text[VIEW_TEXT_MAX];
		const char *cells[4] = {e->name, text, view_remark(view, (enum schema_key)i),
					e->doc};

		if (e->area != area)
			continue;
		view_text(view, (enum schema_key)i, text, sizeof(text));
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

static void print_keys(const struct ldp_view *ldp)
{
	char dir[SCHEMA_PATH_MAX];

	if (schema_backend_dir(dir, sizeof(dir), ldp->backend_domid, ldp->domid, ldp->id) > 0)
		printf("\n%s\n", dir);
	print_area(&ldp->keys, SCHEMA_BACK);
	if (ldp_view_is_agentless(ldp))
		return;
	if (schema_frontend_dir(dir, sizeof(dir), ldp->domid, ldp->id) > 0)
		printf("\n%s\n", dir);
	print_area(&ldp->keys, SCHEMA_FRONT);
}

/* --- in short --------------------------------------------------------------------------------- */

static void line(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *label, const char *fmt, ...)
{
	char first[32], text[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(first, sizeof(first), "  %s: ", label);
	text_fold(stdout, first, text, 6);
}

static void print_title(struct ctl *ctl, const struct ldp_view *ldp)
{
	char name[FACT_NAME_MAX], uplink[FACT_MAX], title[FACT_NAME_MAX + 64];
	enum state_tone tone;
	const char *words =
		state_words(ldp, ctl_uplink_is_served(ctl, fact_uplink(ldp, uplink)), &tone);

	printf("%s", text_colour(tone));
	snprintf(title, sizeof(title), "%s: %s", fact_name(ldp, name), words);
	text_fold(stdout, "", title, 2);
	printf("%s", text_plain());
}

static uint64_t count(const struct standing *s, const char *dir, const char *what)
{
	char field[STATS_NAME_MAX + 1];

	snprintf(field, sizeof(field), "%s-%s", dir, what);
	return stats_view_number(s->measured, STATS_LDP, field);
}

/* "12.3mbit now, 11.9mbit in 10 s; would get 25mbit: its weight 256 of 1024" */
static void print_rate(const struct standing *s, const char *dir)
{
	char now[TEXT_RATE_MAX], ten[TEXT_RATE_MAX], more[TEXT_RATE_MAX], why[STANDING_MAX];
	uint64_t bps = count(s, dir, "rate-in-force");

	text_rate(now, count(s, dir, "rate-1s"));
	text_rate(ten, count(s, dir, "rate-10s"));
	standing_why(s, dir, why);
	if (bps)
		line(dir, "%s now, %s in 10 s; would get %s: %s", now, ten, text_rate(more, bps),
		     why);
	else
		line(dir, "%s now, %s in 10 s; what it would get is not known: %s", now, ten, why);
}

/* "at least 5mbit: tx-min"; of a group too. Nothing if there is none. */
static void limit(const struct view *keys, enum schema_key key, const char *least,
		  const char *group, char out[LINE_MAX_BYTES])
{
	size_t used = strlen(out);
	uint64_t bps = 0;
	char text[UNITS_TEXT_MAX];

	if (!keys->value[key] || schema_parse_u64(key, keys->value[key], &bps, NULL) < 0 || !bps)
		return;
	snprintf(out + used, LINE_MAX_BYTES - used, "%sat %s %s: %s%s%s", used ? "; " : "", least,
		 units_format_rate(text, sizeof(text), bps), schema_name(key),
		 group ? " of group " : "", group ? group : "");
}

static void mark(const struct ldp_view *ldp, enum schema_key key, char out[LINE_MAX_BYTES])
{
	size_t used = strlen(out);

	if (fact_is_refused(ldp, key))
		snprintf(out + used, LINE_MAX_BYTES - used, "%s%s is refused", used ? "; " : "",
			 schema_name(key));
}

static void print_limits(const struct standing *s)
{
	static const enum schema_key of[2][4] = {
		{KEY_BACK_TX_MIN, KEY_BACK_TX_MAX, KEY_GROUP_TX_MIN, KEY_GROUP_TX_MAX},
		{KEY_BACK_RX_MIN, KEY_BACK_RX_MAX, KEY_GROUP_RX_MIN, KEY_GROUP_RX_MAX},
	};

	for (int dir = 0; dir < 2; dir++) {
		char text[LINE_MAX_BYTES] = "";

		for (int i = 0; i < 2; i++) {
			const char *least = i ? "most" : "least";

			limit(&s->ldp->keys, of[dir][i], least, NULL, text);
			mark(s->ldp, of[dir][i], text);
			if (s->group)
				limit(&s->group->keys, of[dir][2 + i], least, s->group->name, text);
		}
		if (text[0])
			line(dir ? "rx limits" : "tx limits", "%s", text);
	}
}

static void add_wait(const struct standing *s, const char *dir, char *out, size_t size)
{
	char field[STATS_NAME_MAX + 1], half[TEXT_WAIT_MAX], most[TEXT_WAIT_MAX];
	const uint64_t *bucket;
	unsigned n;

	snprintf(field, sizeof(field), "%s-wait", dir);
	bucket = stats_view_get(s->measured, STATS_LDP, field, &n);
	if (bucket && text_wait(half, bucket, n, 500))
		snprintf(out, size, ", half waited %s, 99 %% %s", half,
			 text_wait(most, bucket, n, 990));
}

static void print_count(const struct standing *s, const char *dir, const char *label)
{
	char frames[TEXT_COUNT_MAX], bytes[TEXT_COUNT_MAX], wait[128] = "";

	add_wait(s, dir, wait, sizeof(wait));
	line(label, "%s frames, %s bytes%s", text_count(frames, count(s, dir, "frames")),
	     text_count(bytes, count(s, dir, "bytes")), wait);
}

/* Each reason is a line: who sent what, or why it could not be received. */
static void print_drops(const struct standing *s)
{
	const struct stats_view *v = s->measured;
	char shown[TEXT_COUNT_MAX];
	struct stats_field f;

	for (unsigned i = 0; i < v->header.fields; i++) {
		const char *reason = f.name + strlen(STATS_DROP), *words, *key;

		if (!stats_field(v->file.mem, &v->header, i, &f) || f.scope != STATS_LDP ||
		    strncmp(f.name, STATS_DROP, strlen(STATS_DROP)) != 0 ||
		    !v->record->value[f.first])
			continue;
		words = drop_words(reason);
		key = drop_key(reason);
		line("dropped", "%s frames: %s%s%s%s%s%s",
		     text_count(shown, v->record->value[f.first]), words ? words : "",
		     words ? " (" : "", reason, key ? "; key " : "", key ? key : "",
		     words ? ")" : "");
	}
}

/* What it lent, and is owed. */
static void print_balance(const struct standing *s)
{
	int64_t tx = (int64_t)count(s, "tx", "balance"), rx = (int64_t)count(s, "rx", "balance");
	char text[2][TEXT_COUNT_MAX];

	if (tx || rx)
		line("account", "%s bytes tx %s, %s bytes rx %s",
		     text_count(text[0], tx < 0 ? -(uint64_t)tx : (uint64_t)tx),
		     tx < 0 ? "borrowed" : "lent",
		     text_count(text[1], rx < 0 ? -(uint64_t)rx : (uint64_t)rx),
		     rx < 0 ? "borrowed" : "lent");
}

static void print_measured(const struct standing *s)
{
	const char *why = s->stats_count == 1 ? s->stats[0].why : NULL;

	if (!s->measured && why)
		line("rates", "not known: %s", why);
	if (!s->measured)
		return;
	print_rate(s, "tx");
	print_rate(s, "rx");
	print_count(s, "tx", "sent");
	print_count(s, "rx", "received");
	print_drops(s);
	print_balance(s);
}

/* A value with '!' behind it if it is refused. */
static const char *value(const struct ldp_view *ldp, enum schema_key key, char out[VIEW_TEXT_MAX])
{
	view_text(&ldp->keys, key, out, VIEW_TEXT_MAX - 1);
	if (fact_is_refused(ldp, key))
		strcat(out, "!");
	return out;
}

static void print_settings(const struct standing *s)
{
	const struct ldp_view *ldp = s->ldp;
	char text[3][VIEW_TEXT_MAX], uplink[FACT_MAX];

	line("guest", "domid %u%s%s", ldp->domid, ldp->uuid[0] ? ", UUID " : "", ldp->uuid);
	line(schema_name(KEY_BACK_UPLINK), "%s%s%s", fact_uplink(ldp, uplink),
	     s->group ? ", group " : "", s->group ? s->group->name : "");
	line(schema_name(KEY_BACK_MAC), "%s, %s %s, %s %s", value(ldp, KEY_BACK_MAC, text[0]),
	     schema_name(KEY_BACK_MTU), value(ldp, KEY_BACK_MTU, text[1]),
	     schema_name(KEY_BACK_VLAN), value(ldp, KEY_BACK_VLAN, text[2]));
	line(schema_name(KEY_BACK_WEIGHT), "%s of %" PRIu64 " connected%s",
	     value(ldp, KEY_BACK_WEIGHT, text[0]), s->weight.all, s->group ? " in its group" : "");
	print_limits(s);
}

static int print_short(struct ctl *ctl, const struct ldp_view *ldp)
{
	struct standing s;
	int ret = standing_read(ctl, ldp, &s);

	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the devices");
	print_title(ctl, ldp);
	print_settings(&s);
	print_measured(&s);
	fact_print_troubles(ldp, "  error", stdout);
	standing_free(&s);
	return 0;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct ldp_view ldp;
	int ret = ldp_view_find(ctl, argv[0], &ldp);

	(void)argc;
	if (ret)
		return ret;
	if (ctl->json)
		ret = json_print(device_json_alone(ctl, &ldp));
	else
		ret = print_short(ctl, &ldp);
	if (ctl->all && !ctl->json)
		print_keys(&ldp);
	ldp_view_free(&ldp);
	return ret ? ret : output_end();
}

const struct command show_command = {
	.name = "show",
	.args = "DOM[/ID]",
	.summary = "what one device is, has and gets, and why no more",
	.details =
		"\"Would get\" is the rate if the guest sent, or were sent, all it could, beside\n"
		"what the others send now. --all adds every key of the device.\n",
	.min_args = 1,
	.max_args = 1,
	.has_all = true,
	.run = run,
};
