/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a line of dmvl-back begins with what it is about. Devices are DOMID/ID
 * there. A domid is a guest's until the guest starts again, so the name is learnt from the line
 * that says what came into force, which has both. Of a domid without such a line, the name of today
 * is shown if the line is of this boot, and else the domid.
 */
#include "backend/ctl/changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/journal.h"
#include "backend/ctl/logtext.h"
#include "backend/ctl/since.h"
#include "backend/ctl/table.h"
#include "backend/ctl/utf8.h"
#include "common/log.h"

/* What dmvl-back says when settings came into force: device_settings.c. */
#define IN_FORCE "in force: "
#define GUEST	 ", guest "

struct reading {
	const struct changes *wanted;
	struct journal *journal;
	struct logtext text; /* the names of domids, of the boot whose lines are read */
	bool this_boot;
	char target[LOGTEXT_LDP_MAX]; /* wanted, as it is shown */
};

/* A line taken apart. */
struct said {
	const struct journal_line *line;
	bool of_domid;
	uint32_t ldp;		   /* if of_domid */
	char who[LOGTEXT_LDP_MAX]; /* the device, as it is shown; "": it is about none */
	const char *text;	   /* without it */
};

static bool is_number(const char *text, size_t len)
{
	return len > 0 && strspn(text, "0123456789") >= len;
}

/* "5/0: ..." and "web1/0: ...": the text begins behind the colon. */
static void take_apart(const struct journal_line *line, struct said *s)
{
	size_t dom = strcspn(line->text, "/: "), id;
	const char *slash = line->text + dom;

	*s = (struct said){.line = line, .text = line->text};
	if (dom == 0 || *slash != '/')
		return;
	id = strcspn(slash + 1, ": ");
	if (!is_number(slash + 1, id) || strncmp(slash + 1 + id, ": ", 2) != 0)
		return;
	snprintf(s->who, sizeof(s->who), "%.*s", (int)(dom + 1 + id), line->text);
	s->text = slash + 1 + id + 2;
	s->of_domid = is_number(line->text, dom);
	if (s->of_domid)
		s->ldp = record_ldp((unsigned)strtoul(line->text, NULL, 10),
				    (unsigned)strtoul(slash + 1, NULL, 10));
}

static void name_device(struct reading *r, struct said *s)
{
	const char *guest = strstr(s->text, GUEST);

	if (r->this_boot != s->line->this_boot)
		logtext_free(&r->text);
	r->this_boot = s->line->this_boot;
	if (!s->of_domid)
		return;
	if (strncmp(s->text, IN_FORCE, strlen(IN_FORCE)) == 0 && guest)
		logtext_learn(&r->text, record_domid(s->ldp), guest + strlen(GUEST));
	else if (!r->this_boot && !logtext_knows(&r->text, record_domid(s->ldp)))
		logtext_learn(&r->text, record_domid(s->ldp), "");
	logtext_ldp(&r->text, s->ldp, s->who);
}

static bool is_wanted(const struct reading *r, const struct said *s)
{
	size_t len = strlen(r->target);

	if (!r->wanted->filtered || !s->who[0])
		return !r->wanted->filtered;
	if (!r->wanted->one_id)
		len = (size_t)(strrchr(r->target, '/') - r->target) + 1;
	return strncmp(s->who, r->target, len) == 0 && (!r->wanted->one_id || s->who[len] == '\0');
}

static void print_json(struct reading *r, const struct said *s)
{
	struct json_object *o = json_object_new_object();
	char when[SINCE_TEXT_MAX];

	json_object_object_add(o, "time", json_object_new_string(since_iso(when, s->line->t_ms)));
	json_object_object_add(o, schema_name(KEY_BACK_UPLINK),
			       json_object_new_string(s->line->uplink));
	json_object_object_add(o, "type", json_object_new_string("said"));
	if (s->of_domid)
		logtext_add_ldp(&r->text, o, s->ldp);
	json_object_object_add(o, "text",
			       json_object_new_string(s->of_domid ? s->text : s->line->text));
	utf8_puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), stdout);
	json_object_put(o);
}

static void print_said(struct reading *r, const struct said *s)
{
	char when[SINCE_TEXT_MAX];

	if (r->wanted->ctl->json) {
		print_json(r, s);
		return;
	}
	printf("%s ", since_text(when, s->line->t_ms));
	if (journal_uplinks(r->journal) > 1)
		printf("%s: ", s->line->uplink);
	if (s->who[0])
		printf("%s: ", s->who);
	utf8_puts(s->text, stdout);
}

/* 0 or -errno. */
static int read_all(struct reading *r)
{
	struct journal_line line;
	struct said said;
	int ret;

	while ((ret = journal_next(r->journal, &line)) > 0 && line.t_ms < r->wanted->until_ms) {
		take_apart(&line, &said);
		name_device(r, &said);
		if (is_wanted(r, &said))
			print_said(r, &said);
	}
	return ret < 0 ? ret : 0;
}

static int fail_read(int ret)
{
	return ctl_fail(EXIT_FAILED, "cannot read the journal: %s", strerror(-ret));
}

static int read_on(struct reading *r)
{
	int ret = read_all(r);

	while (ret == 0 && r->wanted->ctl->follow && journal_is_current(r->journal)) {
		ret = output_end();
		if (ret)
			return ret;
		ret = journal_wait(r->journal);
		if (ret == 0)
			ret = read_all(r);
	}
	return ret < 0 ? fail_read(ret) : output_end();
}

/* What is missing of the time that was asked for. */
static void tell_begin(const struct reading *r)
{
	uint64_t begin_ms = journal_begin_ms(r->journal);
	char when[SINCE_TEXT_MAX];

	if (r->wanted->ctl->since && begin_ms > r->wanted->since_ms)
		log_notice("the journal goes back to %s", since_text(when, begin_ms));
}

int changes_print(const struct changes *wanted, bool *current)
{
	struct reading r = {.wanted = wanted, .text.ctl = wanted->ctl};
	int ret = journal_open(wanted->ctl->uplink, wanted->since_ms, &r.journal);

	*current = false;
	/* No line, and no journal: dmvl-back runs without systemd. */
	if (ret < 0)
		return ret == -ENOENT || ret == -ENOMEDIUM ? 0 : fail_read(ret);
	*current = journal_is_current(r.journal);
	if (wanted->filtered) {
		logtext_ldp(&r.text, wanted->ldp, r.target);
		logtext_free(&r.text);
	}
	tell_begin(&r);
	ret = read_on(&r);
	logtext_free(&r.text);
	journal_close(r.journal);
	return ret;
}
