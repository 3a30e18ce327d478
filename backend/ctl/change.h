/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.h: settings that dmvlctl writes into a directory of xenstore, all of them or none. */
#ifndef DMVL_CTL_CHANGE_H
#define DMVL_CTL_CHANGE_H

#include "backend/ctl/ctl.h"
#include "backend/policy/setting.h"

struct change {
	const struct settings *settings;
	char dir[SCHEMA_PATH_MAX];
	char err[SCHEMA_ERR_MAX]; /* why the change is refused; "": a xenstore error */
	char asked[17];		  /* verdict.c: the value of the judge; "": nobody is asked */
};

/* The key by which dmvl-back is asked about keys of this area. */
enum schema_key change_judge(enum schema_area area);

/*
 * A part of the transaction `t`: writes the settings, of a device, a group or an uplink, into
 * change->dir. 0, or -errno: with a sentence in change->err where the limits would not agree
 * afterwards.
 */
int change_write(struct ctl *ctl, uint32_t t, struct change *change);

#endif
