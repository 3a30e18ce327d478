/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_daemon.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/credit/logfile.h"
#include "backend/ctl/check/remedy.h"
#include "backend/ctl/doctor_find.h"
#include "backend/ctl/remembered.h"
#include "common/version.h"

static bool is_used(const struct look *look, bool agentless)
{
	for (int i = 0; i < look->devices.count; i++) {
		const struct ldp_view *d = &look->devices.view[i];

		if (look_is_of(d, look->uplink->name) && (!agentless || ldp_view_is_agentless(d)))
			return true;
	}
	return false;
}

static void do_restart(struct finding_row *f, const char *uplink)
{
	char command[DOCTOR_COMMAND_MAX];

	doctor_restart_uplink(&(struct doctor){.root = ""}, uplink, command);
	finding_do(f, "%s", command);
}

bool look_stale(struct look *look)
{
	enum daemon_life life = look->uplink->life;
	struct finding_row *f;

	if (is_used(look, false) || (life != DAEMON_STOPPED && life != DAEMON_KILLED))
		return true;
	f = look_found(look);
	finding_text(f, "%s, and no device is attached to it",
		     life == DAEMON_KILLED ? "its dmvl-back does not run, but did not stop cleanly"
		     : look->uplink->keys.value[KEY_UPLINK_STATE] ? "its dmvl-back has ended"
								  : "no dmvl-back serves it");
	finding_do(f, "dmvlctl forget-uplink %s    # its keys and groups go; or start dmvl-back",
		   look->uplink->name);
	return false;
}

static void tell_waiting(struct look *look)
{
	struct finding_row *f = look_found(look);
	char text[VIEW_TEXT_MAX];

	view_text(&look->uplink->keys, KEY_UPLINK_ERROR, text, sizeof(text));
	finding_text(f, "dmvl-back waits: %s", text);
	if (!remedy_of(f, text, look->uplink->name))
		remedy_journal(f, look->uplink->name);
}

/* By SIGSTOP or a debugger; a crash or a standstill of its own looks otherwise. */
static bool is_stopped(unsigned pid)
{
	char path[64], line[128], state = '\0';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	f = fopen(path, "re");
	while (f && !state && fgets(line, sizeof(line), f))
		sscanf(line, "State: %c", &state);
	if (f)
		fclose(f);
	return state == 'T' || state == 't';
}

/* By `systemctl freeze`, or who pauses a container. `file` gets what a 0 is written to. */
static bool is_frozen(unsigned pid, char file[PATH_MAX])
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char path[64], line[PATH_MAX] = "", events[64];
	bool frozen = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f) && strncmp(line, "0::", 3) != 0)
		;
	if (f)
		fclose(f);
	if (strncmp(line, "0::", 3) != 0)
		return false;
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]) && !frozen; i++) {
		snprintf(file, PATH_MAX, "%s%.3000s/cgroup.events", mounts[i], line + 3);
		f = fopen(file, "re");
		while (f && !frozen && fgets(events, sizeof(events), f))
			frozen = strcmp(events, "frozen 1\n") == 0;
		if (f)
			fclose(f);
		snprintf(file, PATH_MAX, "%s%.3000s/cgroup.freeze", mounts[i], line + 3);
	}
	return frozen;
}

static bool look_frozen(struct look *look, unsigned pid)
{
	char file[PATH_MAX];
	struct finding_row *f;

	if (!is_frozen(pid, file))
		return true;
	f = look_found(look);
	finding_text(f, "dmvl-back stands still: its control group, with process %u, is frozen",
		     pid);
	if (access("/run/systemd/system", F_OK) == 0)
		finding_do(f, "systemctl thaw dmvl-back@%s", look->uplink->name);
	else
		finding_do(f, "echo 0 >%s", file);
	return false;
}

/* Whether it runs on. */
static bool look_stopped(struct look *look)
{
	unsigned pid = daemon_pid(look->ctl, look->uplink->name);
	struct finding_row *f;

	if (!pid)
		return true;
	if (!is_stopped(pid))
		return look_frozen(look, pid);
	f = look_found(look);
	finding_text(f, "dmvl-back stands still: a signal or a debugger stopped process %u", pid);
	finding_do(f, "kill -CONT %u", pid);
	return false;
}

bool look_daemon(struct look *look)
{
	struct finding_row *f;

	switch (look->uplink->life) {
	case DAEMON_RUNNING:
		return look_stopped(look);
	case DAEMON_WAITING:
		tell_waiting(look);
		return false;
	case DAEMON_STOPPED:
		f = look_found(look);
		finding_text(f, "dmvl-back has ended, and devices are attached to it");
		break;
	default:
		f = look_found(look);
		finding_text(f, "dmvl-back does not run, but it did not stop cleanly%s",
			     is_used(look, true)
				     ? "; guests without an agent have no network until "
				       "it is started, or dmvlctl release-vifs is run"
				     : "");
	}
	do_restart(f, look->uplink->name);
	return false;
}

/* By a clean-up of /run, or by hand. dmvl-back makes some again, and dmvlctl needs them all. */
bool look_files(struct look *look)
{
	char dir[PATH_MAX], name[NAME_MAX];
	struct finding_row *f;

	if (!daemon_lost_files(look->ctl, look->uplink->name, dir, name))
		return true;
	f = look_found(look);
	finding_text(f,
		     "its dmvl-back runs, and its files in %s were deleted, %s among them: dmvlctl "
		     "lacks what they tell until it is started again",
		     dir, name);
	do_restart(f, look->uplink->name);
	return true;
}

bool look_version(struct look *look)
{
	const char *version = look->uplink->keys.value[KEY_UPLINK_VERSION];
	char text[VIEW_TEXT_MAX];
	struct finding_row *f;

	if (!version || strcmp(version, dmvl_version) == 0)
		return true;
	view_text(&look->uplink->keys, KEY_UPLINK_VERSION, text, sizeof(text));
	f = look_found(look);
	finding_text(f, "its dmvl-back is version %s, and this dmvlctl is %s", text, dmvl_version);
	do_restart(f, look->uplink->name);
	return true;
}

bool look_credit_log(struct look *look)
{
	char path[VIEW_TEXT_MAX];
	struct finding_row *f;
	struct mapfile file;
	int ret;

	if (look->ctl->backend_given || !look->uplink->keys.value[KEY_UPLINK_LOG_PATH])
		return true;
	view_text(&look->uplink->keys, KEY_UPLINK_LOG_PATH, path, sizeof(path));
	ret = logfile_map(&file, path);
	if (ret == 0) {
		mapfile_close(&file);
		return true;
	}
	f = look_found(look);
	finding_text(f, "its credit log %s cannot be read: %s", path,
		     ret == -EINVAL ? "it is damaged" : strerror(-ret));
	do_restart(f, look->uplink->name);
	return true;
}

struct reading {
	struct look *look;
	const char *dir;
};

static int read_guest(const char *uuid, void *arg)
{
	const struct reading *r = arg;
	struct kept k = {.count = 0};
	char err[KEPT_FILE_ERR_MAX];
	int ret = kept_file_read(r->dir, uuid, &k, err);

	if (ret < 0 && ret != -ENOENT) {
		struct finding_row *f = look_found(r->look);

		finding_text(f, "%s", err);
		if (ret == -EBADMSG)
			finding_do(f, "dmvlctl forget %s --uplink %s    # what was set is lost",
				   uuid, r->look->uplink->name);
		else
			remedy_journal(f, r->look->uplink->name);
	}
	kept_clear(&k);
	return 0;
}

/* It was replaced, and only an operator knows what its damaged lines said. */
static int show_damaged(const char *name, void *arg)
{
	const struct reading *r = arg;
	char uuid[UUID_TEXT_LEN + 1];
	struct finding_row *f = look_found(r->look);

	snprintf(uuid, sizeof(uuid), "%.*s", UUID_TEXT_LEN, name);
	finding_text(f,
		     "%s/%s: what was set for this guest was damaged, and this is the damaged "
		     "file: compare it with what is remembered now, then remove it",
		     r->dir, name);
	finding_do(f, "diff %s/%s %s/%s", r->dir, name, r->dir, uuid);
	finding_do(f, "rm %s/%s", r->dir, name);
	return 0;
}

/* What is remembered of guests: can it be read? */
bool look_remembered(struct look *look)
{
	char dir[PATH_MAX], err[KEPT_FILE_ERR_MAX];
	struct reading r = {look, dir};

	if (!look->uplink->keys.value[KEY_UPLINK_KEPT_PATH] ||
	    !remembered_dir(look->ctl, look->uplink->name, dir))
		return true;
	if (access(dir, F_OK) < 0) {
		struct finding_row *f = look_found(look);

		finding_text(f, "what is set for guests cannot be remembered: %s: %s", dir,
			     strerror(errno));
		finding_do(f, "mkdir -p %s", dir);
	} else if (kept_file_each(dir, read_guest, &r, err) < 0 ||
		   kept_file_each_damaged(dir, show_damaged, &r, err) < 0) {
		struct finding_row *f = look_found(look);

		finding_text(f, "%s", err);
		remedy_journal(f, look->uplink->name);
	}
	return true;
}
