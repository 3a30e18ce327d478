/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface of a TAP's fd, found after it was renamed, moved and removed, in network namespaces
 * of our own; once more as on a kernel that cannot tell an interface's namespace.
 */
#include "common/tap_if.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/tap.h"
#include "tests/unit/tap.h"

static bool old_kernel;

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (old_kernel && request == TUNGETDEVNETNS) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

static int run(const char *command)
{
	return system(command); /* NOLINT: fixed strings */
}

static ino_t own_namespace(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

/* What the agent does with it: all is set, and read back. */
static void test_settings(int fd, const char *name, bool moved, const char *when)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	uint8_t is_mac[6] = {0};
	uint32_t mtu = 0;
	int queue = 0;
	struct tap_if t;

	is_int(tap_if_open(&t, fd), 0, "the interface is found %s", when);
	is_str(t.name, name, "its present name is known %s", when);
	is_int(t.moved, moved, "whether it was moved is known %s", when);
	is_int(tap_if_set_mac(&t, mac), 0, "its MAC address is set %s", when);
	is_int(tap_if_get_mac(&t, is_mac), 0, "its MAC address is read %s", when);
	ok(memcmp(mac, is_mac, 6) == 0, "its MAC address is the one that was set %s", when);
	is_int(tap_if_set_mtu(&t, 1400), 0, "its MTU is set %s", when);
	is_int(tap_if_get_mtu(&t, &mtu), 0, "its MTU is read %s", when);
	is_int(mtu, 1400, "its MTU is the one that was set %s", when);
	is_int(tap_if_set_queue(&t, 77), 0, "its queue length is set %s", when);
	is_int(tap_if_get_queue(&t, &queue), 0, "its queue length is read %s", when);
	is_int(queue, 77, "its queue length is the one that was set %s", when);
	tap_if_close(&t);
}

/* Makes a process that holds a namespace: its id, once it has one. */
static pid_t hold_namespace(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	return pid;
}

static void test_unknown_place(int fd)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 10};
	uint8_t is_mac[6] = {0};
	struct tap_if t;
	uint32_t mtu;

	old_kernel = true;
	is_int(tap_if_open(&t, fd), 0, "an old kernel knows the name of a moved interface");
	ok(t.moved, "an interface whose name is not found is taken for moved");
	is_int(tap_if_get_mtu(&t, &mtu), -EOPNOTSUPP,
	       "an old kernel cannot say the MTU of a moved interface");
	is_int(tap_if_set_mtu(&t, 1300), -EOPNOTSUPP,
	       "an old kernel cannot set the MTU of a moved interface");
	is_int(tap_if_set_queue(&t, 70), -EOPNOTSUPP,
	       "an old kernel cannot set the queue length of a moved interface");
	is_int(tap_if_set_mac(&t, mac), 0, "an old kernel sets the MAC address through the fd");
	tap_if_close(&t);
	old_kernel = false;

	tap_if_open(&t, fd);
	tap_if_get_mac(&t, is_mac);
	ok(memcmp(mac, is_mac, 6) == 0, "the MAC address set by an old kernel is in force");
	tap_if_close(&t);
}

static void test_move(int fd)
{
	pid_t other = hold_namespace();
	ino_t before = own_namespace();
	char command[80];

	snprintf(command, sizeof(command), "ip link set dmvltest1 netns %d", (int)other);
	if (run(command) != 0) {
		tap_skip("a moved interface", "no ip(8)");
	} else {
		test_settings(fd, "dmvltest1", true, "after a move");
		ok(own_namespace() == before, "the thread stays in its own namespace");
		test_unknown_place(fd);
	}
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

static void test_removed(void)
{
	int fd = tap_open("dmvltest2");
	char name[IFNAMSIZ];
	struct tap_if t;

	run("ip link del dmvltest2");
	is_int(tap_if_name(fd, name), -EBADFD, "a removed interface has no name");
	is_int(tap_if_open(&t, fd), -EBADFD, "a removed interface is not found");
	close(fd);
}

int main(void)
{
	int fd;

	if (unshare(CLONE_NEWNET)) {
		tap_skip("the interface", "a network namespace needs root");
		return done_testing();
	}
	fd = tap_open("dmvltest0");
	if (fd < 0) {
		tap_skip("the interface", "no TAP device can be made (/dev/net/tun)");
		return done_testing();
	}
	test_settings(fd, "dmvltest0", false, "at first");
	old_kernel = true;
	test_settings(fd, "dmvltest0", false, "on an old kernel");
	old_kernel = false;
	if (run("ip link set dmvltest0 name dmvltest1") != 0) {
		tap_skip("another name and place", "no ip(8)");
		return done_testing();
	}
	test_settings(fd, "dmvltest1", false, "after a rename");
	test_move(fd);
	test_removed();
	close(fd);
	return done_testing();
}
