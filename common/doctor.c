/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void doctor_print(const struct finding *f)
{
	printf("%s: %s: %s\n", f->what, f->where, f->why);
	for (int i = 0; i < DOCTOR_COMMANDS && f->command[i][0]; i++)
		printf("    %s\n", f->command[i]);
}

/* --- files --- */

__attribute__((format(printf, 3, 0))) static void
path_va(const struct doctor *d, char path[PATH_MAX], const char *fmt, va_list ap)
{
	int len = snprintf(path, PATH_MAX, "%s", d->root);

	vsnprintf(path + len, PATH_MAX - (size_t)len, fmt, ap);
}

void doctor_path(const struct doctor *d, char path[PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	path_va(d, path, fmt, ap);
	va_end(ap);
}

bool doctor_exists(const struct doctor *d, const char *name)
{
	char path[PATH_MAX];

	doctor_path(d, path, "%s", name);
	return access(path, F_OK) == 0;
}

bool doctor_is_masked(const struct doctor *d, const char *fmt, ...)
{
	char path[PATH_MAX];
	struct stat st;
	va_list ap;

	va_start(ap, fmt);
	path_va(d, path, fmt, ap);
	va_end(ap);
	return stat(path, &st) == 0 &&
	       (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0));
}

bool doctor_read_line(const struct doctor *d, const char *name, char line[DOCTOR_LINE_MAX])
{
	char path[PATH_MAX];
	bool fine;
	FILE *f;

	doctor_path(d, path, "%s", name);
	f = fopen(path, "re");
	if (!f)
		return false;
	fine = fgets(line, DOCTOR_LINE_MAX, f) != NULL;
	fclose(f);
	if (fine)
		line[strcspn(line, "\n")] = '\0';
	return fine;
}

/* A device may be there, and its driver not: it opens where dmvl could use it. */
static bool opens(const struct doctor *d, const char *name)
{
	char path[PATH_MAX];
	int fd;

	doctor_path(d, path, "%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == EACCES || errno == EBUSY;
}

/* --- what is looked at everywhere --- */

bool doctor_xen(const struct doctor *d, bool guest)
{
	struct finding f = {.what = "Xen", .why = "guests and their memory are Xen's"};
	char line[DOCTOR_LINE_MAX];

	if (doctor_read_line(d, "/sys/hypervisor/type", line) && strcmp(line, "xen") == 0)
		return true;
	if (!doctor_exists(d, "/sys/kernel")) {
		snprintf(f.where, sizeof(f.where), "/sys is not there, as in a chroot");
		snprintf(f.command[0], DOCTOR_COMMAND_MAX, "mount -t sysfs sysfs /sys");
		d->found(d->arg, &f);
		return false;
	}
	snprintf(f.where, sizeof(f.where), "/sys/hypervisor/type does not say xen");
	if (!guest) {
		snprintf(f.command[0], DOCTOR_COMMAND_MAX, "apt install xen-system-amd64");
		snprintf(f.command[1], DOCTOR_COMMAND_MAX, "reboot");
	}
	d->found(d->arg, &f);
	return false;
}

void doctor_device(const struct doctor *d, const char *device, const char *module, const char *why)
{
	struct finding f = {.what = module, .why = why};

	if (opens(d, device))
		return;
	snprintf(f.where, sizeof(f.where), "%s %s", device,
		 doctor_exists(d, device) ? "cannot be opened" : "is missing");
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "modprobe %s", module);
	snprintf(f.command[1], DOCTOR_COMMAND_MAX, "echo %s >>/etc/modules-load.d/dmvl-local.conf",
		 module);
	d->found(d->arg, &f);
}

void doctor_shared(const struct doctor *d)
{
	doctor_device(d, "/dev/xen/evtchn", "xen_evtchn", "nobody is told of a frame in a ring");
	doctor_device(d, "/dev/net/tun", "tun", "there is no TAP");
}

void doctor_manager(const struct doctor *d, const char *rules)
{
	struct finding f = {.what = "NetworkManager",
			    .why = "it takes dmvl's interfaces for its own, and their addresses or "
				   "their bridge from them"};

	if (!doctor_exists(d, "/run/NetworkManager") ||
	    !doctor_is_masked(d, "/etc/udev/rules.d/%s", rules))
		return;
	snprintf(f.where, sizeof(f.where), "/etc/udev/rules.d/%s masks what keeps it away", rules);
	snprintf(f.command[0], DOCTOR_COMMAND_MAX, "rm /etc/udev/rules.d/%s", rules);
	snprintf(f.command[1], DOCTOR_COMMAND_MAX,
		 "udevadm control --reload && udevadm trigger --subsystem-match=net");
	d->found(d->arg, &f);
}

bool doctor_has_unit(const struct doctor *d, const char *program)
{
	static const char *const dirs[] = {"/etc", "/usr/local/lib", "/usr/lib", "/lib"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/systemd/system/%s@.service", dirs[i], program);
		if (doctor_exists(d, path))
			return true;
	}
	return false;
}

void doctor_restart(const struct doctor *d, const char *program, const char *instance,
		    const char *plain, const char *options, char out[DOCTOR_COMMAND_MAX])
{
	char script[DOCTOR_LINE_MAX];

	snprintf(script, sizeof(script), "/etc/init.d/%s.%s", program, plain);
	if (doctor_exists(d, DOCTOR_SYSTEMD) && doctor_has_unit(d, program))
		snprintf(out, DOCTOR_COMMAND_MAX, "systemctl restart %s@%.80s", program, instance);
	else if (doctor_exists(d, DOCTOR_SYSTEMD))
		snprintf(out, DOCTOR_COMMAND_MAX, "%s %s &", program, options);
	else if (strcmp(instance, plain) == 0 && !doctor_exists(d, script))
		snprintf(out, DOCTOR_COMMAND_MAX, "service %s restart", program);
	else
		snprintf(out, DOCTOR_COMMAND_MAX, "service %s.%.80s restart", program, instance);
}
