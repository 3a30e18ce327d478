/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxl_vif.h: what libxl and its hotplug scripts say about a guest's vif in xenstore. */
#ifndef DMVL_LIBXL_VIF_H
#define DMVL_LIBXL_VIF_H

#include "common/xs.h"

/* The directory of the vif's backend: room for SCHEMA_PATH_MAX bytes. */
void libxl_vif_dir(char *buf, size_t size, unsigned backend_domid, unsigned domid, unsigned id);

/* Its MAC address. False: libxl has not written it, or it is malformed. */
bool libxl_vif_mac(struct xs_conn *xs, const char *dir, uint8_t mac[6]);

/* The name that the guest's configuration gives it; "": none. */
void libxl_vif_name(struct xs_conn *xs, const char *dir, char *out, size_t size);

enum libxl_vif_state {
	LIBXL_VIF_NONE,	   /* libxl knows no such vif */
	LIBXL_VIF_PENDING, /* its hotplug script is not done with it */
	LIBXL_VIF_READY,   /* it is */
};
enum libxl_vif_state libxl_vif_state(struct xs_conn *xs, const char *dir);

#endif
