/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_kept.h: what is remembered of one device, and how a guest gets its devices back. */
#ifndef DMVL_DEVICE_KEPT_H
#define DMVL_DEVICE_KEPT_H

#include <stdbool.h>

struct control;
struct device;
struct dom_info;
struct kept;
struct settings_text;

/*
 * Remembers what was set, as far as it was accepted. 0, or -errno: there is no memory or descriptor
 * now to read what is remembered; never -EAGAIN, which would run a transaction again at once.
 */
int device_kept_remember(struct control *c, struct device *d, const struct settings_text *texts);

/*
 * The account that it brought along is taken, and is remembered no more. False: it still is, or
 * would be if this daemon ended now: it must not be taken yet.
 */
bool device_kept_taken(struct control *c, const struct device *d);

/*
 * The device was detached: nothing of it is remembered any more. If that cannot be, the log says so
 * once.
 */
void device_kept_forget(struct control *c, struct device *d);

/* Is anything remembered of the device? */
bool device_kept_has(struct control *c, const struct device *d);

/*
 * Attaches what is remembered of a guest, each device as a whole, but none that the guest has. The
 * caller has the lock of the files. False: some of it must be tried again; the log says why, unless
 * `again` says that it has been tried before.
 */
bool device_kept_attach(struct control *c, const struct dom_info *dom, const struct kept *k,
			bool again);

#endif
