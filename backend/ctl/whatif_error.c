/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/whatif_error.h"

#define LEAST_PART 100u /* of all bytes; rows that had less are judged together */

struct error {
	double bytes, off; /* of one row, or of several */
};

static double permille_of(const struct error *e)
{
	double permille = e->bytes > 0 ? e->off * 1000 / e->bytes : 0;

	return permille < 1e9 ? permille : 1e9;
}

static struct error error_of(const struct whatif_row *row)
{
	double was = (double)row->recorded.bytes;
	double off = (double)row->had[WHATIF_AS_IT_WAS].bytes - was;

	return (struct error){was, off < 0 ? -off : off};
}

unsigned whatif_error_permille(const struct whatif_world *w)
{
	struct error little = {0};
	double worst = 0, sum = 0;

	for (unsigned i = 0; i < w->rows; i++)
		sum += (double)w->row[i].recorded.bytes;
	for (unsigned i = 0; i < w->rows; i++) {
		struct error e = error_of(&w->row[i]);

		if (e.bytes * LEAST_PART <= sum)
			little.bytes += e.bytes, little.off += e.off;
		else if (permille_of(&e) > worst)
			worst = permille_of(&e);
	}
	if (little.bytes * LEAST_PART > sum && permille_of(&little) > worst)
		worst = permille_of(&little);
	return (unsigned)worst;
}
