/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest.h: what the toolstack says of a guest in xenstore. */
#ifndef DMVL_GUEST_H
#define DMVL_GUEST_H

#include "common/xs.h"

#define GUEST_NAME_MAX 256

/* Where the name is: to be watched, since it may come late and change. */
void guest_name_path(char *buf, size_t size, unsigned domid);

/* The name; "": there is none yet. */
void guest_name(struct xs_conn *xs, unsigned domid, char *out, size_t size);

/* Is it the name that xl gives to a domain whose guest it has sent to another host? */
bool guest_is_away(const char *name);

/* Is the domain only the device model of another one, which has a name like it? */
bool guest_is_stub(struct xs_conn *xs, unsigned domid);

#endif
