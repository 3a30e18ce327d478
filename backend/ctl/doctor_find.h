/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_find.h: what this machine lacks for dmvl, as files tell, and the commands that mend it. */
#ifndef DMVL_DOCTOR_FIND_H
#define DMVL_DOCTOR_FIND_H

#include "common/doctor.h"

void doctor_find(const struct doctor *d);

/* Parts of that, of a machine that serves guests: device files, and bridges that call iptables. */
void doctor_find_devices(const struct doctor *d);
void doctor_find_bridges(const struct doctor *d);

/* The command that starts the dmvl-back of an uplink again. */
void doctor_restart_uplink(const struct doctor *d, const char *uplink,
			   char out[DOCTOR_COMMAND_MAX]);

/* This is Dom0, and xenstored does not listen: a connection would wait for it. */
bool doctor_no_xenstored(const struct doctor *d);

#endif
