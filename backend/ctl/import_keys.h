/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import_keys.h: what is imported, and the keys of those of its devices that are attached. */
#ifndef DMVL_CTL_IMPORT_KEYS_H
#define DMVL_CTL_IMPORT_KEYS_H

#include "backend/ctl/ctl.h"
#include "backend/kept/kept.h"

/* One guest that is imported. import_place.c fills in the rest. */
struct import {
	struct ctl *ctl;
	const struct kept *k;	     /* as travel_parse() gives it */
	int domid[KEPT_DEVICES_MAX]; /* of each device of *k that is attached; -1: it is not */
	int *lock;		     /* of the directories, while it is put in its place */
	unsigned locks;
	char err[SCHEMA_ERR_MAX]; /* why a transaction refused */
};

/* What it says of the key of the device, or the default. */
const char *import_text(const struct kept_device *d, enum schema_key key);

/*
 * Gives the devices that are attached all their keys, in one transaction. What is not imported is
 * as it would be if they were attached now: as the policy says, or the default. 0, or an exit
 * status with the reason on stderr, and no key is changed.
 */
int import_keys_write(struct import *im);

#endif
