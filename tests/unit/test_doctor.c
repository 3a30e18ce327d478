/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dmvlctl doctor finds in a machine's files, made below a directory of the test. */
#include "backend/ctl/doctor_find.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/tap.h"

static char root[] = "/tmp/test_doctor.XXXXXX";
static struct finding last;
static unsigned count;
static bool served;

static void on_found(void *arg, const struct finding *f)
{
	(void)arg;
	last = *f;
	count++;
}

static bool is_served(void *arg, const char *uplink)
{
	(void)arg;
	return served && strcmp(uplink, "default") == 0;
}

static void look(void)
{
	const struct doctor d = {.root = root, .found = on_found, .is_served = is_served};

	count = 0;
	last = (struct finding){.what = "", .why = ""};
	doctor_find(&d);
}

/* Runs a shell command in the root. */
__attribute__((format(printf, 1, 2))) static void sh(const char *fmt, ...)
{
	char command[PATH_MAX], text[PATH_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "cd %s && { %s; }", root, command);
	if (system(text) != 0)
		abort();
}

static void make_machine(void)
{
	sh("rm -rf * && mkdir -p sys/hypervisor sys/bus/xen/devices dev/xen dev/net etc/dmvl "
	   "run/systemd/system "
	   "proc/sys/net/bridge etc/systemd/system/multi-user.target.wants");
	sh("echo xen >sys/hypervisor/type; touch dev/xen/evtchn dev/xen/gntdev dev/net/tun");
	sh("for t in iptables ip6tables arptables; do echo 0 "
	   ">proc/sys/net/bridge/bridge-nf-call-$t; done");
	sh("touch etc/dmvl/default.conf etc/dmvl/policy.conf etc/dmvl/.default.conf.swp");
	sh("ln -s /nowhere etc/systemd/system/multi-user.target.wants/dmvl-back@default.service");
	served = true;
}

/* Breaks a good machine by a command, and looks: one finding, as wanted. */
static void finds(const char *command, const char *what, const char *where, const char *first,
		  const char *second)
{
	make_machine();
	sh("%s", command);
	look();
	is_int(count, 1, "one finding after: %s", command);
	is_str(last.what, what, "the finding is about what is broken by: %s", command);
	is_str(last.where, where, "the finding says where, after: %s", command);
	ok(last.why[0] != '\0', "the finding says why it matters, after: %s", command);
	is_str(last.command[0], first, "the first command mends: %s", command);
	is_str(last.command[1], second, "the second command mends: %s", command);
}

static void test_dom0(void)
{
	make_machine();
	look();
	is_int(count, 0, "nothing is found on a good machine");
	finds("rm sys/hypervisor/type", "Xen", "/sys/hypervisor/type does not say xen",
	      "apt install xen-system-amd64", "reboot");
	finds("echo kvm >sys/hypervisor/type", "Xen", "/sys/hypervisor/type does not say xen",
	      "apt install xen-system-amd64", "reboot");
	finds("rm dev/xen/evtchn", "xen_evtchn", "/dev/xen/evtchn is missing",
	      "modprobe xen_evtchn", "echo xen_evtchn >>/etc/modules-load.d/dmvl-local.conf");
	finds("rm dev/xen/gntdev", "xen_gntdev", "/dev/xen/gntdev is missing",
	      "modprobe xen_gntdev", "echo xen_gntdev >>/etc/modules-load.d/dmvl-local.conf");
	finds("rm dev/net/tun", "tun", "/dev/net/tun is missing", "modprobe tun",
	      "echo tun >>/etc/modules-load.d/dmvl-local.conf");
	finds("echo 1 >proc/sys/net/bridge/bridge-nf-call-ip6tables", "bridge filter",
	      "/proc/sys/net/bridge/bridge-nf-call-ip6tables is 1",
	      "sysctl -w net.bridge.bridge-nf-call-ip6tables=0",
	      "echo net.bridge.bridge-nf-call-ip6tables=0 >>/etc/sysctl.d/dmvl-local.conf");
	make_machine();
	sh("rm -r proc/sys/net/bridge");
	look();
	is_int(count, 0, "a kernel without br_netfilter lacks nothing");
}

static void test_uplinks(void)
{
	finds("rm etc/systemd/system/multi-user.target.wants/*", "unit",
	      "dmvl-back@default is not enabled", "systemctl enable dmvl-back@default", "");
	finds("rm etc/dmvl/default.conf", "no uplink",
	      "no uplink is configured: there is no /etc/dmvl/NAME.conf",
	      "mkdir -p /etc/dmvl && printf 'uplink = tap:dmvl-up,bridge=xenbr0\\n"
	      "tx-capacity = 980mbit\\n' >/etc/dmvl/default.conf",
	      "systemctl enable --now dmvl-back@default");
	finds("rm etc/dmvl/policy.conf", "no policy",
	      "there is no /etc/dmvl/policy.conf and no policy.d",
	      "dmvlctl set --save GUEST weight=256    # for each guest", "");
	finds("touch etc/dmvl/isp2.conf; ln -s /nowhere "
	      "etc/systemd/system/multi-user.target.wants/dmvl-back@isp2.service",
	      "dmvl-back", "no dmvl-back serves the uplink isp2",
	      "dmvl-back -t --name isp2 --config /etc/dmvl/isp2.conf",
	      "systemctl restart dmvl-back@isp2");
	make_machine();
	sh("rm etc/dmvl/policy.conf && mkdir etc/dmvl/policy.d");
	look();
	is_int(count, 0, "a folder of policies is a policy");
	make_machine();
	sh("rm -r run/systemd etc/systemd");
	look();
	is_int(count, 0, "without systemd no unit is missed");
	served = false;
	look();
	is_str(last.command[1], "service dmvl-back.default restart",
	       "without systemd the daemon is started by its script");
}

static void test_xenstored(void)
{
	const struct doctor d = {.root = root};

	make_machine();
	ok(!doctor_no_xenstored(&d), "outside Dom0 xenstored has no socket");
	sh("mkdir -p proc/xen run/xenstored && echo control_d >proc/xen/capabilities");
	ok(doctor_no_xenstored(&d), "a Dom0 without the socket has no xenstored");
	sh("touch run/xenstored/socket");
	ok(!doctor_no_xenstored(&d), "a Dom0 with the socket may have a xenstored");
}

static void test_guest(void)
{
	static const char *const guest = "mkdir sys/bus/xen/devices/dmvl-0; rm -r etc "
					 "dev/xen/gntdev; touch dev/xen/gntalloc; "
					 "mkdir -p sys/module/xen_gntalloc/parameters; "
					 "echo 8192 >sys/module/xen_gntalloc/parameters/limit";
	char command[PATH_MAX];

	make_machine();
	sh("%s", guest);
	look();
	is_int(count, 0, "a guest needs no gntdev, no uplink and no policy");
	snprintf(command, sizeof(command), "%s; rm dev/xen/gntalloc", guest);
	finds(command, "xen_gntalloc", "/dev/xen/gntalloc is missing", "modprobe xen_gntalloc",
	      "echo xen_gntalloc >>/etc/modules-load.d/dmvl-local.conf");
	snprintf(command, sizeof(command),
		 "%s; echo 1024 >sys/module/xen_gntalloc/parameters/limit", guest);
	finds(command, "limit of xen_gntalloc", "/sys/module/xen_gntalloc/parameters/limit is 1024",
	      "echo 8192 >/sys/module/xen_gntalloc/parameters/limit",
	      "echo options xen_gntalloc limit=8192 >/etc/modprobe.d/dmvl-local.conf");
}

int main(void)
{
	if (!mkdtemp(root))
		abort();
	test_dom0();
	test_uplinks();
	test_xenstored();
	test_guest();
	sh("cd / && rm -r %s", root);
	return done_testing();
}
