/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long an agent waits for a device that is away. */
#include "frontend/absence.h"

#include "tests/unit/tap.h"

static void test_limit(void)
{
	struct absence a = {.limit_ns = 60};

	ok(!absence_look(&a, false, 1000), "a device that is there is not away too long");
	is_int(absence_due_ns(&a), UINT64_MAX, "nothing is due while the device is there");
	ok(!absence_look(&a, true, 2000), "a device that has just gone is not away too long");
	is_int(absence_due_ns(&a), 2060, "the limit is due from the first look without the device");
	ok(!absence_look(&a, true, 2059), "just before the limit the agent still waits");
	ok(absence_look(&a, true, 2060), "at the limit the device is away too long");
}

static void test_back(void)
{
	struct absence a = {.limit_ns = 60};

	absence_look(&a, true, 2000);
	absence_look(&a, false, 2050);
	ok(!absence_look(&a, true, 2070), "a device that was back begins a new absence");
	is_int(absence_due_ns(&a), 2130, "the new absence has the whole limit");
	a = (struct absence){.limit_ns = 60};
	absence_look(&a, true, 0);
	ok(absence_look(&a, true, 60), "an absence may begin at time 0");
}

static void test_for_ever(void)
{
	struct absence a = {0};

	absence_look(&a, true, 0);
	ok(!absence_look(&a, true, UINT64_MAX), "without a limit the agent waits for ever");
	is_int(absence_due_ns(&a), UINT64_MAX, "without a limit nothing is due");
}

int main(void)
{
	test_limit();
	test_back();
	test_for_ever();
	return done_testing();
}
