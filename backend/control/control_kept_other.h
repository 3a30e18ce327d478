/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_kept_other.h: what other uplinks of this host remember of a device. */
#ifndef DMVL_CONTROL_KEPT_OTHER_H
#define DMVL_CONTROL_KEPT_OTHER_H

#include <stdbool.h>

struct control;
struct kept;
struct kept_device;

/*
 * Reads what another uplink remembers of the device `id` of the guest into *out, which holds
 * nothing; the caller clears it. The device; NULL: no other uplink remembers it. What cannot be
 * read counts as not remembered.
 */
const struct kept_device *control_kept_other(struct control *c, const char *uuid, unsigned id,
					     struct kept *out);

/*
 * May this uplink take over what another one remembers of a device that the policy gives to this
 * one? It may not if it was attached there by hand while the policy said so already.
 */
bool control_kept_is_free(const struct control *c, const struct kept_device *other);

/*
 * This uplink serves the device, and its file says so: no other one remembers it any more. Where a
 * directory is locked for longer than a moment, its daemon notices by itself when the guest comes
 * back.
 */
void control_kept_drop_other(struct control *c, const char *uuid, unsigned id);

#endif
