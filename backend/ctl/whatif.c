/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl whatif: what guests would have had, had other keys been in force in a recording. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/plot_source.h"
#include "backend/ctl/span.h"
#include "backend/ctl/target.h"
#include "backend/ctl/whatif_print.h"
#include "common/log.h"
#include "common/quote.h"

#define ASKED_MAX 64

/* A device and what its keys would be. */
struct asked {
	struct target target;
	struct settings settings;
	const char *word;
};

struct whatif {
	struct ctl *ctl;
	struct plot_source source;
	char shown[QUOTE_MAX]; /* the path */
	struct asked *asked;
	unsigned count;
	rec_text name[REC_UPLINKS_MAX];
	bool named[REC_UPLINKS_MAX];
	const struct asked *twice; /* names a device that another one names too */
	int uplink;		   /* -1: not known */
	uint64_t end_ms;	   /* of the recording */
	struct whatif_world world;
};

/* --- what was typed --------------------------------------------------------------------------- */

#define KEY_MAX 64

/* Before its value is looked at: what other keys take is no help here. */
static int check_key(const char *word)
{
	char name[KEY_MAX], shown[QUOTE_MAX];
	int key;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	key = schema_lookup(SCHEMA_BACK, name);
	switch (key) {
	case KEY_BACK_WEIGHT:
	case KEY_BACK_TX_MIN:
	case KEY_BACK_TX_MAX:
	case KEY_BACK_GROUP:
		return 0;
	case KEY_BACK_RX_MIN:
	case KEY_BACK_RX_MAX:
		return ctl_fail(EXIT_WRONG_USE,
				"%s: only what guests send is replayed: who sends to them would "
				"have sent otherwise, and that is not recorded",
				name);
	default:
		return ctl_fail(EXIT_WRONG_USE, "key %s: expected %s, %s, %s or %s",
				quote_text(shown, name), schema_name(KEY_BACK_WEIGHT),
				schema_name(KEY_BACK_TX_MIN), schema_name(KEY_BACK_TX_MAX),
				schema_name(KEY_BACK_GROUP));
	}
}

/* The keys behind a DOM[/ID]: `count` of them. */
static int take_keys(struct asked *a, int count, char **args)
{
	char err[SCHEMA_ERR_MAX];
	int ret = 0;

	if (count == 0)
		return ctl_fail(EXIT_WRONG_USE, "%s: expected KEY=VALUE behind it", a->word);
	for (int i = 0; i < count && !ret; i++)
		ret = check_key(args[i]);
	if (!ret && settings_parse(&a->settings, SCHEMA_BACK, count, args, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	return ret;
}

static int parse(struct whatif *w, int argc, char **argv)
{
	char err[SCHEMA_ERR_MAX];
	int ret = 0;

	while (argc > 0 && !ret) {
		struct asked *a = &w->asked[w->count++];
		int keys = 0;

		a->word = argv[0];
		if (w->count > ASKED_MAX)
			return ctl_fail(EXIT_WRONG_USE, "expected at most %d devices", ASKED_MAX);
		if (target_parse(argv[0], &a->target, err) < 0)
			return ctl_fail(EXIT_WRONG_USE, "%s", err);
		while (1 + keys < argc && strchr(argv[1 + keys], '='))
			keys++;
		ret = take_keys(a, keys, argv + 1);
		argc -= 1 + keys;
		argv += 1 + keys;
	}
	return ret;
}

/* --- the recording ---------------------------------------------------------------------------- */

typedef void take_fn(struct whatif *w, const struct rec *r);

struct pass {
	struct whatif *w;
	take_fn *take;
};

static int pass_on(void *arg, const struct rec *r)
{
	struct pass *p = arg;

	p->take(p->w, r);
	return 0;
}

static int each_record(struct whatif *w, take_fn *take)
{
	return plot_source_each(&w->source, pass_on, &(struct pass){w, take});
}

static bool is_asked(const struct asked *a, const struct rec *r)
{
	char uuid[UUID_TEXT_LEN + 1];

	if (a->target.id != r->id)
		return false;
	if (a->target.kind == TARGET_DOMID)
		return a->target.domid == r->domid;
	uuid_format(r->uuid, uuid);
	return strcmp(a->target.kind == TARGET_UUID ? uuid : r->name, a->target.dom) == 0;
}

static void take_uplink(struct whatif *w, const struct rec *r)
{
	w->named[r->uplink] = true;
	memcpy(w->name[r->uplink], r->name, sizeof(r->name));
	if (w->ctl->uplink && strcmp(w->ctl->uplink, r->name) == 0)
		w->uplink = (int)r->uplink;
}

/* First pass: which uplink? The first one on which the first device is. And when did it end? */
static void find_uplink(struct whatif *w, const struct rec *r)
{
	if (r->type == REC_UPLINK)
		take_uplink(w, r);
	else if (r->type == REC_DEVICE && w->uplink < 0 && !w->ctl->uplink &&
		 is_asked(&w->asked[0], r))
		w->uplink = (int)r->uplink;
	else if (r->type == REC_TIME && r->end_ms > w->end_ms)
		w->end_ms = r->end_ms;
}

static void ask(struct whatif *w, struct whatif_row *row, const struct asked *a)
{
	if (row->change && row->change != &a->settings)
		w->twice = a;
	row->change = &a->settings;
}

/* Second pass: which devices? */
static void find_devices(struct whatif *w, const struct rec *r)
{
	struct whatif_row *row;

	if (r->type != REC_DEVICE || r->uplink != (unsigned)w->uplink)
		return;
	row = whatif_row(&w->world, r);
	for (unsigned i = 0; row && i < w->count; i++)
		if (is_asked(&w->asked[i], r))
			ask(w, row, &w->asked[i]);
}

static void replay(struct whatif *w, const struct rec *r)
{
	whatif_take(&w->world, r);
}

static int missing(const struct whatif *w, const struct asked *a)
{
	char text[TARGET_TEXT_MAX];

	return ctl_fail(EXIT_FAILED, "%s has no device %u of %s", w->shown, a->target.id,
			target_text(&a->target, text));
}

static int find(struct whatif *w)
{
	int ret = each_record(w, find_uplink);

	if (ret)
		return ret;
	if (w->uplink < 0)
		return w->ctl->uplink ? ctl_fail(EXIT_FAILED, "%s has no uplink %s", w->shown,
						 w->ctl->uplink)
				      : missing(w, &w->asked[0]);
	if (!whatif_world_init(&w->world, (unsigned)w->uplink))
		return ctl_fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	w->world.until_ms = w->end_ms;
	ret = span_read(w->ctl, &w->world.since_ms, &w->world.until_ms);
	if (!ret)
		ret = each_record(w, find_devices);
	if (!ret && w->twice)
		return ctl_fail(EXIT_WRONG_USE,
				"%s: named twice: give all keys of a device together",
				w->twice->word);
	for (unsigned i = 0; i < w->count && !ret; i++) {
		bool found = false;

		for (unsigned j = 0; j < w->world.rows; j++)
			found |= w->world.row[j].change == &w->asked[i].settings;
		if (!found)
			ret = missing(w, &w->asked[i]);
	}
	return ret;
}

/* Why nothing was replayed. */
static const char *nothing(const struct whatif_world *w)
{
	if (w->unknown)
		return "the capacity of the uplink was never known";
	return w->too_long ? "all its intervals are too long to be replayed"
			   : "nothing is recorded of that time";
}

static int answer(struct whatif *w)
{
	int ret = find(w);

	if (!ret)
		ret = each_record(w, replay);
	if (ret)
		return ret;
	whatif_end(&w->world);
	if (w->world.err[0])
		return ctl_fail(EXIT_FAILED, "%s", w->world.err);
	if (w->world.intervals == 0)
		return ctl_fail(EXIT_FAILED, "%s: %s", w->shown, nothing(&w->world));
	return (w->ctl->json ? whatif_print_json : whatif_print_text)(&w->world,
								      w->name[w->uplink]);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct whatif w;
	int ret;

	w = (struct whatif){.ctl = ctl, .uplink = -1};
	quote_text(w.shown, argv[0]);
	w.asked = calloc(ASKED_MAX + 1, sizeof(*w.asked));
	if (!w.asked)
		return ctl_fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	ret = parse(&w, argc - 1, argv + 1);
	if (!ret)
		ret = plot_source_open(&w.source, argv[0]);
	if (!ret)
		ret = answer(&w);
	whatif_world_fini(&w.world);
	free(w.asked);
	return ret;
}

const struct command whatif_command = {
	.name = "whatif",
	.args = "FILE DOM[/ID] KEY=VALUE..",
	.summary = "what guests would have sent with other keys",
	.details =
		"FILE is a recording (dmvlctl record). What guests sent is replayed through the\n"
		"scheduler, as it was and with another weight, minimum, maximum or group.\n"
		"Further DOM[/ID] KEY=VALUE.. may follow. Neither Xen nor a daemon is asked.\n",
	.min_args = 3,
	.max_args = INT_MAX,
	.has_since = true,
	.has_until = true,
	.uplink_help = "the uplink (default: that of the first device)",
	.run = run,
};
