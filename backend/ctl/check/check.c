/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl check: what is wrong with this host, its uplinks and devices, and what to do. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/check/looks.h"
#include "backend/ctl/table.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * Guests come and go while all this is read: a device may be half made, or half removed. So whoever
 * finds something looks again, and tells what is still there. What dmvl-back says of an uplink is
 * certain, also if it has mended that a moment later.
 */
#define LOOKS	 3
#define AGAIN_MS 500
#define NS	 1000000000u
#define GRACE_S	 60

/* What a monitoring system reads, and its exit statuses; the fourth is CTL_UNKNOWN. */
enum nagios {
	NAGIOS_OK,
	NAGIOS_WARNING,
	NAGIOS_CRITICAL,
};

/* --- printing --------------------------------------------------------------------------------- */

static int print_text(const struct findings *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct finding_row *f = &all->row[i];

		printf("%s%s: %s\n", f->gravity == GRAVITY_NOTE ? "note: " : "", f->where, f->text);
		for (int n = 0; n < FINDING_COMMANDS && f->command[n][0]; n++)
			printf("    %s\n", f->command[n]);
	}
	return output_end();
}

static struct json_object *finding_json(const struct finding_row *f)
{
	struct json_object *o = json_object_new_object(), *commands = json_object_new_array();

	json_object_object_add(o, "what", json_object_new_string(f->where));
	json_object_object_add(o, "text", json_object_new_string(f->text));
	json_object_object_add(o, "kind", json_object_new_string(f->id));
	json_object_object_add(o, "critical",
			       json_object_new_boolean(f->gravity == GRAVITY_CRITICAL));
	for (int n = 0; n < FINDING_COMMANDS && f->command[n][0]; n++)
		json_object_array_add(commands, json_object_new_string(f->command[n]));
	json_object_object_add(o, "commands", commands);
	return o;
}

static int print_json(const struct findings *all)
{
	struct json_object *o = json_object_new_object();
	struct json_object *problems = json_object_new_array(), *notes = json_object_new_array();

	for (unsigned i = 0; i < all->count; i++) {
		const struct finding_row *f = &all->row[i];

		json_object_array_add(f->gravity == GRAVITY_NOTE ? notes : problems,
				      finding_json(f));
	}
	json_object_object_add(o, "problems", problems);
	json_object_object_add(o, "notes", notes);
	return json_print(o);
}

/* The worst finding stands for all. '|' would begin the figures. */
static void print_worst(const struct findings *all, unsigned problems)
{
	const struct finding_row *worst = &all->row[0];

	for (unsigned i = 1; i < all->count; i++) {
		if (all->row[i].gravity > worst->gravity)
			worst = &all->row[i];
	}
	for (const char *p = worst->where; *p; p++)
		putchar(*p == '|' ? '/' : *p);
	fputs(": ", stdout);
	for (const char *p = worst->text; *p; p++)
		putchar(*p == '|' ? '/' : *p);
	if (problems > 1)
		printf(" (and %u more: dmvlctl check)", problems - 1);
}

static int print_nagios(const struct look *look, const struct findings *all)
{
	unsigned problems = findings_problems(all), critical = findings_critical(all);
	enum nagios status = critical ? NAGIOS_CRITICAL : problems ? NAGIOS_WARNING : NAGIOS_OK;

	printf("DMVL %s - ", critical ? "CRITICAL" : problems ? "WARNING" : "OK");
	if (problems)
		print_worst(all, problems);
	else
		printf("%d devices on %d uplinks", look->devices.count, look->uplink_count);
	printf(" | findings=%u;0;;0 critical=%u;;0;0 devices=%d;;;0 uplinks=%d;;;0\n", problems,
	       critical, look->devices.count, look->uplink_count);
	return output_end() ? CTL_UNKNOWN : (int)status;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* 0 or -errno. */
static int look_until_sure(struct look *look, struct findings *found)
{
	int ret = looks_run(look, found);

	for (int i = 1; ret == 0 && !findings_certain(found) && i < LOOKS; i++) {
		struct findings again = {.row = NULL};

		poll(NULL, 0, AGAIN_MS);
		ret = looks_run(look, &again);
		findings_confirm(&again, found);
		findings_free(found);
		*found = again;
	}
	return ret;
}

static int tell(const struct look *look, struct findings *found)
{
	int ret;

	if (look->ctl->backend_given)
		findings_of_domain(found, look->ctl->backend_domid);
	if (look->ctl->nagios)
		return print_nagios(look, found);
	ret = look->ctl->json ? print_json(found) : print_text(found);
	return ret ? ret : findings_problems(found) > 0 ? EXIT_FAILED : 0;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct look look = {.ctl = ctl};
	struct findings found = {.row = NULL};
	int ret;

	(void)argc;
	(void)argv;
	if (ctl->nagios && ctl->json)
		return ctl_fail(EXIT_WRONG_USE, "--nagios and --json exclude each other");
	ret = ctl_connect(ctl);
	if (ret)
		return ret;
	if (ctl->backend_given && ctl->backend_domid != ctl->own_domid &&
	    xs_conn_introduced(ctl->xs, ctl->backend_domid) == 0)
		return ctl_fail(EXIT_WRONG_USE, "there is no domain %u", ctl->backend_domid);
	look.grace_s = ctl->grace_given ? ctl->grace_ns / NS : GRACE_S;
	if (dom_open(&look.dom) < 0)
		look.dom = NULL;
	ret = look_until_sure(&look, &found);
	if (ret < 0)
		ret = ctl_fail_xs(ret, "read", "the uplinks and devices");
	else
		ret = tell(&look, &found);
	findings_free(&found);
	dom_close(look.dom);
	return ret;
}

const struct command check_command = {
	.name = "check",
	.args = "",
	.summary = "what is wrong with this host, uplinks and devices",
	.details = "Prints a line for each problem, and below it the commands that mend it.\n"
		   "The exit status is 0 if nothing was found, 1 if something was, and 2 if it\n"
		   "could not look. What may be meant is a note, and counts as nothing.\n",
	.has_grace = true,
	.has_nagios = true,
	.run = run,
};
