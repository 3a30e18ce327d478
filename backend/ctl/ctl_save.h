/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ctl_save.h: writes settings of a device into the operator's policy. */
#ifndef DMVL_CTL_SAVE_H
#define DMVL_CTL_SAVE_H

#include "backend/ctl/target.h"

/* The new text of one file of the policy. ctl_save.c fills it. */
struct ctl_save {
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];
	char path[SCHEMA_VALUE_MAX + 1]; /* of the file that changes */
	char *text;
	int lock; /* nobody else changes the policy meanwhile; -1: no */
};

/* Of one that ctl_save_prepare() has not filled. */
#define CTL_SAVE_NONE ((struct ctl_save){.lock = -1})

/*
 * Works out the policy with these `count` arguments KEY=VALUE, which are right, in the section of
 * the device: that of the guest's UUID or name if there is one, a new one for its name otherwise.
 * 0, or an exit status with the reason on stderr, and nothing is changed. After 0 call
 * ctl_save_write() or ctl_save_free(): until then nobody else saves anything.
 */
int ctl_save_prepare(struct ctl *ctl, const struct target *target, int count, char *const *args,
		     struct ctl_save *out);

/* Writes the file and makes dmvl-back read it. 0 or an exit status. */
int ctl_save_write(struct ctl *ctl, struct ctl_save *save);

/* Frees what `save` has, and lets others save. No effect on CTL_SAVE_NONE. */
void ctl_save_free(struct ctl_save *save);

#endif
