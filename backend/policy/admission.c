/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/admission.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIR_MAX 128 /* bytes of a direction as text */

static const char *format_dir(const struct admission_dir *d, char out[DIR_MAX])
{
	snprintf(out, DIR_MAX,
		 "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d %" PRIu64 " %u",
		 d->capacity_bps, d->minima_bps, d->left_bps, d->group_left_bps, d->measured,
		 d->scaled, d->would.bps, (unsigned)d->would.by);
	return out;
}

const char *admission_format(const struct admission *a, const char *number,
			     char out[SCHEMA_VALUE_MAX + 1])
{
	char tx[DIR_MAX], rx[DIR_MAX];

	snprintf(out, SCHEMA_VALUE_MAX + 1, "%s %s %s %s", number, format_dir(&a->dir[0], tx),
		 format_dir(&a->dir[1], rx), a->error);
	return out;
}

/* The rest of the text; NULL: it is malformed. */
static const char *parse_dir(const char *text, struct admission_dir *d)
{
	unsigned measured, scaled, by;
	int len = 0;

	if (sscanf(text,
		   " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %1u %1u %" SCNu64 " %1u%n",
		   &d->capacity_bps, &d->minima_bps, &d->left_bps, &d->group_left_bps, &measured,
		   &scaled, &d->would.bps, &by, &len) != 8 ||
	    by > PROSPECT_GROUP_MAX)
		return NULL;
	d->measured = measured;
	d->scaled = scaled;
	d->would.by = (enum prospect_by)by;
	return text + len;
}

bool admission_parse(const char *text, const char *number, struct admission *out)
{
	size_t len = strlen(number);

	if (strncmp(text, number, len) != 0 || text[len] != ' ')
		return false;
	text += len;
	for (int dir = 0; text && dir < ADMISSION_DIRS; dir++)
		text = parse_dir(text, &out->dir[dir]);
	if (!text || *text != ' ')
		return false;
	snprintf(out->error, sizeof(out->error), "%s", text + 1);
	out->admitted = !out->error[0];
	return true;
}
