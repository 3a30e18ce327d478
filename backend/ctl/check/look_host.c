/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_host.h"

#include "backend/ctl/doctor_find.h"
#include "backend/ctl/policy_diff.h"

static void on_doctor(void *arg, const struct finding *d)
{
	struct finding_row *f = look_found(arg);

	finding_where(f, "%s", d->what);
	finding_text(f, "%s: %s", d->where, d->why);
	for (int i = 0; i < DOCTOR_COMMANDS && d->command[i][0]; i++)
		finding_do(f, "%s", d->command[i]);
}

/* What dmvlctl doctor finds too. With -B they are another domain's. */
bool look_kernel_devices(struct look *look)
{
	if (!look->ctl->backend_given)
		doctor_find_devices(&(struct doctor){.root = "", .found = on_doctor, .arg = look});
	return true;
}

bool look_bridge_filter(struct look *look)
{
	if (!look->ctl->backend_given)
		doctor_find_bridges(&(struct doctor){.root = "", .found = on_doctor, .arg = look});
	return true;
}

static void on_difference(void *arg, const char *what, const char *text, const char *command)
{
	struct finding_row *f = look_found(arg);

	finding_where(f, "%s", what);
	finding_text(f, "%s", text);
	if (command[0])
		finding_do(f, "%s", command);
}

bool look_policy(struct look *look)
{
	policy_diff(look->ctl, on_difference, look); /* what cannot be read was told by others */
	return true;
}
