/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/doctor_guest.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * The kernel shows each device that Dom0 has attached as /sys/bus/xen/devices/dmvl-ID. A rule of
 * udev's starts dmvl-front@ID for it. So what is missing is looked at along that way: Xen, a
 * device, the modules, the rule, and for each device its unit and its agent.
 */
#define DEVICES	     "/sys/bus/xen/devices"
#define RULES	     "/etc/udev/rules.d/60-dmvl-guest.rules"
#define UNITS	     "/etc/systemd/system"
#define LIMIT_FILE   "/sys/module/xen_gntalloc/parameters/limit"
#define LIMIT_WANTED 8192
#define CMDLINE_MAX  4096

/* --- the agents that run --- */

/* The device of this command line, whose words end with NULs; -1: it runs for none. */
static long id_of(const char *words, size_t len)
{
	const char *w = words, *end = words + len;
	long id = 0;

	for (w += strlen(w) + 1; w < end; w += strlen(w) + 1) {
		const char *next = w + strlen(w) + 1;

		if (strcmp(w, "--doctor") == 0)
			return -1;
		if ((strcmp(w, "-i") == 0 || strcmp(w, "--id") == 0) && next < end)
			id = atol(next);
		else if (strncmp(w, "--id=", 5) == 0)
			id = atol(w + 5);
		else if (strncmp(w, "-i", 2) == 0)
			id = atol(w + 2);
	}
	return id;
}

static bool is_agent_of(const struct doctor *d, const char *pid, unsigned id)
{
	char path[PATH_MAX], words[CMDLINE_MAX + 1], name[DOCTOR_LINE_MAX];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.32s/comm", pid);
	if (!doctor_read_line(d, path, name) || strcmp(name, "dmvl-front") != 0)
		return false;
	doctor_path(d, path, "/proc/%.32s/cmdline", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	len = fread(words, 1, CMDLINE_MAX, f);
	fclose(f);
	words[len] = '\0';
	return len > 0 && id_of(words, len) == (long)id;
}

static bool has_agent(const struct doctor *d, unsigned id)
{
	char path[PATH_MAX];
	bool found = false;
	struct dirent *e;
	DIR *dir;

	doctor_path(d, path, "/proc");
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir)))
		found = e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_agent_of(d, e->d_name, id);
	if (dir)
		closedir(dir);
	return found;
}

/* --- looks --- */

static void look_limit(const struct doctor *d)
{
	struct finding f = {.what = "limit of xen_gntalloc",
			    .why = "the rings of several devices do not fit, or are small"};
	char line[DOCTOR_LINE_MAX];

	if (!doctor_read_line(d, LIMIT_FILE, line) || atol(line) >= LIMIT_WANTED)
		return;
	snprintf(f.where, sizeof(f.where), "%s is %s", LIMIT_FILE, line);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "echo %d >%s", LIMIT_WANTED, LIMIT_FILE);
	snprintf(f.command[1], DOCTOR_COMMAND_MAX,
		 "echo options xen_gntalloc limit=%d >/etc/modprobe.d/dmvl-local.conf",
		 LIMIT_WANTED);
	d->found(d->arg, &f);
}

static void look_rule(const struct doctor *d)
{
	static const struct finding masked = {
		.what = "udev",
		.where = RULES " masks what starts dmvl-front",
		.why = "after a reboot no device has its interface",
		.command = {"rm " RULES, "udevadm control --reload && "
					 "udevadm trigger --action=add --subsystem-match=xen"},
	};

	if (doctor_exists(d, DOCTOR_SYSTEMD) && doctor_is_masked(d, RULES))
		d->found(d->arg, &masked);
}

/* The unit of the device, or of all devices. True: that was told. */
static bool look_unit(const struct doctor *d, unsigned id)
{
	struct finding f = {.what = "unit", .why = "no agent makes the device's interface"};
	char name[16];
	bool one;

	snprintf(name, sizeof(name), "%u", id);
	one = doctor_is_masked(d, UNITS "/dmvl-front@%s.service", name);
	if (!doctor_exists(d, DOCTOR_SYSTEMD) ||
	    (!one && !doctor_is_masked(d, UNITS "/dmvl-front@.service")))
		return false;
	snprintf(f.where, sizeof(f.where), "dmvl-front@%s is masked", name);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "systemctl unmask dmvl-front@%s",
		 one ? name : "");
	snprintf(f.command[1], DOCTOR_COMMAND_MAX, "systemctl start dmvl-front@%s", name);
	d->found(d->arg, &f);
	return true;
}

static void look_agent(const struct doctor *d, unsigned id)
{
	struct finding f = {.what = "dmvl-front", .why = "the device has no network"};
	char name[16], options[32];

	if (has_agent(d, id))
		return;
	snprintf(name, sizeof(name), "%u", id);
	snprintf(options, sizeof(options), "--id %s", name);
	snprintf(f.where, sizeof(f.where), "no dmvl-front serves the device %s", name);
	doctor_restart(d, "dmvl-front", name, "0", options, f.command[0]);
	if (doctor_exists(d, DOCTOR_SYSTEMD) && doctor_has_unit(d, "dmvl-front"))
		snprintf(f.command[1], DOCTOR_COMMAND_MAX,
			 "systemctl status dmvl-front@%s    # says why, if it ends again", name);
	d->found(d->arg, &f);
}

/* False: there is none, and nothing to free. */
static bool find_devices(const struct doctor *d, glob_t *g)
{
	char path[PATH_MAX];

	doctor_path(d, path, DEVICES "/dmvl-[0-9]*");
	return glob(path, 0, NULL, g) == 0;
}

bool doctor_is_guest(const struct doctor *d)
{
	glob_t g;
	bool found = find_devices(d, &g);

	if (found)
		globfree(&g);
	return found;
}

static void tell_no_device(const struct doctor *d)
{
	static const struct finding none = {
		.what = "no device",
		.where = "Dom0 has attached no device to this guest",
		.why = "there is nothing for dmvl-front to serve",
		.command = {"dmvlctl attach GUEST    # in Dom0"},
	};

	d->found(d->arg, &none);
}

static void look_devices(const struct doctor *d)
{
	glob_t g;

	if (!find_devices(d, &g)) {
		tell_no_device(d);
		return;
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		unsigned id = (unsigned)atol(strrchr(g.gl_pathv[i], '-') + 1);

		if (!look_unit(d, id))
			look_agent(d, id);
	}
	globfree(&g);
}

void doctor_guest(const struct doctor *d)
{
	if (!doctor_xen(d, true))
		return;
	doctor_shared(d);
	doctor_device(d, "/dev/xen/gntalloc", "xen_gntalloc", "dmvl-front has no rings");
	look_limit(d);
	look_rule(d);
	doctor_manager(d, "60-dmvl-guest-net.rules");
	look_devices(d);
}
