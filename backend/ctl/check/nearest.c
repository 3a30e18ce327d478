/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nearest.h"

#include <errno.h>
#include <string.h>

#include "backend/policy/setting.h"

#define NAME_MAX_LEN 31

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters to insert, remove, change or exchange with the next one. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];
	size_t m = strlen(a), n = strlen(b);

	for (size_t i = 0; i <= m; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			unsigned change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[m][n];
}

int nearest_key(enum schema_area area, const char *name)
{
	size_t len = strlen(name);
	unsigned nearest = len < 6 ? 2 : 3; /* less than this */
	int found = -ENOENT;

	if (len > NAME_MAX_LEN)
		return -ENOENT;
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);
		unsigned far;

		if (e->area != area || !setting_is_given((enum schema_key)i) ||
		    strlen(e->name) > NAME_MAX_LEN)
			continue;
		far = distance(name, e->name);
		if (far >= nearest)
			continue;
		nearest = far;
		found = i;
	}
	return found;
}
