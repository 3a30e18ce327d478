/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept_unseen.h: for how many days a guest was not seen, whatever the host's clock says. */
#ifndef DMVL_KEPT_UNSEEN_H
#define DMVL_KEPT_UNSEEN_H

#include "backend/kept/kept_file.h"

/*
 * A guest that is seen has its file touched. A day that dmvl-back ran through, and in which the
 * file's time did not change, is one in which the guest was not seen. The file `.unseen` of the
 * directory has these days, and the time of each file to compare with. So it does not matter what
 * time that is: the host's clock may be wrong, and jump.
 */
struct kept_unseen;

/* Reads it; without what cannot be read: days count from 0 then. NULL: no memory. */
struct kept_unseen *kept_unseen_read(const char *dir);
void kept_unseen_free(struct kept_unseen *u); /* no effect on NULL */

/* Days that the guest was not seen in; 0 too if its time has changed since the last count. */
unsigned kept_unseen_days(const struct kept_unseen *u, const char *uuid);

/*
 * A day has passed: counts it for each guest that was not seen, and writes that. 0, or -errno with
 * one sentence in err; then the day may not count.
 */
int kept_unseen_count(struct kept_unseen *u, char *err);

#endif
