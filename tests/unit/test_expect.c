/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the capacity of an uplink is known now, perhaps later, or never. */
#include "backend/uplink/expect.h"

#include <string.h>

#include "tests/unit/tap.h"

static const struct exits none = {.how = EXITS_NONE}, empty = {.how = EXITS_NONE, .missing = true},
			  one = {.how = EXITS_OLDEST, .count = 1, .name = {"up0"}},
			  two = {.how = EXITS_HARDWARE, .count = 2, .name = {"eth0", "eth1"}};

static void says(const struct exits *e, const struct probe *found, enum speed_state speed,
		 enum expect want, const char *part, const char *when)
{
	char why[EXPECT_WHY_MAX];

	is_int(expect_of(e, found, speed, why), want, "the expectation %s", when);
	ok(part[0] ? strstr(why, part) != NULL : why[0] == '\0', "the reason %s", when);
}

int main(void)
{
	const struct probe signal = {.signal = true}, silent = {.why = "up0 is a veth device"},
			   empty_why = {.why = "the bridge xenbr0 has no port besides dmvl-up"},
			   no_bridge = {.why = "dmvl-up is in no bridge"};

	says(&one, &signal, SPEED_UNKNOWN, EXPECT_KNOWN, "", "with back-pressure");
	says(&one, &signal, SPEED_DOWN, EXPECT_KNOWN, "", "with back-pressure and no link");
	says(&one, &silent, SPEED_KNOWN, EXPECT_KNOWN, "", "with a speed alone");
	says(&one, &silent, SPEED_UNKNOWN, EXPECT_NEVER, "veth", "with a link that tells nothing");
	says(&one, &silent, SPEED_DOWN, EXPECT_LATER,
	     "up0, by which frames leave the host, has no link", "without a link");
	says(&two, &silent, SPEED_DOWN, EXPECT_LATER, "none of the 2 interfaces",
	     "with two cards without a link");
	says(&empty, &empty_why, SPEED_UNKNOWN, EXPECT_LATER, "no port besides",
	     "of a bridge without a port");
	says(&none, &no_bridge, SPEED_UNKNOWN, EXPECT_NEVER, "in no bridge",
	     "of a TAP in no bridge");
	return done_testing();
}
