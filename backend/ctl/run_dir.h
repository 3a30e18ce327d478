/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_dir.h: where the dmvl-back of an uplink keeps its files. */
#ifndef DMVL_CTL_RUN_DIR_H
#define DMVL_CTL_RUN_DIR_H

#include "backend/ctl/ctl.h"
#include "common/mapfile.h"

/* That of its credit log, of which xenstore has the path, or else the default. */
void run_dir_of(struct ctl *ctl, const char *uplink, char dir[MAPFILE_PATH_MAX + 1]);

#endif
