/* SPDX-License-Identifier: GPL-2.0-or-later */
/* windows_view.h: how the guarantees of this host's uplinks were kept, as their daemons wrote it.
 */
#ifndef DMVL_CTL_WINDOWS_VIEW_H
#define DMVL_CTL_WINDOWS_VIEW_H

#include "backend/ctl/ctl.h"
#include "backend/ctl/target.h"
#include "backend/stats/statsfile.h"
#include "backend/stats/windows_file.h"

/* The file of one uplink. Only windows_view.c writes it. */
struct windows_view {
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];
	char path[MAPFILE_PATH_MAX + 1];
	struct mapfile file; /* closed: `why` says why */
	const char *why;     /* static */
};

/* A device in it. */
struct windows_device {
	struct windows_record record;
	char name[TARGET_NAME_MAX]; /* of its guest, of before if that is gone; else "" */
	char uuid[UUID_TEXT_LEN + 1];
	bool there; /* the guest exists */
};

/*
 * Opens those of all uplinks, or of the one of --uplink, by name. Returns their number or -errno.
 * End with windows_views_free().
 */
int windows_views_open(struct ctl *ctl, struct windows_view **out);
void windows_views_free(struct windows_view *views, int count);

/* Reads record `i` < WINDOWS_FILE_RECORDS. False: it is of no device. */
bool windows_view_read(struct ctl *ctl, const struct windows_view *view, unsigned i,
		       struct windows_device *out);

/*
 * The name of the guest that had the domid when its device was connected, as far as the files of
 * this host's uplinks know it. "" if not.
 */
void windows_view_name(struct ctl *ctl, unsigned domid, char name[TARGET_NAME_MAX]);

/* Is it the device, or a device of the guest, that was typed? The guest need not exist any more. */
bool windows_device_is(const struct windows_device *d, const struct target *target);

#endif
