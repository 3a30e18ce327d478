/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_daemon.h: looks at an uplink's dmvl-back and its files. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_DAEMON_H
#define DMVL_CTL_LOOK_DAEMON_H

#include "backend/ctl/check/look.h"

bool look_stale(struct look *look);
bool look_daemon(struct look *look);
bool look_files(struct look *look);
bool look_version(struct look *look);
bool look_credit_log(struct look *look);
bool look_remembered(struct look *look);

#endif
