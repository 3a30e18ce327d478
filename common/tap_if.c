/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tap_if.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

static int open_socket(void)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return sock < 0 ? -errno : sock;
}

/* Opens a socket in the namespace `there`, from a thread that is in the namespace `here`. */
static int open_socket_in(int there, int here)
{
	int sock, ret = 0;

	if (setns(there, CLONE_NEWNET) < 0)
		return -errno;
	sock = open_socket();
	if (setns(here, CLONE_NEWNET) < 0)
		ret = -errno;
	if (ret < 0 && sock >= 0)
		close(sock);
	return ret < 0 ? ret : sock;
}

static bool is_same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static void find_namespace(struct tap_if *t)
{
	int there = ioctl(t->tap_fd, TUNGETDEVNETNS), why = there < 0 ? errno : 0;
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (here < 0)
		why = errno;
	if (there >= 0 && here >= 0) {
		t->moved = !is_same_file(there, here);
		t->sock = t->moved ? open_socket_in(there, here) : open_socket();
	} else {
		/* The kernel cannot tell: an interface of that name here is taken to be the one. */
		t->moved = if_nametoindex(t->name) == 0;
		t->sock = !t->moved ? open_socket() : why == EINVAL ? -EOPNOTSUPP : -why;
	}
	if (there >= 0)
		close(there);
	if (here >= 0)
		close(here);
}

int tap_if_name(int tap_fd, char name[IFNAMSIZ])
{
	struct ifreq ifr = {0};

	if (ioctl(tap_fd, TUNGETIFF, &ifr) < 0)
		return -errno;
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	return 0;
}

int tap_if_open(struct tap_if *t, int tap_fd)
{
	int ret;

	*t = (struct tap_if){.tap_fd = tap_fd, .sock = -EBADFD};
	ret = tap_if_name(tap_fd, t->name);
	if (ret == 0)
		find_namespace(t);
	return ret;
}

void tap_if_close(struct tap_if *t)
{
	if (t->sock >= 0)
		close(t->sock);
	t->sock = -EBADFD;
}

static int request(const struct tap_if *t, unsigned long what, struct ifreq *ifr)
{
	if (t->sock < 0)
		return t->sock;
	memcpy(ifr->ifr_name, t->name, IFNAMSIZ);
	return ioctl(t->sock, what, ifr) < 0 ? -errno : 0;
}

int tap_if_set_mac(const struct tap_if *t, const uint8_t mac[6])
{
	struct ifreq ifr = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	/* The TAP's fd accepts this wherever its interface is. */
	return ioctl(t->tap_fd, SIOCSIFHWADDR, &ifr) < 0 ? -errno : 0;
}

int tap_if_get_mac(const struct tap_if *t, uint8_t mac[6])
{
	struct ifreq ifr = {0};
	int ret = request(t, SIOCGIFHWADDR, &ifr);

	if (ret == 0)
		memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return ret;
}

int tap_if_set_mtu(const struct tap_if *t, uint32_t mtu)
{
	struct ifreq ifr = {.ifr_mtu = (int)mtu};

	return request(t, SIOCSIFMTU, &ifr);
}

int tap_if_get_mtu(const struct tap_if *t, uint32_t *mtu)
{
	struct ifreq ifr = {0};
	int ret = request(t, SIOCGIFMTU, &ifr);

	if (ret == 0)
		*mtu = (uint32_t)ifr.ifr_mtu;
	return ret;
}

int tap_if_set_queue(const struct tap_if *t, int frames)
{
	struct ifreq ifr = {.ifr_qlen = frames};

	return request(t, SIOCSIFTXQLEN, &ifr);
}

int tap_if_get_queue(const struct tap_if *t, int *frames)
{
	struct ifreq ifr = {0};
	int ret = request(t, SIOCGIFTXQLEN, &ifr);

	if (ret == 0)
		*frames = ifr.ifr_qlen;
	return ret;
}
