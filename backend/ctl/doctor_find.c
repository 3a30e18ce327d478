/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/doctor_find.h"

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/doctor_guest.h"
#include "xenstore-schema/schema.h"

/*
 * Theory of operation
 *
 * Each look_*() is about one thing, and tells at most one finding for each file that it looks at.
 * It says what is wrong here and now, and its commands mend that for now and, where that is
 * something else, for the next boot. A guest is looked at instead (doctor_guest.c) where the kernel
 * shows a device of dmvl.
 */
#define CONF_DIR "/etc/dmvl"
#define UNITS	 "/etc/systemd/system"

void doctor_find_bridges(const struct doctor *d)
{
	static const char *const tables[] = {"iptables", "ip6tables", "arptables"};
	char name[96], line[DOCTOR_LINE_MAX];

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct finding f = {.what = "bridge filter",
				    .why = "a full uplink is not noticed, so capacity cannot be "
					   "measured, and frames wait where weights do not count"};

		snprintf(name, sizeof(name), "/proc/sys/net/bridge/bridge-nf-call-%s", tables[i]);
		if (!doctor_read_line(d, name, line) || strcmp(line, "0") == 0)
			continue;
		snprintf(f.where, sizeof(f.where), "%s is %s", name, line);
		snprintf(f.command[0], DOCTOR_COMMAND_MAX,
			 "sysctl -w net.bridge.bridge-nf-call-%s=0", tables[i]);
		snprintf(f.command[1], DOCTOR_COMMAND_MAX,
			 "echo net.bridge.bridge-nf-call-%s=0 >>/etc/sysctl.d/dmvl-local.conf",
			 tables[i]);
		d->found(d->arg, &f);
	}
}

/* --- dmvl-back --- */

/* NAME of NAME.conf of an uplink. */
static bool uplink_of(const char *file, char name[NAME_MAX + 1])
{
	size_t len = strlen(file);

	if (file[0] == '.' || len <= 5 || strcmp(file + len - 5, ".conf") != 0 ||
	    strcmp(file, "policy.conf") == 0)
		return false;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)(len - 5), file);
	return true;
}

/* Whatever target starts it. */
static bool is_enabled(const struct doctor *d, const char *name)
{
	char path[PATH_MAX];
	bool found;
	glob_t g;

	doctor_path(d, path, UNITS "/*.[wr]*/dmvl-back@%s.service", name);
	found = glob(path, 0, NULL, &g) == 0;
	globfree(&g);
	return found;
}

static void look_unit(const struct doctor *d, const char *name)
{
	struct finding f = {
		.what = "unit",
		.why = "after a reboot no guest has its device until somebody starts it"};
	const char *masked = NULL;
	bool missing;

	if (doctor_is_masked(d, UNITS "/dmvl-back@%s.service", name))
		masked = name;
	else if (doctor_is_masked(d, UNITS "/dmvl-back@.service"))
		masked = "";
	if (!doctor_exists(d, DOCTOR_SYSTEMD) || (!masked && is_enabled(d, name)))
		return;
	missing = !masked && !doctor_has_unit(d, "dmvl-back");
	snprintf(f.where, sizeof(f.where), "dmvl-back@%.80s is %s", name,
		 masked	   ? "masked"
		 : missing ? "not installed"
			   : "not enabled");
	if (masked)
		snprintf(f.command[0], DOCTOR_COMMAND_MAX, "systemctl unmask dmvl-back@%.80s",
			 masked);
	else if (missing)
		snprintf(f.command[0], DOCTOR_COMMAND_MAX,
			 "make install-backend && systemctl daemon-reload    # in dmvl's source");
	snprintf(f.command[masked || missing], DOCTOR_COMMAND_MAX,
		 "systemctl enable dmvl-back@%.80s", name);
	d->found(d->arg, &f);
}

void doctor_restart_uplink(const struct doctor *d, const char *uplink, char out[DOCTOR_COMMAND_MAX])
{
	char options[256];

	snprintf(options, sizeof(options), "--name %.80s --config " CONF_DIR "/%.80s.conf", uplink,
		 uplink);
	doctor_restart(d, "dmvl-back", uplink, "default", options, out);
}

static void look_daemon(const struct doctor *d, const char *name)
{
	struct finding f = {.what = "dmvl-back", .why = "its guests have no network through it"};

	if (d->is_served(d->arg, name))
		return;
	snprintf(f.where, sizeof(f.where), "no dmvl-back serves the uplink %.80s", name);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX,
		 "dmvl-back -t --name %.80s --config " CONF_DIR "/%.80s.conf", name, name);
	doctor_restart_uplink(d, name, f.command[1]);
	d->found(d->arg, &f);
}

static void tell_no_uplink(const struct doctor *d)
{
	struct finding f = {.what = "no uplink",
			    .where = "no uplink is configured: there is no " CONF_DIR "/NAME.conf",
			    .why = "dmvl-back does not know where guests' traffic goes"};

	snprintf(f.command[0], DOCTOR_COMMAND_MAX,
		 "mkdir -p " CONF_DIR " && printf 'uplink = tap:dmvl-up,bridge=xenbr0\\n"
		 "%s = 980mbit\\n' >" CONF_DIR "/default.conf",
		 schema_name(KEY_UPLINK_TX_CAPACITY));
	if (doctor_exists(d, DOCTOR_SYSTEMD) && doctor_has_unit(d, "dmvl-back"))
		snprintf(f.command[1], DOCTOR_COMMAND_MAX,
			 "systemctl enable --now dmvl-back@default");
	else
		doctor_restart_uplink(d, "default", f.command[1]);
	d->found(d->arg, &f);
}

static void look_uplinks(const struct doctor *d)
{
	char path[PATH_MAX], name[NAME_MAX + 1];
	struct dirent **entry;
	unsigned uplinks = 0;
	int n;

	doctor_path(d, path, CONF_DIR);
	n = scandir(path, &entry, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (uplink_of(entry[i]->d_name, name)) {
			look_unit(d, name);
			look_daemon(d, name);
			uplinks++;
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	if (uplinks == 0)
		tell_no_uplink(d);
}

static void look_policy(const struct doctor *d)
{
	struct finding f = {.what = "no policy",
			    .where = "there is no " CONF_DIR "/policy.conf and no policy.d",
			    .why = "a guest has a device only after dmvlctl attach, and a new UUID "
				   "needs that again"};

	if (doctor_exists(d, CONF_DIR "/policy.conf") || doctor_exists(d, CONF_DIR "/policy.d"))
		return;
	snprintf(f.command[0], DOCTOR_COMMAND_MAX,
		 "dmvlctl set --save GUEST weight=256    # for each guest");
	d->found(d->arg, &f);
}

void doctor_find_devices(const struct doctor *d)
{
	doctor_shared(d);
	doctor_device(d, "/dev/xen/gntdev", "xen_gntdev", "dmvl-back cannot map the guests' rings");
}

void doctor_find(const struct doctor *d)
{
	if (doctor_is_guest(d)) {
		doctor_guest(d);
		return;
	}
	doctor_xen(d, false);
	doctor_find_devices(d);
	doctor_find_bridges(d);
	doctor_manager(d, "60-dmvl-backend-net.rules");
	look_uplinks(d);
	look_policy(d);
}

bool doctor_no_xenstored(const struct doctor *d)
{
	char line[DOCTOR_LINE_MAX];

	return doctor_read_line(d, "/proc/xen/capabilities", line) && strstr(line, "control_d") &&
	       !doctor_exists(d, "/run/xenstored/socket");
}
