/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a device that stands for a vif, on the control thread without its loop. The vif is a
 * veth, in a network namespace that goes with the process.
 */
#include <stdlib.h>

#include "backend/control/device_list.h"
#include "backend/frame/vnet.h"
#include "backend/uplink/netdev.h"
#include "backend/vif/vif_tap.h"
#include "backend/xen/nodes.h"
#include "common/tap.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/fake/netns.h"
#include "tests/unit/tap.h"

#define DOMID 7
#define VIF   "/local/domain/0/backend/vif/7/0/"
#define MAC   "00:16:3e:01:02:03"

static struct desk *k;

static void attach(void)
{
	const struct node_value values[] = {{KEY_BACK_VIA, "vif"}, {KEY_BACK_WEIGHT, "77"}};

	desk_boot(DOMID, DOMID);
	must(nodes_create(k->c.xs, 0, DOMID, 0, values, 2) == 0);
	desk_turn(k);
}

/* libxl makes the vif; its script has not run. */
static void make_vif(void)
{
	must(netns_run("ip link add vif7.0 addr fe:ff:ff:ff:ff:ff type veth peer name g0"));
	store_write(VIF "script", "/etc/xen/scripts/vif-bridge");
	store_write(VIF "mac", MAC);
}

static void run_script(void)
{
	must(netns_run("ip link set vif7.0 master br0 up"));
	store_write(VIF "hotplug-status", "connected");
}

static void interfaces_changed(void)
{
	device_mark_agentless(&k->c);
	desk_turn(k);
}

static bool error_is(const char *begin)
{
	const char *error = desk_read(DOMID, KEY_BACK_ERROR);

	return strncmp(error ? error : "", begin, strlen(begin)) == 0 &&
	       (*begin || !error || !*error);
}

static bool in_bridge(void)
{
	char bridge[IFNAMSIZ];

	return netdev_bridge("vif7.0", bridge) && strcmp(bridge, "br0") == 0;
}

static void test_waits(void)
{
	attach();
	is_int(desk_state(DOMID), 2, "a device waits for its vif");
	ok(error_is("the guest has no vif 0"), "the error says that there is no vif");
	ok(!store_read("/local/domain/7/device/dmvl/0/state"), "the guest has no directory");
	ok(!desk_read(DOMID, KEY_BACK_MAC) && !desk_read(DOMID, KEY_BACK_MTU) &&
		   !desk_read(DOMID, KEY_BACK_FRONTEND),
	   "what only agents need is not written");
	make_vif();
	interfaces_changed();
	ok(error_is("") && desk_state(DOMID) == 2, "a vif on its way is no error");
	must(netns_run("ip link set vif7.0 master br0 up"));
	interfaces_changed();
	ok(in_bridge() && desk_state(DOMID) == 2, "the hotplug script finishes first");
}

static void test_takes(void)
{
	run_script();
	desk_turn(k);
	is_str(desk_said(k), "A", "the frame loop gets the device when the script is done");
	ok(k->added.tap && !k->added.vchan && k->added.conf.tx.weight == 77 &&
		   memcmp(k->added.conf.mac, "\0\x16\x3e\1\2\3", 6) == 0 &&
		   k->added.conf.mtu == 1500,
	   "it has a tap, the settings, and the MAC and MTU of the vif");
	ok(!in_bridge() && tap_exists("dmvl7.0"), "the vif is taken");
	is_int(desk_state(DOMID), 4, "the state tells that it is connected");
	is_str(desk_read(DOMID, KEY_BACK_VIF), "vif7.0", "xenstore has the vif");
	is_str(desk_read(DOMID, KEY_BACK_VIF_BRIDGE), "br0", "xenstore has its bridge");
	is_str(desk_read(DOMID, KEY_BACK_VIF_MAC), MAC, "xenstore has its MAC");
	interfaces_changed();
	is_str(desk_said(k), "", "a change of another interface changes nothing");
}

static void test_vif_vanishes(void)
{
	must(netns_run("ip link del vif7.0"));
	interfaces_changed();
	is_str(desk_said(k), "D", "a vif that vanishes ends the connection");
	desk_deleted(k, k->added.slot);
	desk_turn(k);
	is_int(desk_state(DOMID), 2, "the device waits for another vif");
	make_vif();
	run_script();
	desk_turn(k);
	is_str(desk_said(k), "A", "another vif is taken");
}

static void test_macvtap_vanishes(void)
{
	must(netns_run("ip link del dmvl7.0 && ip link set vif7.0 master br0"));
	interfaces_changed();
	is_str(desk_said(k), "D", "a macvtap that vanishes ends the connection");
	desk_deleted(k, k->added.slot);
	desk_turn(k);
	is_str(desk_said(k), "A", "a vif that was put back by somebody is taken again");
}

/* Whoever deletes the macvtap has not yet put the vif back: its bridge must not be forgotten. */
static void test_macvtap_deleted(void)
{
	must(netns_run("ip link del dmvl7.0"));
	interfaces_changed();
	desk_said(k);
	desk_deleted(k, k->added.slot);
	desk_turn(k);
	is_str(desk_said(k), "A", "a vif without its macvtap is taken again");
	is_str(desk_read(DOMID, KEY_BACK_VIF_BRIDGE), "br0", "a vif in between keeps its bridge");
}

static void test_refused(void)
{
	desk_refused(k, k->added.slot, "another device on this uplink has the same mac");
	ok(in_bridge() && error_is("another device"), "a vif that cannot be served goes back");
	desk_turn(k);
	is_str(desk_said(k), "", "it is not tried again at once");
	desk_pass(k, DESK_SEC);
	is_str(desk_said(k), "A", "it is tried again later");
	desk_turn(k);
	ok(error_is(""), "the error clears when it is served");
}

/* It is closed, and taken again. */
static void is_taken_again(const char *why)
{
	const char *said = desk_said(k);

	ok(strchr(said, 'D'), "%s closes the device", why);
	desk_deleted(k, k->added.slot);
	desk_turn(k);
	is_str(desk_said(k), "A", "%s has the vif taken again", why);
}

/* qemu opens the interface of the emulated card later, and closes it when the guest has drivers. */
static void test_emulated(void)
{
	must(netns_run("ip link add vif7.0-emu type veth peer name e0"));
	interfaces_changed();
	is_str(desk_said(k), "", "an emulated card that is in no bridge yet is left alone");
	must(netns_run("ip link set vif7.0-emu master br0 up"));
	interfaces_changed();
	is_str(desk_said(k), "D", "a device that has an emulated card by now is taken again");
	desk_deleted(k, k->added.slot);
	desk_turn(k);
	is_str(desk_said(k), "A", "the vif and the emulated card are taken");
	is_int(k->added.tap->count, 2, "the tap has two ports");
	must(netns_run("ip link del vif7.0-emu"));
	interfaces_changed();
	is_str(desk_said(k), "D", "a device that has no emulated card any more is taken again");
	desk_deleted(k, k->added.slot);
	ok(!tap_exists("dmve7.0"), "the macvtap of the emulated card is gone");
	desk_turn(k);
	is_str(desk_said(k), "A", "the vif alone is taken");
	is_int(k->added.tap->count, 1, "the tap has one port");
}

static void test_mac_and_mtu(void)
{
	desk_write(DOMID, KEY_BACK_MAC, "00:16:3e:0a:0b:0c");
	desk_turn(k);
	is_taken_again("a new MAC");
	is_int(k->added.conf.mac[5], 0x0c, "a new MAC is in force");
	must(netns_run("ip link set vif7.0 mtu 1400"));
	interfaces_changed();
	is_taken_again("a new MTU of the vif");
	is_int(k->added.conf.mtu, 1400, "a new MTU of the vif is in force");
	desk_write(DOMID, KEY_BACK_MTU, "1300");
	desk_turn(k);
	is_taken_again("a new MTU of the device");
	is_int(k->added.conf.mtu, 1300, "a new MTU of the device is in force");
	desk_write(DOMID, KEY_BACK_OFFLOAD_TSO, "0");
	desk_turn(k);
	is_taken_again("an offload that is switched off");
	is_int(k->added.conf.rx_features & (VNET_F_TSO4 | VNET_F_TSO6), 0,
	       "an offload that is switched off is not used");
}

static void test_detach(void)
{
	desk_write(DOMID, KEY_BACK_ONLINE, "0");
	desk_write(DOMID, KEY_BACK_STATE, "5");
	desk_turn(k);
	is_str(desk_said(k), "D", "a device that is detached is closed");
	desk_deleted(k, k->added.slot);
	ok(in_bridge() && !tap_exists("dmvl7.0"), "its vif goes back");
	desk_turn(k);
	ok(!desk_device(k, DOMID) && !desk_read(DOMID, KEY_BACK_STATE), "its nodes go");
}

static void test_in_use(void)
{
	must(netns_run("ip link set vif7.0 nomaster && "
		       "ip link add link vif7.0 name foreign0 type macvtap mode passthru"));
	attach();
	ok(error_is("vif7.0 is in use by foreign0"), "the error names what lies over the vif");
	is_int(desk_state(DOMID), 2, "the device waits for a vif that is in use");
	must(netns_run("ip link del foreign0"));
	interfaces_changed();
	is_str(desk_said(k), "A", "the vif is taken when it is free");
}

static void test_destroyed(void)
{
	hyp_domain(DOMID)->exists = false;
	k->c.due.domains = true;
	desk_turn(k);
	is_str(desk_said(k), "D", "a guest that is destroyed leaves the frame loop");
	desk_deleted(k, k->added.slot);
	desk_turn(k);
	ok(!desk_device(k, DOMID) && !tap_exists("dmvl7.0"), "nothing of it is left");
}

int main(void)
{
	if (!netns_enter() || !netns_run("ip link add br0 type bridge && ip link set br0 up")) {
		tap_skip("a device stands for a vif", "a network namespace needs root");
		return done_testing();
	}
	k = desk_new();
	test_waits();
	test_takes();
	test_vif_vanishes();
	test_macvtap_vanishes();
	test_macvtap_deleted();
	test_refused();
	test_emulated();
	test_mac_and_mtu();
	test_detach();
	test_in_use();
	test_destroyed();
	desk_free(k);
	return done_testing();
}
