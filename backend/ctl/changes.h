/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h: what changed, from the journal, which goes back further than the credit log. */
#ifndef DMVL_CTL_CHANGES_H
#define DMVL_CTL_CHANGES_H

#include "backend/ctl/ctl.h"

/* What is wanted of it. */
struct changes {
	struct ctl *ctl;
	uint64_t since_ms, until_ms; /* since 1970 */
	bool filtered, one_id;	     /* only what is about one domain; about one device of it */
	uint32_t ldp;
};

/*
 * Prints what the journal has; with --follow it does not return before there is an error. *current
 * is whether the journal has what happened since this host's boot; if not, the credit log may. 0 or
 * an exit status with the reason on stderr.
 */
int changes_print(const struct changes *wanted, bool *current);

#endif
