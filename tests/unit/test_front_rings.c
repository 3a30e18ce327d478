/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How large rings are, by what a guest may grant and how many devices it has. */
#include "common/wire.h"
#include "frontend/rings.h"
#include "tests/unit/tap.h"

static void test_pages(void)
{
	is_int(rings_pages(12), 3, "rings of a page each take two pages and the shared one");
	is_int(rings_pages(20), 513, "rings of 1 MiB take 513 pages");
}

static void test_largest(void)
{
	static const struct {
		struct rings_budget budget;
		unsigned max, order;
		const char *name;
	} rows[] = {
		{{1024, 1, 0}, 20, 20, "a single device has the largest rings"},
		{{1024, 1, 0}, 17, 17, "no device has larger rings than the backend maps"},
		{{1024, 2, 0}, 20, 19, "two devices that begin together get the same"},
		{{1024, 8, 0}, 20, 17, "eight devices that begin together get the same"},
		{{1024, 2, 513}, 20, 18, "a second device leaves half of what the first left"},
		{{8192, 8, 7 * 513},
		 20,
		 20,
		 "with a high limit eight devices have the largest rings"},
		{{1024, 9, 1024}, 20, 12, "without free pages the smallest rings are tried"},
		{{1024, 9, 2000}, 20, 12, "a budget that is overdrawn leads to the smallest rings"},
		{{0, 1, 0}, 20, 12, "a limit of 0 leads to the smallest rings"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_int(rings_largest(&rows[i].budget, rows[i].max), rows[i].order, "%s",
		       rows[i].name);
}

/* One device after the other, and none gives back what it has. */
static void test_one_by_one(void)
{
	struct rings_budget b = {.limit = 1024, .devices = 1};

	for (; b.devices <= 10; b.devices++) {
		b.others += rings_pages(rings_largest(&b, WIRE_RING_ORDER_MAX));
		ok(b.others <= b.limit, "device %u gets its rings", b.devices);
	}
}

int main(void)
{
	test_pages();
	test_largest();
	test_one_by_one();
	return done_testing();
}
