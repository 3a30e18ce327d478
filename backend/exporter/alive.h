/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alive.h: whether an uplink's dmvl-back runs, as far as anybody may see. */
#ifndef DMVL_EXPORTER_ALIVE_H
#define DMVL_EXPORTER_ALIVE_H

#include <stdbool.h>

/*
 * A dmvl-back locks a file in its run directory while it lives. Only root may open that file, but
 * the kernel tells everybody which files are locked, also of one that was there at an earlier call
 * and was deleted. True also where it does not.
 */
bool alive_daemon(const char *run_dir, const char *uplink);

#endif
