/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf.h: the command line of dmvl-back. */
#ifndef DMVL_CONF_H
#define DMVL_CONF_H

#include <limits.h>

#include "backend/control.h"
#include "common/log.h"

struct conf {
	struct control_conf control; /* but for device and kind */
	struct uplink_spec uplink;
	char run_dir[PATH_MAX];
	enum log_level log_level;
	bool test_only;
};

/* Fills *conf, or ends the program: 0 after --help and --version, 2 after one sentence. */
void conf_parse(struct conf *conf, int argc, char **argv);

#endif
