/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.h: is the capacity of an uplink known without an operator's word, or will it be? */
#ifndef DMVL_EXPECT_H
#define DMVL_EXPECT_H

#include <stddef.h>

#include "backend/uplink/probe.h"
#include "backend/uplink/speed.h"

#define EXPECT_WHY_MAX (PROBE_WHY_MAX + 64)

enum expect {
	EXPECT_KNOWN, /* a speed, or it can be measured */
	EXPECT_LATER, /* perhaps, when an interface or a link is there that is missing now */
	EXPECT_NEVER, /* as long as nobody changes the set-up */
};

/*
 * From what exits_find(), probe_uplink() and speed_of_exits() have found. But for EXPECT_KNOWN,
 * `why` is a clause.
 */
enum expect expect_of(const struct exits *e, const struct probe *found, enum speed_state speed,
		      char why[EXPECT_WHY_MAX]);

#endif
