/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes.h: the two xenstore directories of an LDP, made and removed as a whole. */
#ifndef DMVL_NODES_H
#define DMVL_NODES_H

#include "common/xs.h"
#include "xenstore-schema/schema.h"

/* A key of the backend directory and what to write. Borrowed. */
struct node_value {
	enum schema_key key;
	const char *value;
};

/*
 * Makes both directories of device `id` of domain `domid`, served by `backend_domid`: in one
 * transaction, parents first, each with its permissions, a fresh generation, states 1 last. Of the
 * keys that a device needs, those not among the `n` values get their defaults; mac has none and
 * must be given. 0, -EEXIST (there is one already), or -errno of xenstore.
 */
int nodes_create(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const struct node_value *values, unsigned n);

/*
 * Removes both in one transaction, and then the parents that this leaves empty. What is missing
 * already is fine. With a `generation` ("": the key is missing) nothing is removed, and -ESTALE
 * returned, if the device has another one now: it was attached anew.
 */
int nodes_remove(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const char *generation);

/*
 * The operator's and the attachment's keys of an LDP whose guest is being saved or rebooted are put
 * aside under its UUID, and attached again to the domain that comes back with it.
 */
int nodes_save(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
	       const char *uuid_text, unsigned domid, unsigned id);

/* Attaches what was put aside for this UUID, and forgets it. The number of devices, or -errno. */
int nodes_restore(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
		  const char *uuid_text, unsigned domid);

/* Is anything put aside for this UUID? */
bool nodes_saved(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
		 const char *uuid_text);

#define UUID_TEXT_LEN 36
/* "6fa459ea-ee8a-3ca4-894e-db77e160355e" and NUL. */
void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_LEN + 1]);

#endif
