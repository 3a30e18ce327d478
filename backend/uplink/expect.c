/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/expect.h"

#include <stdio.h>

enum expect expect_of(const struct exits *e, const struct probe *found, enum speed_state speed,
		      char why[EXPECT_WHY_MAX])
{
	why[0] = '\0';
	if (found->signal || speed == SPEED_KNOWN)
		return EXPECT_KNOWN;
	if (e->count > 0 && speed == SPEED_DOWN) {
		exits_no_link(e, why, EXPECT_WHY_MAX);
		return EXPECT_LATER;
	}
	snprintf(why, EXPECT_WHY_MAX, "%s", found->why);
	return e->missing ? EXPECT_LATER : EXPECT_NEVER;
}
