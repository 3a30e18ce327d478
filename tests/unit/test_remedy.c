/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dmvlctl check says is to do for a sentence of dmvl-back, and which key a wrong name meant.
 */
#include "backend/ctl/check/remedy.h"

#include <errno.h>

#include "backend/ctl/check/nearest.h"
#include "tests/unit/tap.h"

/* The commands for a sentence; "": none. */
static void mends(const char *sentence, const char *first, const char *second)
{
	struct findings all = {.row = NULL};
	struct finding_row *f = finding_add(&all, "test", GRAVITY_WARNING);

	is_int(remedy_of(f, sentence, "web/0"), first[0] != '\0', "a remedy is known for: %s",
	       sentence);
	is_str(f->command[0], first, "the first command mends: %s", sentence);
	is_str(f->command[1], second, "the second command mends: %s", sentence);
	findings_free(&all);
}

static void test_sentences(void)
{
	mends("there is no bridge xenbr0", "ip link add xenbr0 type bridge",
	      "ip link set xenbr0 up    # and add its other ports");
	mends("the bridge xenbr0 does not exist", "ip link add xenbr0 type bridge",
	      "ip link set xenbr0 up    # and add its other ports");
	mends("the TAP dmvl-up is in the bridge other0 and not in xenbr0",
	      "ip link set dmvl-up master xenbr0", "");
	mends("the TAP dmvl-up was renamed to eth9.5",
	      "ip link set eth9.5 down && ip link set eth9.5 name dmvl-up",
	      "ip link set dmvl-up up");
	mends("the bridge xenbr0 has its port dmvl-up disabled", "ip link set dmvl-up carrier on",
	      "bridge link set dev dmvl-up state 3");
	mends("up0, by which frames leave the host, has no link", "ip link set up0 up",
	      "ethtool up0    # if it is up: the cable, and its far end");
	mends("up0, by which frames left the host, is not in the bridge xenbr0",
	      "ip link set up0 master xenbr0", "");
	mends("up0, by which frames left the host, does not exist any more",
	      "ip link    # is it there under another name, or in another network namespace?", "");
	mends("there is no interface eth0 below the macvtap: it was renamed to lan0",
	      "ip link set lan0 down && ip link set lan0 name eth0", "ip link set eth0 up");
	mends("there is no interface eth0 below the macvtap: it was deleted or moved",
	      "ip link    # is it in another network namespace? If it is made again, dmvl-back "
	      "takes it",
	      "");
	mends("the guest sends from MAC 02:00:00:00:00:01, its MAC is 00:16:3e:00:00:01: its",
	      "dmvlctl show web/0    # in the guest, use 00:16:3e:00:00:01; spoof-check=0 is for "
	      "guests "
	      "that are bridges",
	      "");
	mends("cannot map the guest's rings: cannot open /dev/xen/gntdev: is the module "
	      "xen_gntdev loaded?",
	      "modprobe xen_gntdev", "echo xen_gntdev >>/etc/modules-load.d/dmvl-local.conf");
	mends("the bridge xenbr0 is down", "ip link set xenbr0 up", "");
	mends("the bridge xenbr0 blocks its port dmvl-up (spanning tree)",
	      "ip link set xenbr0 type bridge stp_state 0    # only if no other path leads there",
	      "");
	mends("the bridge xenbr0 does not forward frames of dmvl-up yet (spanning tree): waiting",
	      "bridge link show    # spanning tree: it forwards after its forward delay", "");
	mends("the TAP dmvl-up is not in the bridge xenbr0", "ip link set dmvl-up master xenbr0",
	      "");
	mends("the TAP dmvl-up is down", "ip link set dmvl-up up", "");
	mends("the macvtap mt0 was renamed to mt1",
	      "ip link set mt1 down && ip link set mt1 name mt0", "ip link set mt0 up");
	mends("the macvtap mt0 is down", "ip link set mt0 up", "");
	mends("the interface eth0 below the macvtap is down", "ip link set eth0 up", "");
	mends("tx-capacity 0: it cannot be measured: a queue of up0 holds 4000 bytes",
	      "dmvlctl uplink web/0 tx-capacity=1gbit    # or what the link carries", "");
	mends("this uplink has 256 devices, no more fit",
	      "dmvlctl list    # which devices are not needed?", "");
	mends("the disk is full", "", "");
}

/* No word of a sentence becomes more than a word of a command. */
static void test_shell(void)
{
	mends("there is no bridge $(reboot)", "", "");
	mends("the TAP a;b is down", "", "");
	mends("the TAP is down", "", "");
}

static void key_mends(const char *sentence, const char *command)
{
	struct findings all = {.row = NULL};
	struct finding_row *f = finding_add(&all, "test", GRAVITY_WARNING);

	is_int(remedy_of_key(f, sentence, SCHEMA_BACK, "dmvlctl set web", "/dir"),
	       command[0] != '\0', "the key is known in: %s", sentence);
	is_str(f->command[0], command, "the command gives the key its default in: %s", sentence);
	findings_free(&all);
}

static void test_keys(void)
{
	key_mends("weight \"banana\": expected an integer 1..65535",
		  "dmvlctl set web weight=256    # the default; or another value");
	key_mends("vlan: banana is no VLAN",
		  "dmvlctl set web vlan=none    # the default; or another value");
	key_mends("via \"x\": expected", "xenstore-rm /dir/via");
	key_mends("credit 5: none", "");
	key_mends("weightless is the guest", "");
	key_mends("", "");
}

static void means(const char *name, int key)
{
	is_int(nearest_key(SCHEMA_BACK, name), key, "the name %s means the right key, or none",
	       name);
}

static void test_nearest(void)
{
	means("weigth", KEY_BACK_WEIGHT);
	means("wieght", KEY_BACK_WEIGHT);
	means("wight", KEY_BACK_WEIGHT);
	means("tx_max", KEY_BACK_TX_MAX);
	means("txmin", KEY_BACK_TX_MIN);
	means("rx-maxx", KEY_BACK_RX_MAX);
	means("allowed-ips", KEY_BACK_ALLOWED_IP);
	means("spoofcheck", KEY_BACK_SPOOF_CHECK);
	means("frobnicate", -ENOENT);
	means("", -ENOENT);
	means("x", -ENOENT);
	means("a-name-that-is-longer-than-any-key-is", -ENOENT);
	is_int(nearest_key(SCHEMA_UPLINK, "tx-capacty"), KEY_UPLINK_TX_CAPACITY,
	       "an uplink's keys are its own");
}

static void test_findings(void)
{
	struct findings first = {.row = NULL}, second = {.row = NULL};
	struct finding_row *f;

	finding_where(finding_add(&first, "a", GRAVITY_WARNING), "web/0");
	f = finding_add(&second, "a", GRAVITY_CRITICAL);
	finding_where(f, "web/0");
	finding_text(f, "a line\nof a \033[31mguest");
	is_str(f->text, "a line?of a ?[31mguest", "what does not print is replaced");
	finding_where(finding_add(&second, "a", GRAVITY_WARNING), "web/1");
	finding_where(finding_add(&second, "b", GRAVITY_WARNING), "web/0");
	ok(!findings_certain(&first), "a finding is not certain by itself");
	findings_confirm(&second, &first);
	is_int(second.count, 1, "of a second look only what the first one found is kept");
	is_int(findings_critical(&second), 1, "a critical finding is counted");
	f = finding_add(&first, "c", GRAVITY_WARNING);
	finding_where(f, "uplink default");
	f->certain = true;
	findings_confirm(&second, &first);
	is_int(second.count, 2, "what is certain is kept though it was found once only");
	findings_confirm(&second, &first);
	is_int(second.count, 2, "what is certain is kept once");
	findings_free(&first);
	findings_free(&second);
}

int main(void)
{
	test_sentences();
	test_shell();
	test_keys();
	test_nearest();
	test_findings();
	return done_testing();
}
