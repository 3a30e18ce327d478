/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/doctor_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xenstore-schema/schema.h"

/*
 * Theory of operation
 *
 * Each look_*() is about one thing, and tells at most one finding for each file that it looks at.
 * It says what is wrong here and now, and its commands mend that for now and, where that is
 * something else, for the next boot. Guests' things are looked at where the kernel shows a frontend
 * of dmvl.
 */
#define LIMIT_FILE   "/sys/module/xen_gntalloc/parameters/limit"
#define LIMIT_WANTED 8192
#define CONF_DIR     "/etc/dmvl"
#define WANTS	     "/etc/systemd/system/multi-user.target.wants"

__attribute__((format(printf, 3, 4))) static void path_of(const struct doctor *d,
							  char path[PATH_MAX], const char *fmt, ...)
{
	int len = snprintf(path, PATH_MAX, "%s", d->root);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + len, PATH_MAX - (size_t)len, fmt, ap);
	va_end(ap);
}

/* A device may be there, and its driver not: it opens where dmvl could use it. */
static bool opens(const struct doctor *d, const char *name)
{
	char path[PATH_MAX];
	int fd;

	path_of(d, path, "%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == EACCES || errno == EBUSY;
}

static bool exists(const struct doctor *d, const char *name)
{
	char path[PATH_MAX];

	path_of(d, path, "%s", name);
	return access(path, F_OK) == 0;
}

/* The first line of the file. False: it cannot be read. */
static bool read_line(const struct doctor *d, const char *name, char line[64])
{
	char path[PATH_MAX];
	bool fine;
	FILE *f;

	path_of(d, path, "%s", name);
	f = fopen(path, "re");
	if (!f)
		return false;
	fine = fgets(line, 64, f) != NULL;
	fclose(f);
	if (fine)
		line[strcspn(line, "\n")] = '\0';
	return fine;
}

static void tell(const struct doctor *d, struct finding *f)
{
	d->found(d->arg, f);
}

/* --- the kernel --- */

static void look_xen(const struct doctor *d)
{
	struct finding f = {.what = "Xen", .why = "guests and their memory are Xen's"};
	char line[64];

	if (read_line(d, "/sys/hypervisor/type", line) && strcmp(line, "xen") == 0)
		return;
	snprintf(f.where, sizeof(f.where), "/sys/hypervisor/type does not say xen");
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "apt install xen-system-amd64");
	snprintf(f.command[1], DOCTOR_COMMAND_MAX, "reboot");
	tell(d, &f);
}

static void look_device(const struct doctor *d, const char *device, const char *module,
			const char *why)
{
	struct finding f = {.what = module, .why = why};

	if (opens(d, device))
		return;
	snprintf(f.where, sizeof(f.where), "%s %s", device,
		 exists(d, device) ? "cannot be opened" : "is missing");
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "modprobe %s", module);
	snprintf(f.command[1], DOCTOR_COMMAND_MAX, "echo %s >>/etc/modules-load.d/dmvl-local.conf",
		 module);
	tell(d, &f);
}

static void look_limit(const struct doctor *d)
{
	struct finding f = {.what = "limit of xen_gntalloc",
			    .why = "the rings of several devices do not fit, or are small"};
	char line[64];

	if (!read_line(d, LIMIT_FILE, line) || atol(line) >= LIMIT_WANTED)
		return;
	snprintf(f.where, sizeof(f.where), "%s is %s", LIMIT_FILE, line);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "echo %d >%s", LIMIT_WANTED, LIMIT_FILE);
	snprintf(f.command[1], DOCTOR_COMMAND_MAX,
		 "echo options xen_gntalloc limit=%d >/etc/modprobe.d/dmvl-local.conf",
		 LIMIT_WANTED);
	tell(d, &f);
}

void doctor_find_bridges(const struct doctor *d)
{
	static const char *const tables[] = {"iptables", "ip6tables", "arptables"};
	char name[96], line[64];

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct finding f = {.what = "bridge filter",
				    .why = "a full uplink is not noticed, so capacity cannot be "
					   "measured, and frames wait where weights do not count"};

		snprintf(name, sizeof(name), "/proc/sys/net/bridge/bridge-nf-call-%s", tables[i]);
		if (!read_line(d, name, line) || strcmp(line, "0") == 0)
			continue;
		snprintf(f.where, sizeof(f.where), "%s is %s", name, line);
		snprintf(f.command[0], DOCTOR_COMMAND_MAX,
			 "sysctl -w net.bridge.bridge-nf-call-%s=0", tables[i]);
		snprintf(f.command[1], DOCTOR_COMMAND_MAX,
			 "echo net.bridge.bridge-nf-call-%s=0 >>/etc/sysctl.d/dmvl-local.conf",
			 tables[i]);
		tell(d, &f);
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

static void look_unit(const struct doctor *d, const char *name)
{
	struct finding f = {
		.what = "unit",
		.why = "after a reboot no guest has its device until somebody starts it"};
	char wants[PATH_MAX];

	path_of(d, wants, WANTS "/dmvl-back@%s.service", name);
	if (!exists(d, "/run/systemd/system") ||
	    faccessat(AT_FDCWD, wants, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	snprintf(f.where, sizeof(f.where), "dmvl-back@%.80s is not enabled", name);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "systemctl enable dmvl-back@%.80s", name);
	tell(d, &f);
}

void doctor_restart(const struct doctor *d, const char *uplink, char out[DOCTOR_COMMAND_MAX])
{
	if (exists(d, "/run/systemd/system"))
		snprintf(out, DOCTOR_COMMAND_MAX, "systemctl restart dmvl-back@%.80s", uplink);
	else
		snprintf(out, DOCTOR_COMMAND_MAX, "service dmvl-back.%.80s restart", uplink);
}

static void look_daemon(const struct doctor *d, const char *name)
{
	struct finding f = {.what = "dmvl-back", .why = "its guests have no network through it"};

	if (d->is_served(d->arg, name))
		return;
	snprintf(f.where, sizeof(f.where), "no dmvl-back serves the uplink %.80s", name);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX,
		 "dmvl-back -t --name %.80s --config " CONF_DIR "/%.80s.conf", name, name);
	doctor_restart(d, name, f.command[1]);
	tell(d, &f);
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
	snprintf(f.command[1], DOCTOR_COMMAND_MAX, "systemctl enable --now dmvl-back@default");
	tell(d, &f);
}

static void look_uplinks(const struct doctor *d)
{
	char path[PATH_MAX], name[NAME_MAX + 1];
	struct dirent **entry;
	unsigned uplinks = 0;
	int n;

	path_of(d, path, CONF_DIR);
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

	if (exists(d, CONF_DIR "/policy.conf") || exists(d, CONF_DIR "/policy.d"))
		return;
	snprintf(f.command[0], DOCTOR_COMMAND_MAX,
		 "dmvlctl set --save GUEST weight=256    # for each guest");
	tell(d, &f);
}

static bool has_frontend(const struct doctor *d)
{
	char path[PATH_MAX];
	bool found = false;
	struct dirent *e;
	DIR *dir;

	path_of(d, path, "/sys/bus/xen/devices");
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir)))
		found = strncmp(e->d_name, "dmvl-", 5) == 0;
	if (dir)
		closedir(dir);
	return found;
}

static void look_shared(const struct doctor *d)
{
	look_device(d, "/dev/xen/evtchn", "xen_evtchn", "nobody is told of a frame in a ring");
	look_device(d, "/dev/net/tun", "tun", "there is no TAP");
}

void doctor_find_devices(const struct doctor *d)
{
	look_shared(d);
	look_device(d, "/dev/xen/gntdev", "xen_gntdev", "dmvl-back cannot map the guests' rings");
}

void doctor_find(const struct doctor *d)
{
	look_xen(d);
	if (has_frontend(d)) {
		look_shared(d);
		look_device(d, "/dev/xen/gntalloc", "xen_gntalloc", "dmvl-front has no rings");
		look_limit(d);
		return;
	}
	doctor_find_devices(d);
	doctor_find_bridges(d);
	look_uplinks(d);
	look_policy(d);
}

bool doctor_no_xenstored(const struct doctor *d)
{
	char line[64];

	return read_line(d, "/proc/xen/capabilities", line) && strstr(line, "control_d") &&
	       !exists(d, "/run/xenstored/socket");
}
