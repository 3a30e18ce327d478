/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the way out was taken out of the bridge, against the kernel that runs, in a network
 * namespace of our own. A card is an interface of which the test says that it is one.
 */
#include "backend/uplink/lost.h"

#include <stdio.h>

#include "backend/uplink/netdev.h"
#include "tests/fake/must.h"
#include "tests/fake/netns.h"
#include "tests/unit/tap.h"

static const struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "t0", .bridge = "br0"};

static struct uplink up;
static struct lost lost;
static const char *card; /* has hardware behind it; NULL: nothing has */

static void look(void)
{
	struct exits e;

	exits_find(&up, "", &e);
	if (card && netdev_is_port_of(card, "br0")) {
		e = (struct exits){.how = EXITS_HARDWARE, .count = 1, .bridge = e.bridge};
		snprintf(e.name[0], IFNAMSIZ, "%s", card);
		e.ifindex[0] = if_nametoindex(card);
	}
	lost_look(&lost, &e);
}

static void after(const char *command, const char *why)
{
	must(netns_run("%s", command));
	look();
	is_str(lost.why, why, "what is missing after: %s", command);
}

/* eth0 is a card, p1 and p2 are none. */
static void test_card(void)
{
	card = "eth0";
	lost = (struct lost){0};
	after("ip link set p1 master br0; ip link set eth0 master br0", "");
	after("ip link set eth0 nomaster",
	      "eth0, by which frames left the host, is not in the bridge br0");
	look();
	is_str(lost.why, "eth0, by which frames left the host, is not in the bridge br0",
	       "a card that is missing is still missing at the next look");
	after("ip link set eth0 down; ip link set eth0 name lan0",
	      "lan0, by which frames left the host, is not in the bridge br0");
	after("ip link set lan0 name eth0; ip link set eth0 master br0", "");
	after("ip link del eth0", "eth0, by which frames left the host, does not exist any more");
	card = "eth1";
	after("ip link add eth1 type veth; ip link set eth1 master br0", "");
	after("ip link set eth1 name eth2", "");
	after("ip link set eth2 name eth1", "");
	after("ip link del br0", "");
	after("ip link add br0 type bridge; ip link set t0 master br0",
	      "eth1, by which frames left the host, is not in the bridge br0");
	after("ip link set eth1 master br0", "");
	after("ip link set eth1 nomaster; ip link add eth0 type veth; ip link set eth0 master br0",
	      "eth1, by which frames left the host, is not in the bridge br0");
	card = "eth0";
	look();
	is_str(lost.why, "", "another card takes the place of one that was taken out");
	after("ip link set eth1 master br0; ip link set eth0 nomaster",
	      "eth0, by which frames left the host, is not in the bridge br0");
}

/* The oldest port is a guess. */
static void test_oldest(void)
{
	struct exits chosen = {.how = EXITS_CHOSEN, .count = 1};

	card = NULL;
	lost = (struct lost){0};
	must(netns_run("ip link set eth1 nomaster; ip link set p1 nomaster"));
	after("true", "");
	after("ip link set p1 master br0; ip link set p2 master br0", "");
	after("ip link set p1 nomaster",
	      "p1, by which frames left the host, is not in the bridge br0");
	chosen.bridge = if_nametoindex("br0");
	chosen.ifindex[0] = if_nametoindex("p2");
	lost_look(&lost, &chosen);
	is_str(lost.why, "", "another way out is chosen");
	after("true", "");
	after("ip link set p2 nomaster; ip link set p1 master br0",
	      "p2, by which frames left the host, is not in the bridge br0");
	after("ip link del p2", "");
	after("ip link del p1", "");
}

int main(void)
{
	char err[256] = "";

	if (!netns_enter() || !netns_run("ip link add br0 type bridge && ip link set br0 up") ||
	    !netns_run("for i in p1 p2 eth0; do ip link add $i type veth || exit 1; done") ||
	    uplink_open(&up, &spec, "test", err, sizeof(err)) < 0) {
		tap_skip("the way out is looked at", "no namespace, no bridge or no veth");
		return done_testing();
	}
	test_card();
	test_oldest();
	uplink_close(&up);
	return done_testing();
}
