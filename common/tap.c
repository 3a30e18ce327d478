/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/wire.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

bool tap_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || *name == '%' || *name <= ' ' || *name > '~')
			return false;
	}
	return true;
}

static int set_vnet_header(int fd)
{
	int len = WIRE_VNET_LEN, little = 1;

	if (ioctl(fd, TUNSETVNETHDRSZ, &len) < 0 || ioctl(fd, TUNSETVNETLE, &little) < 0)
		return -errno;
	return 0;
}

static int tap_setup(int fd, const char *name, short flags)
{
	struct ifreq ifr = {.ifr_flags = flags};

	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -errno;
	return set_vnet_header(fd);
}

static int open_node(const char *path, const char *name, short flags)
{
	int fd, ret;

	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = tap_setup(fd, name, flags);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

int tap_open(const char *name)
{
	return open_node("/dev/net/tun", name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
}

int tap_open_queue(const char *name)
{
	return open_node("/dev/net/tun", name,
			 IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
}

bool tap_has_queues(int fd)
{
	struct ifreq ifr = {0};

	return ioctl(fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_MULTI_QUEUE);
}

int tap_receive_on_first(int fd)
{
	/* r0 = 0; exit: the number of the queue that a received frame goes to. */
	const struct bpf_insn first[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)first,
		.insn_cnt = sizeof(first) / sizeof(first[0]),
		.license = (uintptr_t) "GPL",
	};
	int prog = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)), ret = 0;

	if (prog < 0)
		return -errno;
	if (ioctl(fd, TUNSETSTEERINGEBPF, &prog) < 0)
		ret = -errno;
	close(prog); /* the TAP keeps its own reference */
	return ret;
}

dev_t tap_macvtap_device(const char *name)
{
	unsigned index = if_nametoindex(name), maj = 0, min = 0;
	char path[96], text[32];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/tap%u/dev", name, index);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(text, sizeof(text), f))
		sscanf(text, "%u:%u", &maj, &min);
	fclose(f);
	return makedev(maj, min);
}

/*
 * /dev is shared by network namespaces, in which interface numbers repeat: another one's macvtap
 * may have the node's name. A node of another name leads to the same device.
 */
static int open_by_number(const char *name, unsigned index, dev_t dev)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/.dmvl-tap%u-%d", index, (int)getpid());
	if (mknod(path, S_IFCHR | 0600, dev) < 0)
		return -errno;
	fd = open_node(path, name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	unlink(path);
	return fd;
}

int tap_open_macvtap(const char *name)
{
	unsigned index = if_nametoindex(name);
	struct stat st;
	char path[32];
	dev_t dev;

	if (index == 0)
		return -ENODEV;
	dev = tap_macvtap_device(name);
	if (dev == 0)
		return -ENXIO;
	snprintf(path, sizeof(path), "/dev/tap%u", index);
	if (stat(path, &st) < 0 || st.st_rdev != dev)
		return open_by_number(name, index, dev);
	return open_node(path, name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
}

uint32_t tap_set_offloads(int fd, uint32_t offloads)
{
	unsigned long f = 0;

	if (!(offloads & TAP_CSUM))
		offloads = 0; /* segmenting needs checksumming */
	if (offloads & TAP_CSUM)
		f |= TUN_F_CSUM;
	if (offloads & TAP_TSO4)
		f |= TUN_F_TSO4 | TUN_F_TSO_ECN;
	if (offloads & TAP_TSO6)
		f |= TUN_F_TSO6 | TUN_F_TSO_ECN;
	if (offloads & TAP_USO) {
		if (ioctl(fd, TUNSETOFFLOAD, f | TUN_F_USO4 | TUN_F_USO6) == 0)
			return offloads;
		offloads &= ~(uint32_t)TAP_USO;
	}
	if (ioctl(fd, TUNSETOFFLOAD, f) == 0)
		return offloads;
	ioctl(fd, TUNSETOFFLOAD, 0ul);
	return 0;
}

int tap_set_persistent(int fd, bool on)
{
	return ioctl(fd, TUNSETPERSIST, (unsigned long)on) < 0 ? -errno : 0;
}

bool tap_is_persistent(int fd)
{
	struct ifreq ifr = {0};

	return ioctl(fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_PERSIST);
}

int tap_set_sndbuf(int fd, int bytes)
{
	return ioctl(fd, TUNSETSNDBUF, &bytes) < 0 ? -errno : 0;
}

int tap_set_carrier(int fd, bool on)
{
	int carrier = on;

	return ioctl(fd, TUNSETCARRIER, &carrier) < 0 ? -errno : 0;
}

/* One interface ioctl on a throw-away socket. */
static int if_ioctl(unsigned long request, const char *name, struct ifreq *ifr)
{
	int fd, ret = 0;

	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	memcpy(ifr->ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, request, ifr) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int tap_set_up(const char *name, bool up)
{
	struct ifreq ifr = {0};
	int ret = if_ioctl(SIOCGIFFLAGS, name, &ifr);

	if (ret < 0)
		return ret;
	ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP);
	return if_ioctl(SIOCSIFFLAGS, name, &ifr);
}

int tap_set_mtu(const char *name, uint32_t mtu)
{
	struct ifreq ifr = {.ifr_mtu = (int)mtu};

	return if_ioctl(SIOCSIFMTU, name, &ifr);
}

int tap_get_mtu(const char *name, uint32_t *mtu)
{
	struct ifreq ifr = {0};
	int ret = if_ioctl(SIOCGIFMTU, name, &ifr);

	if (ret == 0)
		*mtu = (uint32_t)ifr.ifr_mtu;
	return ret;
}

int tap_join_bridge(const char *name, const char *bridge)
{
	struct ifreq ifr = {.ifr_ifindex = (int)if_nametoindex(name)};
	char link[64], master[PATH_MAX];
	ssize_t n;

	if (ifr.ifr_ifindex == 0 || if_nametoindex(bridge) == 0)
		return -ENODEV;
	snprintf(link, sizeof(link), "/sys/class/net/%.15s/master", name);
	n = readlink(link, master, sizeof(master) - 1);
	if (n > 0) {
		master[n] = '\0';
		return strcmp(basename(master), bridge) == 0 ? 0 : -EBUSY;
	}
	return if_ioctl(SIOCBRADDIF, bridge, &ifr);
}

bool tap_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}
