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

/*
 * Neither a lock file nor a key of xenstore tells: the run directory of a daemon is not known here,
 * xenstored may be gone, and a daemon that was killed changes no key. But the kernel closes its
 * macvtaps, however it ends.
 */

struct wanted {
	const struct vif_taken *taken;
	size_t count;
	const struct vif_taken *found;
};

/* Is descriptor `fd` of a process, whose /proc/PID/fd is open as `dir`, one of them? */
static bool is_wanted(struct wanted *w, int dir, const char *fd)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir, fd, target, sizeof(target) - 1);
	struct stat st;

	target[len > 0 ? len : 0] = '\0';
	/* The node has that in its name, and a file on a server that is gone may never answer. */
	if (!strstr(target, "tap") || fstatat(dir, fd, &st, 0) < 0 || !S_ISCHR(st.st_mode))
		return false;
	for (size_t i = 0; i < w->count && !w->found; i++) {
		if (w->taken[i].device == st.st_rdev)
			w->found = &w->taken[i];
	}
	return w->found;
}

static bool has_open(struct wanted *w, const char *pid)
{
	bool found = false;
	struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] != '.' && is_wanted(w, dirfd(d), e->d_name);
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

bool vif_holder_find(const struct vif_taken *taken, size_t count, struct vif_holder *out)
{
	struct wanted w = {taken, count, NULL};
	DIR *d = count ? opendir("/proc") : NULL;
	struct dirent *e;

	while (d && !w.found && (e = readdir(d))) {
		out->pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (out->pid > 0 && out->pid != getpid() && has_open(&w, e->d_name))
			read_name(e->d_name, out->name);
	}
	if (d)
		closedir(d);
	out->taken = w.found;
	return w.found;
}
