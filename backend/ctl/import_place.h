/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import_place.h: where what is imported goes: to devices that are attached, or into files. */
#ifndef DMVL_CTL_IMPORT_PLACE_H
#define DMVL_CTL_IMPORT_PLACE_H

#include "backend/ctl/ctl.h"
#include "backend/kept/kept.h"

/* One guest that is imported. import_place.c fills in the rest. */
struct import {
	struct ctl *ctl;
	const struct kept *k;	     /* as travel_parse() gives it */
	int domid[KEPT_DEVICES_MAX]; /* of each device of *k that is attached; -1: it is not */
	char err[SCHEMA_ERR_MAX];    /* why a transaction refused */
};

/*
 * Finds out which devices are attached, and whether all can be taken. 0, or an exit status with the
 * reason on stderr.
 */
int import_look(struct import *im);

/*
 * Puts what is imported in its place: all of it, or nothing and an exit status with the reason on
 * stderr.
 */
int import_put(struct import *im);

#endif
