/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/xen/libxl_vif.h"

#include <stdio.h>
#include <string.h>

#include "xenstore-schema/schema.h"

void libxl_vif_dir(char *buf, size_t size, unsigned backend_domid, unsigned domid, unsigned id)
{
	snprintf(buf, size, "/local/domain/%u/backend/vif/%u/%u", backend_domid, domid, id);
}

static void read_key(struct xs_conn *xs, const char *dir, const char *key, char *out, size_t size)
{
	char path[SCHEMA_PATH_MAX + 24];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	if (xs_conn_read(xs, XS_NO_TXN, path, out, size) < 0)
		out[0] = '\0';
}

bool libxl_vif_mac(struct xs_conn *xs, const char *dir, uint8_t mac[6])
{
	char text[24];

	read_key(xs, dir, "mac", text, sizeof(text));
	return schema_parse_mac(KEY_BACK_MAC, text, mac, NULL) == 0;
}

void libxl_vif_name(struct xs_conn *xs, const char *dir, char *out, size_t size)
{
	read_key(xs, dir, "vifname", out, size);
}

/* libxl writes `script` when it makes the vif; somebody else's vif may have neither. */
enum libxl_vif_state libxl_vif_state(struct xs_conn *xs, const char *dir)
{
	char path[SCHEMA_PATH_MAX + 24], status[16];

	read_key(xs, dir, "hotplug-status", status, sizeof(status));
	if (strcmp(status, "connected") == 0)
		return LIBXL_VIF_READY;
	snprintf(path, sizeof(path), "%s/script", dir);
	return xs_conn_exists(xs, XS_NO_TXN, path) ? LIBXL_VIF_PENDING : LIBXL_VIF_NONE;
}
