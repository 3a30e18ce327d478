/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.h: gives a guest a device, with a MAC address that is the same each time. */
#ifndef DMVL_ATTACH_H
#define DMVL_ATTACH_H

#include "backend/frame/frame.h"
#include "backend/xen/nodes.h"

struct attachment {
	unsigned backend_domid, domid, id;
	uint8_t uuid[16]; /* of the guest */
	const struct node_value *values;
	unsigned n;
};

/* The value among those given, or NULL. */
const char *attach_given(const struct attachment *a, enum schema_key key);

/* Does the device stand for a vif (via=vif)? */
bool attach_is_via_vif(const struct attachment *a);

/*
 * The MAC address that the device gets: the given one, or one made from the guest's UUID and the
 * device's id. "": that of the vif, which dmvl-back reads.
 */
void attach_mac(const struct attachment *a, char mac[FRAME_MAC_STR]);

/* Creates the device with this address, and says whose it is. As nodes_create(). */
int attach_create(struct xs_conn *xs, const struct attachment *a);

#endif
