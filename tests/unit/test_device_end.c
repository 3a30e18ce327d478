/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a device: detached with a guest that answers or is silent, its domain gone, its nodes
 * gone, attached again at once, suspended; and the end of the daemon.
 */
#include "backend/control/device.h"
#include "backend/control/device_xs.h"
#include "backend/xen/nodes.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

static struct desk *k;

static bool nodes_are_gone(unsigned domid)
{
	return !store_read(desk_dir(domid, SCHEMA_BACK)) &&
	       !store_read(desk_dir(domid, SCHEMA_FRONT));
}

static void begin(void)
{
	k = desk_new();
	desk_connect(k, 1);
}

/* --- detached ----------------------------------------------------------------------------------
 */

static void test_detach(void)
{
	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	is_int(desk_state(1), 5, "a device to be detached asks the guest to close");
	is_str(desk_said(k), "", "a device to be detached waits for the guest");
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	is_str(desk_said(k), "D", "a guest that closes lets its device be deleted");
	is_int(desk_state(1), 5, "a device is not closed before its rings are unmapped");
	desk_deleted(k, 0);
	desk_turn(k);
	is_int(desk_state(1), 6, "a device is closed after its rings are unmapped");
	ok(desk_device(k, 1), "a device stays until the guest has closed");
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	ok(!desk_device(k, 1) && nodes_are_gone(1), "a device that both have closed is removed");
	desk_free(k);
}

static void test_silent(void)
{
	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_pass(k, 4999 * DESK_MS);
	is_str(desk_said(k), "", "a silent guest is waited for");
	desk_pass(k, DESK_MS);
	is_str(desk_said(k), "D", "a silent guest is waited for no longer than five seconds");
	desk_deleted(k, 0);
	desk_pass(k, 60 * DESK_SEC);
	is_int(desk_state(1), 6, "a device of a silent guest is closed");
	ok(!nodes_are_gone(1), "a silent guest may still close its server");
	hyp_domain(1)->exists = false;
	store_fire("@releaseDomain");
	desk_turn(k);
	ok(nodes_are_gone(1), "a device of a silent guest goes with its domain");
	desk_free(k);
}

/* Somebody else wrote state 5: how long it has been there is not known. */
static void test_silent_since(void)
{
	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_write(1, KEY_BACK_STATE, "5");
	desk_turn(k);
	is_str(desk_said(k), "", "a guest that another asked to close is waited for");
	desk_pass(k, 5 * DESK_SEC);
	is_str(desk_said(k), "D", "a guest that another asked to close has five seconds");
	desk_free(k);
}

static void test_wanted_again(void)
{
	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	desk_write(1, KEY_BACK_ONLINE, "1");
	desk_turn(k);
	is_str(desk_said(k), "D", "a device wanted again while it closes starts again");
	desk_deleted(k, 0);
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	is_int(desk_state(1), 2, "a device wanted again is offered the next connection");
	desk_free(k);
}

/* --- its domain or its nodes are gone -----------------------------------------------------------
 */

static void test_domain_gone(void)
{
	begin();
	hyp_domain(1)->dying = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	is_str(desk_said(k), "D", "the device of a dying domain is deleted");
	ok(!nodes_are_gone(1), "the nodes of a dying domain stay until the rings are unmapped");
	desk_deleted(k, 0);
	ok(nodes_are_gone(1), "the nodes of a dying domain go when the rings are unmapped");
	ok(!k->rings[0].chan.mapped, "the rings of a dying domain are unmapped");
	ok(!desk_device(k, 1), "the device of a dying domain is forgotten");
	desk_turn(k);
	ok(!desk_device(k, 1) && nodes_are_gone(1), "a device that is forgotten stays so");
	desk_free(k);
}

static void test_nodes_gone(void)
{
	begin();
	store_remove(desk_dir(1, SCHEMA_BACK));
	desk_turn(k);
	is_str(desk_said(k), "D", "a device whose directory is removed is deleted");
	desk_deleted(k, 0);
	desk_turn(k);
	ok(!desk_device(k, 1), "a device whose directory was removed is forgotten");
	ok(!store_read(desk_dir(1, SCHEMA_BACK)), "a directory that was removed is not made again");
	desk_free(k);
}

/* The nodes go, and the frame loop's answer comes before the event of it. */
static void test_nodes_just_gone(void)
{
	begin();
	desk_failed(k, 0, NULL);
	store_remove(desk_dir(1, SCHEMA_BACK));
	desk_deleted(k, 0);
	ok(!store_read(desk_dir(1, SCHEMA_BACK)), "a state makes no removed directory again");
	desk_turn(k);
	ok(!desk_device(k, 1), "a device without its directory is forgotten after its deletion");
	desk_free(k);

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	store_remove(desk_dir(1, SCHEMA_BACK));
	desk_lose_events(k);
	device_mark(desk_device(k, 1), DEVICE_LOOK);
	desk_look(k);
	ok(!desk_device(k, 1), "a device is forgotten when a look finds no directory");
	desk_free(k);
}

static void test_deletion_under_way(void)
{
	begin();
	desk_failed(k, 0, "bad");
	is_str(desk_said(k), "D", "a device that failed is deleted");
	desk_write(1, KEY_BACK_WEIGHT, "7");
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	is_str(desk_said(k), "", "a device that is being deleted is not looked at");
	hyp_domain(1)->exists = false;
	store_fire("@releaseDomain");
	desk_turn(k);
	is_str(desk_said(k), "", "a device that is being deleted is not deleted twice");
	ok(desk_device(k, 1), "a device is known until the frame loop has let go of it");
	desk_deleted(k, 0);
	ok(!desk_device(k, 1) && nodes_are_gone(1),
	   "a device that is gone when the frame loop lets go of it is forgotten");
	desk_free(k);

	begin();
	desk_failed(k, 0, NULL);
	desk_write(1, KEY_BACK_WEIGHT, "7");
	desk_turn(k);
	desk_deleted(k, 0);
	desk_turn(k);
	is_int(desk_device(k, 1)->settings.weight, 7,
	       "what changed during a deletion is read after it");
	desk_free(k);
}

static char attachment[SCHEMA_GUEST_VALUE_MAX + 1]; /* the generation of attach_again() */

static void attach_again(unsigned domid)
{
	store_remove(desk_dir(domid, SCHEMA_BACK));
	store_remove(desk_dir(domid, SCHEMA_FRONT));
	desk_attach(k, domid);
	snprintf(attachment, sizeof(attachment), "%s", desk_read(domid, KEY_BACK_GENERATION));
}

static void test_successor(void)
{
	begin();
	attach_again(1);
	desk_turn(k);
	is_str(desk_said(k), "D", "a device that comes back at once loses its old rings");
	desk_deleted(k, 0);
	desk_turn(k);
	is_int(desk_state(1), 2, "a device that came back at once is offered a connection");
	is_str(desk_read(1, KEY_BACK_GENERATION), attachment,
	       "a device with rings that comes back at once is not made another time");
	desk_free(k);

	begin();
	hyp_domain(1)->dying = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	attach_again(1);
	desk_turn(k);
	desk_deleted(k, 0);
	ok(!nodes_are_gone(1), "a device that is forgotten leaves its successor's nodes");
	ok(desk_device(k, 1) && desk_device(k, 1)->fresh, "a successor is known at once");
	desk_turn(k);
	is_int(desk_state(1), 2, "a successor is offered a connection");
	desk_free(k);
}

/* Detached and attached before the daemon has looked. */
static void test_successor_without_rings(void)
{
	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	desk_deleted(k, 0);
	desk_turn(k);
	attach_again(1);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_GENERATION), attachment,
	       "a device that comes back at once is not made another time");
	is_int(desk_state(1), 2, "a device without rings that comes back at once is offered");
	is_str(desk_read(1, KEY_BACK_ONLINE), "1", "it is wanted");
	desk_free(k);
}

/* --- suspended ---------------------------------------------------------------------------------
 */

static void suspend(bool on)
{
	hyp_domain(1)->suspended = on;
	store_fire("@releaseDomain");
	desk_turn(k);
}

static void test_freeze(void)
{
	begin();
	suspend(true);
	is_str(desk_said(k), "F", "the device of a suspended domain is frozen");
	desk_pass(k, 10 * DESK_SEC);
	is_str(desk_said(k), "", "the device of a suspended domain stays frozen");
	hyp_domain(1)->suspended = false;
	desk_pass(k, 200 * DESK_MS);
	is_str(desk_said(k), "T", "a domain that goes on is noticed within 200 ms");
	desk_pass(k, 10 * DESK_SEC);
	is_str(desk_said(k), "", "the device of a domain that goes on is left alone");
	desk_free(k);

	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	suspend(true);
	is_str(desk_said(k), "", "a device without rings has nothing to freeze");
	desk_free(k);
}

static void test_saved(void)
{
	begin();
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_turn(k);
	suspend(true);
	desk_end(1);
	desk_turn(k);
	is_str(desk_said(k), "CFD", "the device of a saved domain is deleted when the domain goes");
	desk_deleted(k, 0);
	desk_turn(k);
	ok(nodes_are_gone(1), "the nodes of a saved domain go");
	desk_boot(9, 1);
	desk_turn(k);
	ok(desk_device(k, 9), "the device of a saved domain comes back with its UUID");
	is_str(desk_read(9, KEY_BACK_WEIGHT), "33", "a device that comes back has its settings");
	is_int(desk_state(9), 2, "a device that comes back is offered a connection");
	desk_free(k);
}

/* --- the end of the daemon ---------------------------------------------------------------------
 */

static int write_end(struct xs_conn *xs, uint32_t t, void *arg)
{
	(void)xs;
	return device_write_closed(arg, t);
}

static void test_quit(void)
{
	k = desk_new();
	desk_attach(k, 3);
	for (unsigned domid = 1; domid <= 2; domid++)
		desk_connect(k, domid);
	desk_connect(k, 4);
	desk_failed(k, 2, NULL);
	is_str(desk_said(k), "D", "a device that failed is deleted before the daemon's end");
	k->c.quitting = true;
	device_end_all(&k->c);
	is_str(desk_said(k), "DD", "the daemon's end deletes each device that has rings, once");
	for (uint32_t slot = 0; slot < 3; slot++)
		desk_deleted(k, slot);
	ok(desk_state(1) == 4 && desk_state(2) == 4 && desk_state(4) == 4,
	   "no state is written before all devices are deleted");
	store_remove(desk_dir(2, SCHEMA_BACK));
	store_conflict(1);
	is_int(xs_txn(k->c.xs, write_end, &k->c), 0, "the states are written in one transaction");
	ok(desk_state(1) == 6 && desk_state(4) == 6, "state 6 is written for each device");
	is_int(desk_state(3), 2, "a device without rings keeps its state");
	ok(!store_read(desk_dir(2, SCHEMA_BACK)), "a removed device is not made again at the end");
	desk_free(k);
}

int main(void)
{
	test_detach();
	test_silent();
	test_silent_since();
	test_wanted_again();
	test_domain_gone();
	test_nodes_gone();
	test_nodes_just_gone();
	test_deletion_under_way();
	test_successor();
	test_successor_without_rings();
	test_freeze();
	test_saved();
	test_quit();
	return done_testing();
}
