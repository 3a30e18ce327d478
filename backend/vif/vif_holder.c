/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/vif_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/tap.h"

/*
 * Neither a lock file nor a key of xenstore tells: the run directory of a daemon is not known here,
 * xenstored may be gone, and a daemon that was killed changes no key. But the kernel closes its
 * macvtaps, however it ends.
 */

/* Is descriptor `fd` of a process, whose /proc/PID/fd is open as `dir`, this device? */
static bool is_device(int dir, const char *fd, dev_t dev)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir, fd, target, sizeof(target) - 1);
	struct stat st;

	target[len > 0 ? len : 0] = '\0';
	/* The node has that in its name, and a file on a server that is gone may never answer. */
	return strstr(target, "tap") && fstatat(dir, fd, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == dev;
}

static bool has_open(const char *pid, dev_t dev)
{
	bool found = false;
	struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] != '.' && is_device(dirfd(d), e->d_name, dev);
	if (d)
		closedir(d);
	return found;
}

static void read_name(const char *pid, char out[VIF_HOLDER_NAME_MAX])
{
	char path[64];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(out, VIF_HOLDER_NAME_MAX, f))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

bool vif_holder_find(const char *tap, struct vif_holder *out)
{
	dev_t dev = tap_macvtap_device(tap);
	DIR *d = dev ? opendir("/proc") : NULL;
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		out->pid = (pid_t)strtol(e->d_name, NULL, 10);
		found = out->pid > 0 && out->pid != getpid() && has_open(e->d_name, dev);
		if (found)
			read_name(e->d_name, out->name);
	}
	if (d)
		closedir(d);
	return found;
}
