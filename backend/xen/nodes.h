/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes.h: creates and removes the two xenstore directories of an LDP, each as a whole. */
#ifndef DMVL_NODES_H
#define DMVL_NODES_H

#include "common/uuid.h"
#include "common/xs.h"
#include "xenstore-schema/schema.h"

/* A key of the backend directory and its value, which is borrowed. */
struct node_value {
	enum schema_key key;
	const char *value;
};

/*
 * Creates both directories of device `id` of domain `domid`, which `backend_domid` serves, in one
 * transaction: parents, permissions, a new generation, the keys, and both states (1). A key that a
 * device needs and that is not among the `n` values gets its default; mac has no default and must
 * be given, and so should guest-uuid. With via=vif there is no frontend directory, since no agent
 * reads it; mac and mtu may be missing. 0, -EEXIST (the device exists), or -errno of xenstore.
 */
int nodes_create(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const struct node_value *values, unsigned n);

/*
 * Removes both directories, and the parents that are empty then, in one transaction. Directories
 * that do not exist are no error. If `generation` is not NULL ("" stands for a missing key) and the
 * device has another one, it was attached again in the meantime: nothing is removed, -ESTALE.
 * -EACCES: nothing is removed, because a driver domain may not remove the guest's.
 */
int nodes_remove(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const char *generation);

/* The same, in the transaction `t`. */
int nodes_remove_in(struct xs_conn *xs, uint32_t t, unsigned backend_domid, unsigned domid,
		    unsigned id, const char *generation);

#endif
