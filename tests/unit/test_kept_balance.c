/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest owes, when it ends, comes back or sheds its device: balances that are kept or not.
 */
#include "tests/unit/kept_guest.h"

static void serve(unsigned domid)
{
	desk_serve(k, domid, 12);
	desk_turn(k);
	desk_said(k);
}

/* What it owes comes along, unless it must not. */
static void test_balance(void)
{
	begin();
	ok(k->added.id.heir == CREDIT_HEIR_OF_GUEST && k->added.id.uuid[0] == 1,
	   "a device inherits its guest's balance");
	desk_write(1, KEY_BACK_KEEP_BALANCE, "0");
	desk_turn(k);
	desk_end(1);
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	is_str(desk_said(k), "E",
	       "the account of a device with keep-balance=0 ends with its domain");
	is_int(k->ended.id.generation, k->added.id.generation, "the end is that of its attachment");
	again(9);
	serve(9);
	is_int(k->added.id.heir, CREDIT_HEIR_OF_DOMAIN,
	       "a device with keep-balance=0 inherits nothing from another domain");
	desk_free(k);
}

/* A guest that owes something, and whose balance is not kept. */
static void begin_owing(void)
{
	begin();
	desk_write(1, KEY_BACK_KEEP_BALANCE, "0");
	desk_turn(k);
	desk_said(k);
}

static void test_balance_shed(void)
{
	begin_owing();
	store_remove(desk_dir(1, SCHEMA_FRONT));
	desk_turn(k);
	is_str(desk_said(k), "D", "a guest that removes its own nodes is disconnected");
	desk_deleted(k, 0);
	desk_pass(k, DESK_SEC);
	is_int(desk_state(1), 2, "a guest that removes its own nodes is attached again");
	is_str(desk_said(k), "", "a guest that removes its own nodes does not end its account");
	serve(1);
	is_int(k->added.id.heir, CREDIT_HEIR_OF_DOMAIN,
	       "a guest that removes its own nodes owes what it owed");
	desk_free(k);

	begin_owing();
	hyp_domain(1)->stopped = hyp_domain(1)->resetting = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	is_str(desk_said(k), "", "a soft reset does not end an account");
	desk_free(k);

	begin_owing();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	desk_turn(k);
	is_str(desk_said(k), "E", "an account that is not kept ends when the device is detached");
	desk_free(k);
}

int main(void)
{
	test_balance();
	test_balance_shed();
	return done_testing();
}
