/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vif is taken out of its bridge and goes back as it was. The vif is a veth, in a network
 * namespace that goes with the process.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/uplink/netdev.h"
#include "backend/vif/vif.h"
#include "backend/vif/vif_tap.h"
#include "common/tap.h"
#include "tests/fake/must.h"
#include "tests/fake/netns.h"
#include "tests/unit/tap.h"

#define OWNER "default"

static char err[256];

static void test_text(void)
{
	struct vif_home home = {.bridge = "xenbr0",
				.up = true,
				.no_ipv6 = true,
				.port = "2,32,-,0x0",
				.vlans = "1pu,10,20-29u"},
			back;
	char text[VIF_TEXT_MAX], owner[VIF_OWNER_MAX];

	vif_home_format(&home, OWNER, text);
	ok(vif_home_parse(text, &back, owner) && strcmp(owner, OWNER) == 0 &&
		   memcmp(&home, &back, sizeof(home)) == 0,
	   "what is remembered is read back: %s", text);
	memset(home.port, '7', sizeof(home.port) - 1);
	memset(home.vlans, '8', sizeof(home.vlans) - 1);
	vif_home_format(&home, "an-uplink-with-a-name-of-32-byte", text);
	ok(vif_home_parse(text, &back, owner) && strcmp(back.port, home.port) == 0 &&
		   back.vlans[0] == '\0',
	   "VLANs that do not fit are left out");
	home = (struct vif_home){.up = true};
	vif_home_format(&home, OWNER, text);
	ok(vif_home_parse(text, &back, owner) && back.bridge[0] == '\0', "no bridge is no bridge");
	ok(!vif_home_parse("", &back, owner) && !vif_home_parse("dmvl", &back, owner) &&
		   !vif_home_parse("somebody's alias", &back, owner),
	   "another alias is none of ours");
}

static bool make_links(void)
{
	return netns_run("ip link add br0 addr 02:00:00:00:00:01 type bridge && "
			 "ip link set br0 up && "
			 "ip link add vif7.0 addr fe:ff:ff:ff:ff:ff type veth peer name g0 && "
			 "ip link set vif7.0 master br0 up && ip link set g0 up");
}

static void picture(const char *file)
{
	must(netns_run("{ ip -d link show vif7.0; bridge -d vlan show dev vif7.0; "
		       "cat /proc/sys/net/ipv6/conf/vif7.0/disable_ipv6; } 2>/dev/null | "
		       "sed 's/[a-z_]*timer *[0-9.]*//g' >/tmp/vif.%d.%s",
		       (int)getpid(), file));
}

static bool same_picture(void)
{
	picture("now");
	return netns_run("cmp -s /tmp/vif.%d.before /tmp/vif.%d.now", (int)getpid(), (int)getpid());
}

static int take(const char *vif, const char *tap, struct vif_tap **out)
{
	struct vif_home home;
	int ret;

	*out = vif_tap_new();
	must(*out);
	vif_home_read(vif, &home);
	ret = vif_take(vif, tap, OWNER, &home, *out, err, sizeof(err));
	if (ret < 0)
		vif_tap_close(*out);
	return ret;
}

static void test_round(const char *what, const char *settings)
{
	struct vif_tap *tap = NULL, *again = NULL;
	char bridge[IFNAMSIZ], name[IFNAMSIZ];
	struct vif_home home;

	must(netns_run("%s", settings));
	picture("before");
	vif_tap_name(7, 0, name);
	if (!is_int(take("vif7.0", name, &tap), 0, "the vif is taken (%s)", what)) {
		diag("%s", err);
		return;
	}
	ok(!netdev_bridge("vif7.0", bridge) && vif_is_taken("vif7.0", name),
	   "a macvtap lies over the vif, which is in no bridge (%s)", what);
	vif_home_read("vif7.0", &home);
	ok(home.up && !home.arp && home.no_ipv6, "this host says nothing through it (%s)", what);
	is_int(tap->mtu, 1500, "the macvtap has the MTU of the vif (%s)", what);
	vif_tap_close(tap);
	ok(take("vif7.0", name, &again) == 0 && again->port[0].ifindex == if_nametoindex(name),
	   "the same macvtap is found again (%s)", what);
	vif_tap_close(again);
	is_int(vif_release(name), 0, "the vif is released (%s)", what);
	ok(!tap_exists(name) && same_picture(), "the vif is as it was (%s)", what);
	is_int(vif_release(name), -ENOENT, "a second release finds nothing (%s)", what);
}

static void test_refused(void)
{
	struct vif_tap *tap;

	must(netns_run("ip link set vif7.0 nomaster && "
		       "ip link add link vif7.0 name over0 type macvlan mode bridge"));
	ok(take("vif7.0", "dmvl7.0", &tap) == -EBUSY && strstr(err, "vif7.0 is in use by over0"),
	   "a vif with an interface above it is refused: %s", err);
	must(netns_run("ip link del over0 && ip link set vif7.0 master br0"));
	picture("before");
	must(netns_run("ip link add dmvl7.0 type bridge"));
	ok(take("vif7.0", "dmvl7.0", &tap) == -EEXIST && strstr(err, "an interface dmvl7.0"),
	   "another interface of the macvtap's name is not touched: %s", err);
	is_int(vif_release("dmvl7.0"), -ENOENT, "another interface is not released");
	must(netns_run("ip link del dmvl7.0"));
	ok(same_picture(), "a vif that was refused is as it was");
}

static void test_no_bridge_any_more(void)
{
	struct vif_tap *tap = NULL;

	must(take("vif7.0", "dmvl7.0", &tap) == 0);
	vif_tap_close(tap);
	must(netns_run("ip link del br0"));
	is_int(vif_release("dmvl7.0"), -ENODEV, "the end of the bridge is reported");
	ok(!tap_exists("dmvl7.0"), "a vif without a bridge is released all the same");
	must(netns_run("ip link add br0 type bridge && ip link set vif7.0 master br0"));
}

static unsigned visited;

static bool visit(const char *tap, const char *vif, const char *bridge, void *arg)
{
	visited += strncmp(tap, "dmvl", 4) == 0 && strncmp(vif, "vif", 3) == 0 &&
		   strcmp(bridge, "br0") == 0;
	return *(bool *)arg;
}

static void test_release_all(void)
{
	struct vif_tap *tap = NULL;
	bool yes = true, no = false;

	must(netns_run("ip link add vif7.1 type veth peer name g1 && "
		       "ip link set vif7.1 master br0 up"));
	must(take("vif7.0", "dmvl7.0", &tap) == 0);
	vif_tap_close(tap);
	must(take("vif7.1", "dmvl7.1", &tap) == 0);
	vif_tap_close(tap);
	is_int(vif_release_all("another", visit, &yes), 0, "vifs of another uplink stay");
	is_int(vif_release_all(OWNER, visit, &no), 0, "vifs stay when the caller says so");
	is_int(visited, 2, "each vif is visited");
	is_int(vif_release_all(NULL, visit, &yes), 2, "all vifs are released");
	ok(!tap_exists("dmvl7.0") && !tap_exists("dmvl7.1"), "no macvtap is left");
}

static void *put_back(void *arg)
{
	vif_release(arg);
	return NULL;
}

static bool is_isolated(void)
{
	char text[8];

	return netdev_text(NETDEV_SYSFS, "vif7.0", "brport/isolated", text, sizeof(text)) &&
	       text[0] == '1';
}

/* The process ends as soon as the macvtap is gone. */
static void end_amid(char *tap)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, put_back, tap) == 0);
	while (tap_exists(tap))
		;
	vif_end();
	_exit(is_isolated() ? 0 : 1);
}

static void test_end_amid(void)
{
	struct vif_tap *tap = NULL;
	char name[] = "dmvl7.0";
	unsigned whole = 0;
	int status;
	pid_t pid;

	must(netns_run("bridge link set dev vif7.0 isolated on"));
	for (unsigned i = 0; i < 10; i++) {
		must(take("vif7.0", name, &tap) == 0);
		vif_tap_close(tap);
		pid = fork();
		must(pid >= 0);
		if (pid == 0)
			end_amid(name);
		must(waitpid(pid, &status, 0) == pid);
		whole += status == 0;
		must(netns_run("ip link set vif7.0 master br0 && "
			       "bridge link set dev vif7.0 isolated on"));
	}
	is_int(whole, 10, "a process that ends amid a release has put the vif back whole");
}

int main(void)
{
	test_text();
	if (!netns_enter() || !make_links()) {
		tap_skip("a vif is taken and put back", "a network namespace needs root");
		return done_testing();
	}
	test_round("as it was made", "true");
	test_round("other settings of the port",
		   "bridge link set dev vif7.0 isolated on learning off flood off cost 7 "
		   "priority 3 hairpin on guard on");
	test_round("without ARP and IPv6", "ip link set vif7.0 arp off && "
					   "echo 1 >/proc/sys/net/ipv6/conf/vif7.0/disable_ipv6");
	if (netns_run("ip link set br0 type bridge vlan_filtering 1 2>/dev/null"))
		test_round("VLANs", "bridge vlan add dev vif7.0 vid 20-30 && "
				    "bridge vlan add dev vif7.0 vid 7 pvid untagged && "
				    "bridge vlan del dev vif7.0 vid 1");
	else
		diag("the bridges of this kernel have no VLANs");
	test_refused();
	test_no_bridge_any_more();
	test_release_all();
	test_end_amid();
	netns_run("rm -f /tmp/vif.%d.*", (int)getpid());
	return done_testing();
}
