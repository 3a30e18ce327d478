/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dmvlctl doctor and dmvl-front --doctor find in a machine's files, made below a directory of
 * the test. */
#include "backend/ctl/doctor_find.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/doctor_guest.h"
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
	sh("rm -rf * && mkdir -p sys/hypervisor sys/kernel sys/bus/xen/devices dev/xen dev/net "
	   "etc/dmvl "
	   "run/systemd/system "
	   "proc/sys/net/bridge etc/systemd/system/multi-user.target.wants");
	sh("echo xen >sys/hypervisor/type; touch dev/xen/evtchn dev/xen/gntdev dev/net/tun");
	sh("for t in iptables ip6tables arptables; do echo 0 "
	   ">proc/sys/net/bridge/bridge-nf-call-$t; done");
	sh("mkdir -p usr/lib/systemd/system; "
	   "touch usr/lib/systemd/system/dmvl-back@.service "
	   "usr/lib/systemd/system/dmvl-front@.service");
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
	finds("rm -r sys; mkdir sys", "Xen", "/sys is not there, as in a chroot",
	      "mount -t sysfs sysfs /sys", "");
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
	finds("ln -s /dev/null etc/systemd/system/dmvl-back@default.service", "unit",
	      "dmvl-back@default is masked", "systemctl unmask dmvl-back@default",
	      "systemctl enable dmvl-back@default");
	finds("ln -s /dev/null etc/systemd/system/dmvl-back@.service", "unit",
	      "dmvl-back@default is masked", "systemctl unmask dmvl-back@",
	      "systemctl enable dmvl-back@default");
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
	sh("cd etc/systemd/system && mv multi-user.target.wants xendomains.service.requires && "
	   "ln -s ../../../lib/systemd/system/dmvl-back@.service dmvl-back@default.service");
	look();
	is_int(count, 0, "a unit may be started by another unit than multi-user.target");
}

/* Programs of a source tree, on a machine with systemd. */
static void test_no_unit(void)
{
	finds("rm usr/lib/systemd/system/*; rm etc/systemd/system/multi-user.target.wants/*",
	      "unit", "dmvl-back@default is not installed",
	      "make install-backend && systemctl daemon-reload    # in dmvl's source",
	      "systemctl enable dmvl-back@default");
	finds("rm usr/lib/systemd/system/*; rm etc/dmvl/default.conf", "no uplink",
	      "no uplink is configured: there is no /etc/dmvl/NAME.conf",
	      "mkdir -p /etc/dmvl && printf 'uplink = tap:dmvl-up,bridge=xenbr0\\n"
	      "tx-capacity = 980mbit\\n' >/etc/dmvl/default.conf",
	      "dmvl-back --name default --config /etc/dmvl/default.conf &");
	for (size_t i = 0; i < 2; i++) {
		make_machine();
		sh("rm usr/lib/systemd/system/*; mkdir -p usr/local/lib/systemd/system; "
		   "touch %s/systemd/system/dmvl-back@.service",
		   i ? "usr/local/lib" : "etc");
		served = false;
		look();
		is_str(last.command[1], "systemctl restart dmvl-back@default",
		       "a unit of make install, or of the operator's, is found");
	}
}

static void test_manager(void)
{
	finds("mkdir -p run/NetworkManager etc/udev/rules.d; "
	      "ln -s /dev/null etc/udev/rules.d/60-dmvl-backend-net.rules",
	      "NetworkManager",
	      "/etc/udev/rules.d/60-dmvl-backend-net.rules masks what keeps it away",
	      "rm /etc/udev/rules.d/60-dmvl-backend-net.rules",
	      "udevadm control --reload && udevadm trigger --subsystem-match=net");
}

static void test_without_systemd(void)
{
	make_machine();
	sh("rm -r run/systemd etc/systemd");
	look();
	is_int(count, 0, "without systemd no unit is missed");
	sh("rm etc/dmvl/default.conf");
	look();
	is_str(last.command[1], "service dmvl-back restart",
	       "without systemd a new uplink is started by the script");
	sh("touch etc/dmvl/default.conf");
	served = false;
	look();
	is_str(last.command[1], "service dmvl-back restart",
	       "without systemd the daemon is started by its script");
	sh("mkdir etc/init.d; touch etc/init.d/dmvl-back.default");
	look();
	is_str(last.command[1], "service dmvl-back.default restart",
	       "a script that names the uplink default is taken");
	sh("mv etc/dmvl/default.conf etc/dmvl/isp2.conf");
	look();
	is_str(last.command[1], "service dmvl-back.isp2 restart",
	       "the script of another uplink has its name");
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

/* --- a guest --- */

static void look_at_guest(void)
{
	const struct doctor d = {.root = root, .found = on_found};

	count = 0;
	last = (struct finding){.what = "", .why = ""};
	doctor_guest(&d);
}

/* Words of a process's command line, as printf has them: "a\\0b\\0". */
static void make_guest(const char *words)
{
	make_machine();
	sh("mkdir -p sys/bus/xen/devices/dmvl-0 proc/17 etc/udev/rules.d; rm -r etc/dmvl "
	   "dev/xen/gntdev; "
	   "touch dev/xen/gntalloc; mkdir -p sys/module/xen_gntalloc/parameters; "
	   "echo 8192 >sys/module/xen_gntalloc/parameters/limit; echo dmvl-front >proc/17/comm");
	sh("printf '%s' >proc/17/cmdline", words);
}

#define AGENT "/usr/sbin/dmvl-front\\0--id\\0000\\0--absent-limit\\00060s\\0"

static void finds_guest(const char *command, const char *what, const char *where, const char *first,
			const char *second)
{
	make_guest(AGENT);
	sh("%s", command);
	look_at_guest();
	is_int(count, 1, "one finding in a guest after: %s", command);
	is_str(last.what, what, "the finding is about what is broken in a guest by: %s", command);
	is_str(last.where, where, "the finding says where in a guest, after: %s", command);
	is_str(last.command[0], first, "the first command mends in a guest: %s", command);
	is_str(last.command[1], second, "the second command mends in a guest: %s", command);
}

static void test_guest(void)
{
	make_guest(AGENT);
	look_at_guest();
	is_int(count, 0, "nothing is found in a good guest");
	look();
	is_int(count, 0, "dmvlctl doctor asks a guest for no gntdev, no uplink and no policy");
	finds_guest("echo kvm >sys/hypervisor/type", "Xen", "/sys/hypervisor/type does not say xen",
		    "", "");
	finds_guest("rm dev/xen/evtchn", "xen_evtchn", "/dev/xen/evtchn is missing",
		    "modprobe xen_evtchn", "echo xen_evtchn >>/etc/modules-load.d/dmvl-local.conf");
	finds_guest("rm dev/xen/gntalloc", "xen_gntalloc", "/dev/xen/gntalloc is missing",
		    "modprobe xen_gntalloc",
		    "echo xen_gntalloc >>/etc/modules-load.d/dmvl-local.conf");
	finds_guest("echo 1024 >sys/module/xen_gntalloc/parameters/limit", "limit of xen_gntalloc",
		    "/sys/module/xen_gntalloc/parameters/limit is 1024",
		    "echo 8192 >/sys/module/xen_gntalloc/parameters/limit",
		    "echo options xen_gntalloc limit=8192 >/etc/modprobe.d/dmvl-local.conf");
	finds_guest("rmdir sys/bus/xen/devices/dmvl-0", "no device",
		    "Dom0 has attached no device to this guest",
		    "dmvlctl attach GUEST    # in Dom0", "");
}

static void test_guest_start(void)
{
	finds_guest(
		"ln -s /dev/null etc/udev/rules.d/60-dmvl-guest.rules", "udev",
		"/etc/udev/rules.d/60-dmvl-guest.rules masks what starts dmvl-front",
		"rm /etc/udev/rules.d/60-dmvl-guest.rules",
		"udevadm control --reload && udevadm trigger --action=add --subsystem-match=xen");
	finds_guest("ln -s /dev/null etc/systemd/system/dmvl-front@0.service", "unit",
		    "dmvl-front@0 is masked", "systemctl unmask dmvl-front@0",
		    "systemctl start dmvl-front@0");
	finds_guest("touch etc/systemd/system/dmvl-front@.service", "unit",
		    "dmvl-front@0 is masked", "systemctl unmask dmvl-front@",
		    "systemctl start dmvl-front@0");
	finds_guest("mkdir run/NetworkManager; touch etc/udev/rules.d/60-dmvl-guest-net.rules",
		    "NetworkManager",
		    "/etc/udev/rules.d/60-dmvl-guest-net.rules masks what keeps it away",
		    "rm /etc/udev/rules.d/60-dmvl-guest-net.rules",
		    "udevadm control --reload && udevadm trigger --subsystem-match=net");
	make_guest(AGENT);
	sh("touch etc/udev/rules.d/60-dmvl-guest-net.rules; "
	   "echo '#' >etc/udev/rules.d/60-dmvl-guest.rules");
	look_at_guest();
	is_int(count, 0, "without NetworkManager nothing keeps it away; another rule is no mask");
}

static void test_agent(void)
{
	static const char *const of_1[] = {"dmvl-front\\0-i\\0001\\0", "dmvl-front\\0--id=1\\0",
					   "dmvl-front\\0-i1\\0--flows\\000064\\0"};
	static const char *const of_0[] = {"dmvl-front\\0", "dmvl-front\\0--flows\\000064\\0"};

	finds_guest("rm -r proc/17", "dmvl-front", "no dmvl-front serves the device 0",
		    "systemctl restart dmvl-front@0",
		    "systemctl status dmvl-front@0    # says why, if it ends again");
	finds_guest("rm -r proc/17 usr/lib/systemd", "dmvl-front",
		    "no dmvl-front serves the device 0", "dmvl-front --id 0 &", "");
	finds_guest("rm -r run/systemd; rm -r proc/17", "dmvl-front",
		    "no dmvl-front serves the device 0", "service dmvl-front restart", "");
	finds_guest("mkdir sys/bus/xen/devices/dmvl-12", "dmvl-front",
		    "no dmvl-front serves the device 12", "systemctl restart dmvl-front@12",
		    "systemctl status dmvl-front@12    # says why, if it ends again");
	finds_guest("echo other >proc/17/comm", "dmvl-front", "no dmvl-front serves the device 0",
		    "systemctl restart dmvl-front@0",
		    "systemctl status dmvl-front@0    # says why, if it ends again");
	for (size_t i = 0; i < sizeof(of_1) / sizeof(of_1[0]); i++) {
		make_guest(of_1[i]);
		look_at_guest();
		is_str(last.where, "no dmvl-front serves the device 0", "of the device 1 is: %s",
		       of_1[i]);
	}
	for (size_t i = 0; i < sizeof(of_0) / sizeof(of_0[0]); i++) {
		make_guest(of_0[i]);
		look_at_guest();
		is_int(count, 0, "of the device 0 is: %s", of_0[i]);
	}
	make_guest("dmvl-front\\0--doctor\\0");
	look_at_guest();
	is_int(count, 1, "who asks is no agent");
}

int main(void)
{
	if (!mkdtemp(root))
		abort();
	test_dom0();
	test_uplinks();
	test_no_unit();
	test_manager();
	test_without_systemd();
	test_xenstored();
	test_guest();
	test_guest_start();
	test_agent();
	sh("cd / && rm -r %s", root);
	return done_testing();
}
