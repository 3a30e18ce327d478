/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/rings.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/wire.h"
#include "xenstore-schema/xskey.h"

#define LIMIT_FILE    "/sys/module/xen_gntalloc/parameters/limit"
#define LIMIT_DEFAULT 1024 /* of the module */
#define PAGE_ORDER    12

unsigned rings_pages(unsigned order)
{
	return (2u << (order - PAGE_ORDER)) + 1; /* and the page that both ends share */
}

unsigned rings_largest(const struct rings_budget *b, unsigned max)
{
	unsigned left = b->limit > b->others ? b->limit - b->others : 0;
	unsigned order = max;

	while (order > WIRE_RING_ORDER_MIN &&
	       (rings_pages(order) > b->limit / b->devices || rings_pages(order) - 1 > left / 2))
		order--;
	return order;
}

static unsigned read_limit(void)
{
	FILE *f = fopen(LIMIT_FILE, "re");
	int limit;

	if (!f)
		return LIMIT_DEFAULT;
	if (fscanf(f, "%d", &limit) != 1 || limit < 0)
		limit = LIMIT_DEFAULT;
	fclose(f);
	return (unsigned)limit;
}

/* Pages of another device of this guest; 0: it has no rings now. */
static unsigned pages_of(const struct agent_device *d, unsigned id)
{
	char front[SCHEMA_PATH_MAX], err[SCHEMA_ERR_MAX];
	enum xenbus_state state;
	uint64_t order;

	schema_frontend_dir_relative(front, sizeof(front), id);
	state = xskey_read_state(d->xs, XS_NO_TXN, front, KEY_FRONT_STATE);
	if ((state != XenbusStateInitialised && state != XenbusStateConnected) ||
	    xskey_read_u64(d->xs, XS_NO_TXN, front, KEY_FRONT_RING_ORDER, &order, err) < 0)
		return 0;
	return rings_pages((unsigned)order);
}

static void count_devices(const struct agent_device *d, unsigned own, struct rings_budget *b)
{
	unsigned n;
	char **names;

	if (xs_conn_list(d->xs, XS_NO_TXN, "device/" SCHEMA_DEVICE_TYPE, &names, &n) < 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		char *end;
		unsigned long id = strtoul(names[i], &end, 10);

		if (*end || id > SCHEMA_ID_MAX || id == own)
			continue;
		b->devices++;
		b->others += pages_of(d, (unsigned)id);
	}
	free(names);
}

unsigned rings_fit(const struct agent_device *d, unsigned id, unsigned max)
{
	struct rings_budget b = {.limit = read_limit(), .devices = 1};

	count_devices(d, id, &b);
	return rings_largest(&b, max);
}
