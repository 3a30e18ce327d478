/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl doctor: what this machine lacks, and the commands that mend it. */
#include "backend/ctl/commands.h"

#include <unistd.h>

#include "backend/ctl/doctor_find.h"
#include "backend/ctl/table.h"
#include "common/log.h"

struct visit {
	struct ctl *ctl;
	struct json_object *findings;
	unsigned n;
	bool xenstored; /* answers */
};

static void add_json(struct json_object *findings, const struct finding *f)
{
	struct json_object *o = json_object_new_object(), *commands = json_object_new_array();

	json_object_object_add(o, "what", json_object_new_string(f->what));
	json_object_object_add(o, "where", json_object_new_string(f->where));
	json_object_object_add(o, "why", json_object_new_string(f->why));
	for (int i = 0; i < DOCTOR_COMMANDS && f->command[i][0]; i++)
		json_object_array_add(commands, json_object_new_string(f->command[i]));
	json_object_object_add(o, "commands", commands);
	json_object_array_add(findings, o);
}

static void found(void *arg, const struct finding *f)
{
	struct visit *v = arg;

	v->n++;
	if (v->findings)
		add_json(v->findings, f);
	else
		doctor_print(f);
}

static bool is_served(void *arg, const char *uplink)
{
	struct visit *v = arg;

	/* One finding is enough where xenstored itself does not answer. */
	return !v->xenstored || ctl_uplink_is_served(v->ctl, uplink);
}

static void look_xenstored(struct visit *v, const struct doctor *d)
{
	static const struct finding silent = {
		.what = "xenstored",
		.where = "it does not answer",
		.why = "dmvl-back and the guests speak through it",
		.command = {"systemctl start xenstored.service || service xen start"},
	};
	static const struct finding refused = {
		.what = "xenstored",
		.where = "only root may use it",
		.why = "whether the uplinks are served was not looked at",
		.command = {"su -c 'dmvlctl doctor'"},
	};

	v->xenstored = !doctor_no_xenstored(d) && ctl_reach(v->ctl) == 0;
	if (!v->xenstored)
		found(v, geteuid() == 0 || doctor_no_xenstored(d) ? &silent : &refused);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct visit v = {.ctl = ctl, .findings = ctl->json ? json_object_new_array() : NULL};
	const struct doctor d = {.root = "", .found = found, .is_served = is_served, .arg = &v};
	struct json_object *o;
	int ret;

	(void)argc;
	(void)argv;
	look_xenstored(&v, &d);
	doctor_find(&d);
	if (ctl->json) {
		o = json_object_new_object();
		json_object_object_add(o, "findings", v.findings);
		ret = json_print(o);
	} else {
		ret = output_end();
	}
	return ret ? ret : v.n > 0 ? EXIT_FAILED : 0;
}

const struct command doctor_command = {
	.name = "doctor",
	.args = "",
	.summary = "what this machine lacks, with the commands that mend it",
	.details = "Changes nothing; the exit status is 1 if anything was found.\n",
	.run = run,
};
