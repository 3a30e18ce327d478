/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf.h: the command line of dmvl-back. It prints nothing and does not exit. */
#ifndef DMVL_CONF_H
#define DMVL_CONF_H

#include <limits.h>

#include "backend/control/control.h"
#include "common/log.h"

#define CONF_POLICY_MAX 255 /* as much as xenstore takes */
/* With an uplink's name behind it, it fits the key that tells of it. */
#define CONF_STATE_DIR_MAX 223

/* Written by conf_parse(). */
struct conf {
	struct control_conf control; /* without device and kind */
	struct uplink_spec uplink;
	char run_dir[PATH_MAX];
	char policy[CONF_POLICY_MAX + 1]; /* the policy's file, with an absolute path */
	char state_dir[CONF_STATE_DIR_MAX];
	uint64_t latency_ns; /* 50 us..10 ms, that one frame may take of the link */
	enum log_level log_level;
	bool test_only;
};

enum conf_result {
	CONF_RUN,
	CONF_HELP,
	CONF_VERSION,
	CONF_WRONG, /* err has the reason */
};

#define CONF_ERR_MAX 520

/* Parses argv into *conf. err has CONF_ERR_MAX bytes. */
enum conf_result conf_parse(struct conf *conf, int argc, char **argv, char *err);

/* The text of -h. */
extern const char conf_help[];

#endif
