/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h: dmvl-exporter's command line; prints nothing, and never ends the process. */
#ifndef DMVL_EXPORTER_OPTIONS_H
#define DMVL_EXPORTER_OPTIONS_H

#include "backend/exporter/listen.h"
#include "common/log.h"

struct exporter_options {
	struct listen_address listen;
	const char *run_dir; /* borrowed from argv, as `uplink` */
	const char *uplink;  /* NULL: all of the run directory */
	bool per_ldp;
	enum log_level log_level;
};

enum exporter_result {
	EXPORTER_RUN,
	EXPORTER_HELP,
	EXPORTER_VERSION,
	EXPORTER_WRONG, /* err says what */
};

#define EXPORTER_ERR_MAX 256

extern const char exporter_help[];

enum exporter_result exporter_options(int argc, char **argv, struct exporter_options *o,
				      char err[EXPORTER_ERR_MAX]);

#endif
