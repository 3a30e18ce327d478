/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/outlook.h"

#include <stdio.h>

enum outlook outlook_of(const struct exits *e, const struct probe *found, enum speed_state speed,
			char why[OUTLOOK_WHY_MAX])
{
	why[0] = '\0';
	if (found->signal || speed == SPEED_KNOWN)
		return OUTLOOK_KNOWN;
	if (e->count > 0 && speed == SPEED_DOWN) {
		exits_no_link(e, why, OUTLOOK_WHY_MAX);
		return OUTLOOK_LATER;
	}
	snprintf(why, OUTLOOK_WHY_MAX, "%s", found->why);
	return e->missing ? OUTLOOK_LATER : OUTLOOK_NEVER;
}
