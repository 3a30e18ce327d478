/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vnet header and segments against the kernel that runs, in a network namespace of our own:
 * a TAP takes every frame whose header vnet_rebuild() made, and the kernel, asked by a packet
 * socket to send GSO frames out of a TAP that takes none, cuts them up into the same bytes as
 * gso_segment().
 */
#include "backend/frame/gso.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CSUM	   VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4	   VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6	   VIRTIO_NET_HDR_GSO_TCPV6
#define ECN	   VIRTIO_NET_HDR_GSO_ECN
#define USO	   5
#define TUN_USO	   (0x20 | 0x40) /* TUN_F_USO4 and 6, which 6.1's headers do not have */
#define VNET_LEN   sizeof(struct virtio_net_hdr_v1)
#define PACKET_HDR 10 /* the vnet header of a packet socket ends before num_buffers */

static struct mk m;

/* A TAP named @name, up, that takes no offloads when it is read; -1 with errno. */
static int tap_open(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int len = VNET_LEN, le = 1, fd, s;

	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	strcpy(ifr.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETVNETHDRSZ, &len) ||
	    ioctl(fd, TUNSETVNETLE, &le))
		return -1;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ifr.ifr_flags = IFF_UP;
	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &ifr))
		return -1;
	close(s);
	return fd;
}

/* VNET_F_* of what a write to the TAP may ask of this kernel. */
static uint32_t tap_takes(int fd)
{
	uint32_t features = VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6;

	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_USO) == 0)
		features |= VNET_F_USO;
	ioctl(fd, TUNSETOFFLOAD, 0);
	return features;
}

static int tap_write(int fd, struct virtio_net_hdr_v1 *h)
{
	struct iovec iov[] = {{h, VNET_LEN}, {m.b, m.len}};

	return writev(fd, iov, 2) < 0 ? errno : 0;
}

static void make(bool v6, bool udp, bool tagged, uint32_t payload)
{
	mk_eth(&m, MK_OTHER, MK_MAC, v6 ? 0x86dd : 0x0800);
	if (tagged)
		mk_tag(&m, 0x8100, 5);
	if (v6)
		mk_ipv6(&m, udp ? 17 : 6, MK_IP6, MK_IP6_2);
	else
		mk_ipv4(&m, udp ? 17 : 6, MK_IP, MK_IP2);
	if (udp)
		mk_udp(&m, 4000, 53);
	else
		mk_tcp(&m, 0xfffffc00, 0x99);
	mk_payload(&m, payload);
	mk_finish(&m, 0);
}

static void random_header(uint64_t *rng, struct virtio_net_hdr_v1 *in)
{
	static const uint8_t types[] = {0, 0, TCP4, TCP6, USO, USO, TCP4 | ECN, USO | ECN};
	uint32_t r = mk_rand(rng);

	*in = MK_VNET(r & 1 ? CSUM : mk_rand(rng), types[r >> 1 & 7], mk_rand(rng) % 1500,
		      r & 0x70 ? m.l4 : mk_rand(rng) % 300, m.proto == 6 ? 16 : 6);
	if (!(r & 0x380))
		in->csum_offset = (uint16_t)mk_rand(rng) % 300;
	in->hdr_len = (uint16_t)mk_rand(rng);
	in->num_buffers = (uint16_t)mk_rand(rng);
}

static void test_write(int fd, uint32_t takes)
{
	uint64_t rng = 4711;
	struct virtio_net_hdr_v1 in, out;
	unsigned int raw_refused = 0, accepted = 0, gso = 0, refused = 0, failed = 0;
	struct frame_info fi;

	for (int i = 0; i < 100000; i++) {
		uint32_t r = mk_rand(&rng), n;

		make(r & 1, r & 2, r & 0x10000, mk_rand(&rng) % (r & 4 ? 1500 : 30000));
		if (!(r & 0x18))
			mk_be16(&m, 12, 0x8847);
		for (uint32_t k = r & 0x100 ? 0 : r >> 9 & 3; k > 0; k--)
			m.b[12 + mk_rand(&rng) % 60] = (uint8_t)mk_rand(&rng);
		if (!(r & 0xf000))
			m.len = mk_rand(&rng) % m.len;
		random_header(&rng, &in);
		raw_refused += tap_write(fd, &in) == EINVAL;
		n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
		if (frame_parse(m.b, n, m.len, &fi) ||
		    vnet_rebuild(&in, &fi, m.b, n, 0x1f, 1500, &out) ||
		    vnet_must_segment(&out, &fi, takes))
			continue;
		accepted++;
		gso += out.gso_type != 0;
		switch (tap_write(fd, &out)) {
		case 0:
			break;
		case EINVAL:
			refused++;
			break;
		default:
			failed++;
		}
	}
	diag("%u of 100000 raw headers were EINVAL; %u rebuilt ones went out, %u of them GSO",
	     raw_refused, accepted, gso);
	ok(raw_refused > 1000 && accepted > 10000 && gso > 1000,
	   "of random headers some are refused, some accepted and some are GSO");
	is_int(refused, 0, "the kernel refuses no header that vnet_rebuild() makes");
	is_int(failed, 0, "no write of a header that vnet_rebuild() makes fails in another way");
}

/* The next frame of ours from the TAP, past what IPv6 sends by itself; 0 when there is none. */
static uint32_t tap_read(int fd, uint8_t *buf, size_t size)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	for (;;) {
		ssize_t len;

		if (poll(&pfd, 1, 1000) != 1)
			return 0;
		len = read(fd, buf, size);
		if (len >= (ssize_t)VNET_LEN + 14 && memcmp(buf + VNET_LEN + 6, MK_MAC, 6) == 0)
			return (uint32_t)(len - (ssize_t)VNET_LEN);
	}
}

static bool packet_send(int s, unsigned int ifindex, struct virtio_net_hdr_v1 *h)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(mk_get16(m.b + 12)),
				 .sll_ifindex = (int)ifindex,
				 .sll_halen = 6};
	struct iovec iov[] = {{h, PACKET_HDR}, {m.b, m.len}};
	struct msghdr msg = {.msg_name = &to,
			     .msg_namelen = sizeof(to),
			     .msg_iov = iov,
			     .msg_iovlen = 2};

	return sendmsg(s, &msg, 0) == (ssize_t)(PACKET_HDR + m.len);
}

/* Sends the frame by the kernel and compares what it makes of it with what we do. */
static unsigned int compare(int fd, int s, unsigned int ifindex, struct virtio_net_hdr_v1 *out,
			    const struct frame_info *fi)
{
	static uint8_t theirs[70000], ours[70000];
	unsigned int wrong = 0;
	struct gso_iter it;
	ssize_t len;
	uint32_t got;

	if (!packet_send(s, ifindex, out))
		return 1;
	if (!out->gso_type) {
		memcpy(ours, m.b, m.len);
		wrong += csum_complete(out, ours, m.len) != 0;
		got = tap_read(fd, theirs, sizeof(theirs));
		return wrong + (got != m.len || memcmp(ours, theirs + VNET_LEN, got) != 0);
	}
	wrong += gso_begin(&it, out, fi, m.b) != 0;
	while ((len = gso_segment(&it, ours, sizeof(ours))) > 0) {
		got = tap_read(fd, theirs, sizeof(theirs));
		wrong += got != len || memcmp(ours, theirs + VNET_LEN, got) != 0;
		if (got == 0)
			break;
	}
	return wrong;
}

static void test_segments(int fd, uint32_t takes)
{
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;
	unsigned int ifindex = if_nametoindex("dmvltest0"), wrong = 0, frames = 0;
	uint64_t rng = 11;

	if (s < 0 || setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one))) {
		tap_skip("segments are the kernel's", "no packet socket with a vnet header");
		return;
	}
	for (int i = 0; i < 4000; i++) {
		uint32_t r = mk_rand(&rng), size = 216 + mk_rand(&rng) % 1200;
		bool v6 = r & 1, udp = r & 2, whole = r & 4;
		struct virtio_net_hdr_v1 in, out;
		struct frame_info fi;

		if (udp && !(takes & VNET_F_USO))
			continue;
		make(v6, udp, r & 8, whole ? mk_rand(&rng) % 1400 : mk_rand(&rng) % (size * 20));
		in = MK_VNET(CSUM,
			     whole ? 0
			     : udp ? USO
			     : v6  ? TCP6
				   : TCP4,
			     size, m.l4, udp ? 6 : 16);
		frame_parse(m.b, 100, m.len, &fi);
		if (vnet_rebuild(&in, &fi, m.b, 100, takes, 1500, &out) == 0) {
			frames++;
			wrong += compare(fd, s, ifindex, &out, &fi) != 0;
		}
	}
	close(s);
	ok(frames > 1000, "enough frames are sent to compare segments: %u", frames);
	is_int(wrong, 0, "segments and checksums are the kernel's, byte for byte");
}

int main(void)
{
	uint32_t takes;
	int fd;

	if (unshare(CLONE_NEWNET)) {
		tap_skip("a TAP takes rebuilt headers", "a network namespace needs root");
		return done_testing();
	}
	fd = tap_open("dmvltest0");
	if (fd < 0) {
		tap_skip("a TAP takes rebuilt headers", "no TAP device can be made (/dev/net/tun)");
		return done_testing();
	}
	takes = tap_takes(fd);
	if (!(takes & VNET_F_USO))
		diag("this kernel takes no USO");
	test_write(fd, takes);
	close(fd);
	fd = tap_open("dmvltest0");
	if (ok(fd >= 0, "a TAP is opened again"))
		test_segments(fd, takes);
	return done_testing();
}
