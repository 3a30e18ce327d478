/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h: dmvl-front's command line; prints nothing, and never ends the process. */
#ifndef DMVL_FRONT_OPTIONS_H
#define DMVL_FRONT_OPTIONS_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

struct front_options {
	unsigned id;
	char ifname[IFNAMSIZ];
	unsigned ring_order;	  /* 0: as large as fits */
	uint32_t offloads;	  /* enum tap_offload: what may be used */
	unsigned flows;		  /* queues for frames that wait, a power of two; 0: the TAP's */
	uint64_t absent_limit_ns; /* ends when the device was away for this long; 0: never */
	enum log_level log_level;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_DOCTOR,
	OPTIONS_WRONG, /* err says what */
};

#define OPTIONS_ERR_MAX 192

/* Reads argv into *o; err has OPTIONS_ERR_MAX bytes. */
enum options_result options_parse(int argc, char **argv, struct front_options *o, char *err);

/* The text of -h. */
extern const char options_help[];

#endif
