/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl list: prints one line for each device. */
#include "backend/ctl/commands.h"

#include <stdlib.h>

#include "backend/ctl/device_json.h"
#include "backend/ctl/facts.h"
#include "backend/ctl/stats_view.h"
#include "backend/ctl/table.h"
#include "backend/ctl/text.h"
#include "backend/ctl/words.h"
#include "common/log.h"

enum column {
	DEVICE,
	DOMID,
	UPLINK,
	STATE,
	TX,
	RX,
	WEIGHT,
	TX_LIMITS,
	RX_LIMITS,
	GROUP,
	COLUMNS,
};

static const char *const titles[COLUMNS] = {
	[DEVICE] = "DEVICE",
	[DOMID] = "DOMID",
	[UPLINK] = "UPLINK",
	[STATE] = "STATE",
	[TX] = "TX",
	[RX] = "RX",
	[WEIGHT] = "WEIGHT",
	[TX_LIMITS] = "TX MIN..MAX",
	[RX_LIMITS] = "RX MIN..MAX",
	[GROUP] = "GROUP",
};

struct list {
	struct ctl *ctl;
	struct ldp_view *ldps;
	int count;
	struct stats_view *stats;
	int stats_count;
	struct table table;
};

static struct stats_view *measured(const struct list *l, const struct ldp_view *ldp)
{
	return stats_views_find(l->stats, l->stats_count, ldp->domid, ldp->id);
}

static const char *words_of(const struct list *l, const struct ldp_view *ldp, enum state_tone *tone)
{
	char uplink[FACT_MAX];

	return state_words(ldp, ctl_uplink_is_served(l->ctl, fact_uplink(ldp, uplink)), tone);
}

/* --- text ------------------------------------------------------------------------------------- */

static void rate(const struct stats_view *v, const char *field, char out[FACT_MAX])
{
	if (v)
		text_rate(out, stats_view_number(v, STATS_LDP, field));
	else
		snprintf(out, FACT_MAX, "-");
}

static void add_ldp(struct list *l, const struct ldp_view *ldp)
{
	const struct stats_view *v = measured(l, ldp);
	char text[COLUMNS][FACT_MAX], name[FACT_NAME_MAX];
	const char *cells[COLUMNS];
	enum state_tone tone;

	for (int i = 0; i < COLUMNS; i++)
		cells[i] = text[i];
	cells[DEVICE] = fact_name(ldp, name);
	cells[STATE] = words_of(l, ldp, &tone);
	snprintf(text[DOMID], FACT_MAX, "%u", ldp->domid);
	fact_uplink(ldp, text[UPLINK]);
	rate(v, "tx-rate-1s", text[TX]);
	rate(v, "rx-rate-1s", text[RX]);
	fact_value(ldp, KEY_BACK_WEIGHT, text[WEIGHT]);
	fact_limits(ldp, KEY_BACK_TX_MIN, KEY_BACK_TX_MAX, text[TX_LIMITS]);
	fact_limits(ldp, KEY_BACK_RX_MIN, KEY_BACK_RX_MAX, text[RX_LIMITS]);
	fact_value(ldp, KEY_BACK_GROUP, text[GROUP]);
	table_add(&l->table, cells);
	table_colour(&l->table, STATE, text_colour(tone));
}

/*
 * Makes the table fit: columns without anything in them go, and if that is not enough, names are
 * cut, and columns go that other commands tell.
 */
static void fit(struct table *t)
{
	static const enum column may_be_empty[] = {RX_LIMITS, TX_LIMITS, GROUP};
	static const enum column go[] = {DOMID, UPLINK, GROUP, RX_LIMITS, TX_LIMITS};

	for (size_t i = 0; i < sizeof(may_be_empty) / sizeof(may_be_empty[0]); i++)
		if (table_is_uniform(t, may_be_empty[i], "-"))
			table_hide(t, may_be_empty[i]);
	for (unsigned width = 32; width > 12 && table_width(t) > TEXT_WIDTH; width -= 4) {
		table_cut(t, DEVICE, width);
		table_cut(t, GROUP, width - 4);
		table_cut(t, UPLINK, width - 4);
	}
	for (size_t i = 0; i < sizeof(go) / sizeof(go[0]) && table_width(t) > TEXT_WIDTH; i++)
		table_hide(t, go[i]);
}

/* What is wrong, below the table: it may be long. */
static void print_troubles(const struct list *l)
{
	char name[FACT_NAME_MAX];

	for (int i = 0; i < l->count; i++)
		fact_print_troubles(&l->ldps[i], fact_name(&l->ldps[i], name), stdout);
}

static int print_text(struct list *l)
{
	table_init(&l->table, COLUMNS);
	table_add(&l->table, titles);
	for (int i = 0; i < l->count; i++)
		add_ldp(l, &l->ldps[i]);
	fit(&l->table);
	table_print(&l->table, stdout);
	print_troubles(l);
	return output_end();
}

/* --- JSON ------------------------------------------------------------------------------------- */

static int print_json(const struct list *l)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (int i = 0; i < l->count; i++)
		json_object_array_add(array,
				      device_json(l->ctl, &l->ldps[i], l->stats, l->stats_count));
	json_object_object_add(object, "ldps", array);
	return json_print(object);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct list l = {.ctl = ctl};
	int ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	l.count = ldp_views_read(ctl, &l.ldps);
	if (l.count < 0)
		return ctl_fail_xs(l.count, "read", "the devices");
	/* Without them there are no rates; dmvlctl stat says why. */
	l.stats_count = stats_views_open(ctl, &l.stats);
	ret = ctl->json ? print_json(&l) : print_text(&l);
	stats_views_free(l.stats, l.stats_count);
	ldp_views_free(l.ldps, l.count);
	return ret;
}

const struct command list_command = {
	.name = "list",
	.args = "",
	.summary = "one line for each device",
	.details = "TX and RX are measured rates of the last second, as the guest sees them.\n"
		   "A value with a '!' is refused: the lines below the table say why.\n",
	.run = run,
};
