/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/xen/guest.h"

#include <stdio.h>
#include <string.h>

void guest_name_path(char *buf, size_t size, unsigned domid)
{
	snprintf(buf, size, "/local/domain/%u/name", domid);
}

void guest_name(struct xs_conn *xs, unsigned domid, char *out, size_t size)
{
	char path[64];

	guest_name_path(path, sizeof(path), domid);
	if (xs_conn_read(xs, XS_NO_TXN, path, out, size) < 0)
		out[0] = '\0';
}

bool guest_is_away(const char *name)
{
	static const char away[] = "--migratedaway";
	size_t len = strlen(name);

	return len >= sizeof(away) && strcmp(name + len - sizeof(away) + 1, away) == 0;
}

bool guest_is_stub(struct xs_conn *xs, unsigned domid)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/target", domid);
	return xs_conn_exists(xs, XS_NO_TXN, path);
}
