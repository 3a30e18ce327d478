/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one guest can make the control thread do, however often it writes: looks and connections. */
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define LOOKS_BURST    100u
#define LOOKS_PER_SEC  50u
#define CONNECTS_BURST 20u

static struct desk *k;

/* The guest writes its state n times, and each time the thread comes to look. */
static void write_states(unsigned n)
{
	while (n-- > 0) {
		desk_write(1, KEY_FRONT_STATE, "1");
		desk_look(k);
	}
}

static void test_looks(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	write_states(2 * LOOKS_BURST);
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_int(desk_state(1), 2, "a guest that writes without end is not looked at for a while");
	is_int(k->next_ns - k->c.now_ns, DESK_SEC / LOOKS_PER_SEC,
	       "the next look is when the bucket has one");
	desk_pass(k, DESK_SEC / LOOKS_PER_SEC - 1);
	is_int(desk_state(1), 2, "there is no look before the bucket has one");
	desk_pass(k, 1);
	is_int(desk_state(1), 4, "what the guest wrote last is seen at the next look");
	desk_free(k);
}

static void test_looks_of_others(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_attach(k, 2);
	desk_turn(k);
	write_states(2 * LOOKS_BURST);
	desk_serve(k, 2, 12);
	desk_turn(k);
	is_int(desk_state(2), 4, "another guest is looked at meanwhile");
	desk_free(k);
}

static void test_looks_burst(void)
{
	unsigned n = 0;

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	desk_pass(k, 10 * DESK_SEC);
	while (!desk_device(k, 1)->not_before_ns && n < 1000) {
		write_states(1);
		n++;
	}
	is_int(n, LOOKS_BURST + 1, "a guest that was quiet has a hundred looks at once");
	desk_free(k);
}

/* The guest connects and leaves at once. False: it is not offered a connection now. */
static bool come_and_go(void)
{
	if (desk_state(1) != 2)
		return false;
	desk_serve(k, 1, 12);
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	desk_said(k);
	if (!k->vchan[0])
		return false;
	desk_deleted(k, 0);
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	return true;
}

static void test_connects(void)
{
	unsigned n = 0;

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	for (unsigned ms = 0; ms < 60000; ms += 200) {
		n += come_and_go();
		desk_pass(k, 200 * DESK_MS);
	}
	ok(n >= CONNECTS_BURST + 58 && n <= CONNECTS_BURST + 61,
	   "a guest connects twenty times at once and then once a second: %u in a minute", n);
	desk_free(k);
}

int main(void)
{
	test_looks();
	test_looks_of_others();
	test_looks_burst();
	test_connects();
	return done_testing();
}
