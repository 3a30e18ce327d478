/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/capture/capsock.h"
#include "backend/ctl/deleted.h"
#include "backend/ctl/run_dir.h"
#include "xenstore-schema/xskey.h"

/* The file that the daemon holds locked while it lives, beside its credit log. False: it is not
 * known. */
static bool lock_path(struct ctl *ctl, const char *uplink, char *path, size_t size)
{
	char dir[SCHEMA_PATH_MAX], log[SCHEMA_VALUE_MAX + 1], *slash;

	if (ctl->backend_given ||
	    schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) < 0 ||
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_LOG_PATH, log, sizeof(log)) < 0)
		return false;
	slash = strrchr(log, '/');
	if (!slash)
		return false;
	snprintf(path, size, "%.*s/%s.lock", (int)(slash - log), log, uplink);
	return true;
}

static bool is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool locked;

	if (fd < 0)
		return errno != ENOENT; /* unknown: assume that it runs */
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

static unsigned read_state(struct ctl *ctl, const char *uplink)
{
	char dir[SCHEMA_PATH_MAX], value[SCHEMA_GUEST_VALUE_MAX];
	unsigned state = SCHEMA_UPLINK_STATE_STOPPED;

	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) >= 0 &&
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_STATE, value, sizeof(value)) >= 0)
		schema_parse_enum(KEY_UPLINK_STATE, value, &state, NULL);
	return state;
}

enum daemon_life daemon_look(struct ctl *ctl, const char *uplink)
{
	char path[SCHEMA_VALUE_MAX + SCHEMA_NAME_MAX + 16], dir[PATH_MAX];
	unsigned state = read_state(ctl, uplink);

	if (state == SCHEMA_UPLINK_STATE_STOPPED)
		return DAEMON_STOPPED;
	if (lock_path(ctl, uplink, path, sizeof(path)) && !is_locked(path) &&
	    !deleted_lock_holder(path, uplink, dir))
		return DAEMON_KILLED;
	return state == SCHEMA_UPLINK_STATE_RUNNING ? DAEMON_RUNNING : DAEMON_WAITING;
}

/* Who holds the lock on this file, as the kernel tells all; 0: not known. */
static unsigned lock_holder(const char *path)
{
	unsigned major_nr, minor_nr, pid = 0, found = 0;
	unsigned long inode;
	struct stat st;
	char line[256];
	FILE *f;

	if (stat(path, &st) < 0)
		return 0;
	f = fopen("/proc/locks", "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u: FLOCK %*s %*s %u %x:%x:%lu", &pid, &major_nr, &minor_nr,
			   &inode) == 4 &&
		    major_nr == major(st.st_dev) && minor_nr == minor(st.st_dev) &&
		    inode == st.st_ino)
			found = pid;
	}
	if (f)
		fclose(f);
	return found;
}

unsigned daemon_pid(struct ctl *ctl, const char *uplink)
{
	char path[SCHEMA_VALUE_MAX + SCHEMA_NAME_MAX + 16], dir[PATH_MAX];
	unsigned pid;

	if (!lock_path(ctl, uplink, path, sizeof(path)))
		return 0;
	pid = lock_holder(path);
	return pid ? pid : deleted_lock_holder(path, uplink, dir);
}

const char *daemon_word(enum daemon_life life)
{
	static const char *const words[] = {
		[DAEMON_RUNNING] = "running",
		[DAEMON_WAITING] = "waiting",
		[DAEMON_STOPPED] = "stopped",
		[DAEMON_KILLED] = "killed",
	};

	return words[life];
}

bool daemon_lost_files(struct ctl *ctl, const char *uplink, char dir[PATH_MAX], char name[NAME_MAX])
{
	char run_dir[MAPFILE_PATH_MAX + 1], path[PATH_MAX + NAME_MAX];
	char sock[sizeof(((struct sockaddr_un *)0)->sun_path)];

	if (ctl->backend_given || daemon_look(ctl, uplink) != DAEMON_RUNNING)
		return false;
	run_dir_of(ctl, uplink, run_dir);
	snprintf(name, NAME_MAX, "%s.lock", uplink);
	snprintf(path, sizeof(path), "%s/%s", run_dir, name);
	if (!lock_holder(path))
		return deleted_lock_holder(NULL, uplink, dir) > 0;
	snprintf(name, NAME_MAX, "%s" CAPSOCK_ENDING, uplink);
	snprintf(dir, PATH_MAX, "%s", run_dir);
	/* In a directory with a long name there was none. */
	return capsock_path(sock, run_dir, uplink) == 0 && access(sock, F_OK) < 0 &&
	       errno == ENOENT;
}
