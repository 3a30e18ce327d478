/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_domains.h"
#include "backend/control/device.h"
#include "backend/control/device_list.h"
#include "backend/control/device_state.h"

void control_found(struct control *c, unsigned domid, unsigned id)
{
	struct device *d = device_find(c, domid, id);

	if (d)
		device_mark(d, DEVICE_READ);
	else
		device_meet(c, domid, id);
}

/* The children of a directory whose names are numbers up to `max`. */
static int list_ids(struct control *c, const char *dir, unsigned max, unsigned **out)
{
	char **names, *end;
	unsigned count, n = 0;
	int ret = xs_conn_list(c->xs, XS_NO_TXN, dir, &names, &count);

	*out = NULL;
	if (ret < 0)
		return ret;
	*out = calloc(count + 1, sizeof(**out));
	for (unsigned i = 0; *out && i < count; i++) {
		unsigned long v = strtoul(names[i], &end, 10);

		if (names[i][0] && *end == '\0' && v <= max)
			(*out)[n++] = (unsigned)v;
	}
	free(names);
	return (int)n;
}

void control_find_of(struct control *c, unsigned domid)
{
	char root[SCHEMA_PATH_MAX], dir[SCHEMA_PATH_MAX + 16];
	unsigned *ids;
	int n;

	schema_backend_root(root, sizeof(root), c->domid);
	snprintf(dir, sizeof(dir), "%s/%u", root, domid);
	n = list_ids(c, dir, SCHEMA_ID_MAX, &ids);
	for (int i = 0; i < n; i++)
		control_found(c, domid, ids[i]);
	free(ids);
}

void control_find_devices(struct control *c)
{
	char root[SCHEMA_PATH_MAX];
	unsigned *domids;
	int n;

	schema_backend_root(root, sizeof(root), c->domid);
	n = list_ids(c, root, SCHEMA_DOMID_MAX, &domids);
	for (int i = 0; i < n; i++)
		control_find_of(c, domids[i]);
	free(domids);
}

void control_sweep_orphans(struct control *c)
{
	struct device *d, *next;

	control_check_domains(c);
	for (d = TAILQ_FIRST(&c->devices.all); d; d = next) {
		next = TAILQ_NEXT(d, next);
		if (!device_has_front(c, d))
			device_gone(c, d);
	}
}
