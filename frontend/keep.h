/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keep.h: the interface of an agent that is killed stays, with its addresses, for the next agent.
 */
#ifndef DMVL_FRONT_KEEP_H
#define DMVL_FRONT_KEEP_H

#include <stdbool.h>

#include "frontend/options.h"

/*
 * While a device is attached, its interface is persistent: the kernel keeps it when the agent is
 * killed. The interface's alias says whose it is, "dmvl-front ID NAME GENERATION", so that the next
 * agent finds it after it was renamed. An interface that was left by an agent whose device has been
 * detached since is removed at the next start. A service manager that keeps descriptors keeps the
 * interface over the restart of an agent that ended in order, too.
 */
struct keep {
	const struct front_options *opts; /* borrowed */
	int tap_fd;
	char name[IFNAMSIZ]; /* that the interface had when it was opened */
	bool kept;	     /* by the service manager, since an earlier agent */
	bool foreign;	     /* somebody else made it persistent: it is left as it is */
};

/*
 * Opens the TAP that an earlier agent left, or else opts->ifname, as tap_open() does; `generation`
 * is that of the attached device, "" if none is. Returns k->tap_fd, which may be -errno; k->name
 * says of which interface.
 */
int keep_open(struct keep *k, const struct front_options *opts, const char *generation);

/* Gives the interface to the service manager, for the next agent that the manager starts. */
void keep_store(const struct keep *k);

/* The device is attached, with this generation: from now on the interface outlives the agent. */
void keep_on(const struct keep *k, const char *generation);

/* The device was detached, or the agent ends in order: it does not. */
void keep_off(const struct keep *k);

#endif
