/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the agent has the kernel drop a flood before a TAP, in a network namespace of our own: while
 * the flood fills the flow queues, and no longer.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/flow_key.h"
#include "common/tap.h"
#include "frontend/link_tx.h"
#include "tests/fake/chan.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define RING_ORDER 16
#define FULL	   1400u
#define TAP	   "dmvltest0"

static struct mk m;

static unsigned attached; /* filters */

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	attached += request == TUNATTACHFILTER;
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
static struct chan ring;
static struct vchan *v;
static struct link_tx *tx;
static int app = -1; /* sends frames through the interface */

static void begin(int tap_fd)
{
	tx = calloc(1, sizeof(*tx));
	v = chan_open(&ring, RING_ORDER);
	if (!tx || link_tx_init(tx, tap_fd, 1024) < 0)
		abort();
	link_tx_up(tx, v, 0, true);
	link_tx_credit(tx, 8000, 640000);
}

static void end(void)
{
	link_tx_free(tx);
	free(tx);
	vchan_close(v);
	chan_free(&ring);
}

static int open_app(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		abort();
	return fd;
}

/* A frame that the interface drops is an error here. */
static void send_made(void)
{
	(void)!send(app, m.b, m.len, 0);
}

static void turn(void)
{
	if (link_tx_run(tx))
		abort();
}

static void udp4(uint16_t sport)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, sport, 9);
	mk_payload(&m, FULL - m.len);
	mk_finish(&m, 0);
}

static void send_udp(uint16_t port)
{
	udp4(port);
	send_made();
}

/* What the interface counts as dropped. */
static unsigned long long tx_dropped(void)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	unsigned long long n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, " " TAP ": %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &n);
	if (f)
		fclose(f);
	return n;
}

static void flood(void (*one)(void))
{
	for (unsigned i = 0; i < 400; i++) {
		one();
		if (i % 25 == 24)
			turn();
	}
}

static void send_flood(void)
{
	send_udp(1);
}

static void send_tcp(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, FULL - m.len);
	mk_finish(&m, 0);
	send_made();
}

static void send_fragment(void)
{
	udp4(1);
	m.b[20] = 0x20;
	send_made();
}

/* How many frames can be read from the TAP, and are read. */
static unsigned readable(int fd)
{
	static uint8_t byte[WIRE_BODY_MAX];
	unsigned n = 0;

	while (read(fd, byte, sizeof(byte)) > 0)
		n++;
	return n;
}

/* Was a datagram of the flow dropped before it could be read? */
static bool dropped_by_kernel(int fd)
{
	readable(fd);
	send_flood();
	return readable(fd) == 0;
}

/* The backend takes the first message. */
static void take_one(void)
{
	struct wire_hdr hdr;

	chan_peek(&ring, 0, &hdr, sizeof(hdr));
	chan_take(&ring, wire_size(hdr.len));
}

static uint32_t waits(void)
{
	return (uint32_t)link_tx_waits(tx);
}

static void test_flood(int fd)
{
	uint64_t dropped, flagged;
	unsigned long long before;
	uint32_t least = UINT32_MAX;
	unsigned turns = 0;

	begin(fd);
	flood(send_flood);
	dropped = tx->n.dropped;
	ok(dropped > 0 && tx->filter.on && link_tx_reads(tx),
	   "a filter is attached while one flow fills the queues, and the TAP is read");
	before = tx_dropped();
	flagged = tx->n.flagged;
	for (unsigned i = 0; i < 50; i++)
		send_flood();
	send_udp(2);
	turn();
	is_int(tx->n.dropped, dropped, "no more of the flow's frames are read to be dropped");
	is_int(tx_dropped() - before, 50, "the interface counts them as dropped");
	is_int(tx->n.flagged, flagged + 1, "a light flow's frame is sent meanwhile");
	while (tx->filter.on && turns++ < 1000) {
		take_one();
		send_flood();
		turn();
		least = waits();
	}
	ok(!tx->filter.on, "the filter goes when there is room again, after %u turns", turns);
	ok(turns > 10, "it does not go as soon as one frame has left");
	ok(least > 65536, "the flow still has frames that wait then: %u bytes", (unsigned)least);
	before = waits();
	send_flood();
	turn();
	is_int(waits() - before, FULL + WIRE_VNET_LEN - 12, "the flow's next frame is queued");
	attached = 0;
	for (turns = 0; turns < 500; turns++) {
		take_one();
		for (unsigned i = 0; i < 4; i++)
			send_flood();
		turn();
	}
	ok(attached > 3 && attached < 20, "while 500 frames leave a filter is attached %u times",
	   attached);
	end();
}

/* The filter was attached for another one that has the flow's place in the queues. */
static void test_wrong_one(int fd)
{
	struct flowq_place place;
	unsigned n = 0;

	begin(fd);
	flood(send_flood);
	tx_filter_off(&tx->filter);
	udp4(1);
	place = flowq_place_of(tx->queue, m.b, m.len);
	udp4(3);
	tx_filter_on(&tx->filter, m.b, m.len, &place);
	udp4(1);
	while (!dropped_by_kernel(fd) && n++ < 5000)
		tx_filter_on(&tx->filter, m.b, m.len, &place);
	ok(n > 1000, "the filter stays as it is for what the TAP may still hold: %u frames", n);
	ok(n < 1100, "a filter that helps nothing is replaced");
	send_fragment();
	for (n = 0; tx->filter.on && n < 5000; n++)
		tx_filter_on(&tx->filter, m.b, m.len, &place);
	ok(!tx->filter.on, "it goes if the frames that come cannot be filtered");
	end();
}

static void test_ends(int fd)
{
	begin(fd);
	flood(send_flood);
	ok(dropped_by_kernel(fd), "the kernel drops a frame of the flood");
	link_tx_down(tx, false);
	ok(!tx->filter.on && !dropped_by_kernel(fd), "the filter goes when the link goes down");
	link_tx_up(tx, v, 0, true);
	flood(send_flood);
	ok(dropped_by_kernel(fd), "it comes back with the link and a flood");
	end();
	ok(!dropped_by_kernel(fd), "it goes when the agent ends");
	begin(fd);
	flood(send_tcp);
	ok(tx->n.dropped > 0 && tx->filter.flow == UINT32_MAX,
	   "there is none for TCP, which loses older frames");
	end();
	begin(fd);
	flood(send_fragment);
	ok(tx->n.dropped > 0 && !tx->filter.on && !tx->filter.refused,
	   "there is none for fragments, which are dropped when they were read");
	ok(tx->rests && !link_tx_reads(tx), "the TAP rests while they fill the queues");
	end();
}

/* A filter of an agent that was killed. In our memory there is something where it was. */
static void attach(int fd)
{
	static struct tx_filter f;
	struct flowq_place place = {1, FLOW_L3_IPV4, 14};

	tx_filter_init(&f, fd);
	udp4(1);
	tx_filter_on(&f, m.b, m.len, &place);
	if (!f.on)
		abort();
}

static void test_left(int fd)
{
	attach(fd);
	ok(dropped_by_kernel(fd), "a filter stays on a kept fd when its agent is killed");
	begin(fd);
	ok(!dropped_by_kernel(fd), "the next agent detaches it");
	end();
}

/* The TAP stays without any fd. Closes the fd, and returns another. */
static int test_persistent(int fd)
{
	attach(fd);
	if (tap_set_persistent(fd, true) < 0)
		abort();
	close(fd);
	fd = tap_open(TAP);
	ok(fd >= 0 && !dropped_by_kernel(fd),
	   "a TAP that was left with a filter is opened without it");
	tap_set_persistent(fd, false);
	return fd;
}

/* In the kernel the tag is not in the frame: as one comes through a bridge. */
static void test_tagged(int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};
	int plain = app;

	if (system("ip link add dmvltestb type bridge mcast_snooping 0 2>&1 && "
		   "ip link add dmvltestv type veth peer name dmvltestw && "
		   "for i in " TAP " dmvltestw; do ip link set $i master dmvltestb; done && "
		   "for i in b v w; do ip link set dmvltest$i up; done") != 0) { /* NOLINT: fixed */
		tap_skip("a datagram with a VLAN tag", "no ip(8), or no bridges in this kernel");
		return;
	}
	begin(fd);
	flood(send_flood);
	app = open_app("dmvltestv");
	readable(fd);
	send_flood();
	is_int(poll(&one, 1, 100), 0, "a datagram that comes through a bridge is dropped");
	readable(fd);
	udp4(1);
	mk_tag(&m, 0x8100, 5);
	send_made();
	is_int(poll(&one, 1, 5000), 1, "it is accepted with a VLAN tag");
	close(app);
	app = plain;
	end();
}

/* Interfaces say nothing of their own. */
static void no_ipv6(void)
{
	FILE *f = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "we");

	if (!f)
		return;
	fputs("1", f);
	fclose(f);
}

int main(void)
{
	int fd;

	if (unshare(CLONE_NEWNET)) {
		tap_skip("a TAP's filter", "a network namespace needs root");
		return done_testing();
	}
	no_ipv6();
	fd = tap_open(TAP);
	if (fd < 0) {
		tap_skip("a TAP's filter", "no TAP device can be made (/dev/net/tun)");
		return done_testing();
	}
	tap_set_up(TAP, true);
	app = open_app(TAP);
	test_flood(fd);
	test_wrong_one(fd);
	test_ends(fd);
	test_left(fd);
	test_tagged(fd);
	fd = test_persistent(fd);
	close(app);
	close(fd);
	return done_testing();
}
