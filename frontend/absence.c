/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/absence.h"

bool absence_look(struct absence *a, bool away, uint64_t now_ns)
{
	if (away && !a->away)
		a->since_ns = now_ns;
	a->away = away;
	return away && a->limit_ns > 0 && now_ns - a->since_ns >= a->limit_ns;
}

uint64_t absence_due_ns(const struct absence *a)
{
	return a->away && a->limit_ns > 0 ? a->since_ns + a->limit_ns : UINT64_MAX;
}
