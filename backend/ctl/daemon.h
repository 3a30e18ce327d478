/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemon.h: whether an uplink's dmvl-back lives, which its key `state` alone does not tell. */
#ifndef DMVL_CTL_DAEMON_H
#define DMVL_CTL_DAEMON_H

#include <limits.h>
#include <stdbool.h>

#include "backend/ctl/ctl.h"

enum daemon_life {
	DAEMON_RUNNING,
	DAEMON_WAITING, /* it starts, and its error says what it still needs */
	DAEMON_STOPPED, /* it has ended, or never ran */
	DAEMON_KILLED,	/* it says that it runs or waits, and its process is gone */
};

/*
 * Of this uplink of the backend domain. A daemon of another domain (-B), or one that has not said
 * where its files are, is taken at its word.
 */
enum daemon_life daemon_look(struct ctl *ctl, const char *uplink);

/* "running", "waiting", "stopped" or "killed". */
const char *daemon_word(enum daemon_life life);

/* The process id of the uplink's dmvl-back; 0: none runs, or it is not known. */
unsigned daemon_pid(struct ctl *ctl, const char *uplink);

/*
 * Does dmvl-back run, and lacks a file that nobody makes again until it starts again? `dir` and
 * `name` tell which one.
 */
bool daemon_lost_files(struct ctl *ctl, const char *uplink, char dir[PATH_MAX],
		       char name[NAME_MAX]);

#endif
