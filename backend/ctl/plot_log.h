/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_log.h: the credit logs of this host as the records of a recording. */
#ifndef DMVL_CTL_PLOT_LOG_H
#define DMVL_CTL_PLOT_LOG_H

#include "backend/ctl/ctl.h"
#include "backend/ctl/plot_source.h"

/*
 * Reads the credit logs, of all uplinks or of that of --uplink, into *s, which has no path: who
 * lent and borrowed how much in each second. 0, or an exit status with the reason on stderr.
 */
int plot_log_read(struct plot_source *s, struct ctl *ctl, uint32_t dir);

#endif
