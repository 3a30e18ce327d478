/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An LDP that stands for a vif: what the guest sends waits in a queue and takes part in the
 * lottery, what it receives is written to the tap. The tap is one end of a socket pair, the test
 * the vif.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/datapath/ldp_vif.h"
#include "backend/datapath/members.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/tx.h"
#include "backend/frame/vnet.h"
#include "tests/fake/bench.h"
#include "tests/fake/must.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define FRAMES 6000u
#define ALL    (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)

static struct bench *b;
static struct mk m;
static struct vif_tap tap;
static int vif, emulated; /* the guest's sides of the tap's ports */
static struct ldp *l;

/* A port of the tap; returns the guest's side of it. */
static int add_port(void)
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	tap.port[tap.count++] = (struct vif_port){.fd = ends[0], .ifname = "nope"};
	return ends[1];
}

/* Slot 0 stands for a vif, with that number of ports; slot 1 has rings. */
static void begin_with(unsigned ports)
{
	struct ldp_conf conf = bench_ldp_conf(0), other = bench_ldp_conf(1);
	struct msg *order;

	b = bench_new_with(2, NULL, NULL);
	tap = (struct vif_tap){0};
	vif = add_port();
	emulated = ports > 1 ? add_port() : -1;
	conf.tx_features = conf.rx_features = ALL;
	order = msg_new(MSG_ADD, 0);
	order->tap = &tap;
	order->conf = conf;
	members_obey(b->dp, order);
	free(order);
	l = core_ldp(b->dp, 0);
	must(l && bench_add(b, 1, &other, BENCH_RING_ORDER));
}

static void begin(void)
{
	begin_with(1);
}

static void end(void)
{
	struct msg *order = msg_new(MSG_DELETE, 0), *mail;
	bool told = false;

	members_obey(b->dp, order);
	free(order);
	while ((mail = bench_mail(b))) {
		told |= mail->type == MSG_DELETED && mail->tap == &tap && !mail->vchan;
		free(mail);
	}
	ok(told, "the control thread gets the tap back");
	bench_free(b);
	for (unsigned i = 0; i < tap.count; i++)
		close(tap.port[i].fd);
	close(vif);
	if (emulated >= 0)
		close(emulated);
}

static void make(const char *dst, const char *src, uint32_t payload)
{
	mk_eth(&m, dst, src, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, payload);
	mk_finish(&m, 1);
}

/* False: the tap's queue in the kernel is full. */
static bool send_through(int port, const struct virtio_net_hdr_v1 *vnet)
{
	struct iovec iov[2] = {{(void *)(uintptr_t)vnet, WIRE_VNET_LEN}, {m.b, m.len}};

	return writev(port, iov, 2) > 0;
}

static bool send_frame(const struct virtio_net_hdr_v1 *vnet)
{
	return send_through(vif, vnet);
}

static bool send_plain(void)
{
	return send_frame(&(struct virtio_net_hdr_v1){0});
}

static void read_tap(void)
{
	ldp_vif_read(l, b->dp->rx.frame, b->dp->now_ns);
}

/* What the guest gets: its length, 0: nothing. */
static uint32_t receive_through(int port, uint8_t *frame)
{
	struct virtio_net_hdr_v1 vnet;
	struct iovec iov[2] = {{&vnet, WIRE_VNET_LEN}, {frame, WIRE_FRAME_MAX}};
	ssize_t n = readv(port, iov, 2);

	return n < 0 ? 0 : (uint32_t)n - WIRE_VNET_LEN;
}

static uint32_t receive_frame(uint8_t *frame)
{
	return receive_through(vif, frame);
}

static void test_frames_leave(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;
	unsigned good = 0;

	begin();
	/* The queue wraps about forty times, within headers too. */
	for (uint32_t i = 0; i < FRAMES; i++) {
		make(MK_OTHER, MK_MAC, 1 + i * 131 % 1400);
		must(send_plain());
		read_tap();
		bench_turn(b);
		good += bench_left(b, &vnet, frame) == m.len && memcmp(frame, m.b, m.len) == 0;
	}
	is_int(good, FRAMES, "frames of a guest without an agent leave unchanged");
	is_int(l->count.tx_frames, FRAMES, "frames of a guest without an agent are counted");
	end();
}

static void test_checks(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;

	begin();
	make(MK_OTHER, "\x02\0\0\0\0\x01", 100);
	must(send_plain());
	read_tap();
	bench_turn(b);
	is_int(bench_left(b, &vnet, frame), 0, "a frame with a made-up source MAC does not leave");
	is_int(l->count.drops[FRAME_SPOOF_MAC], 1, "a frame with a made-up source MAC is counted");
	m.len = 10;
	must(send_plain());
	read_tap();
	bench_turn(b);
	is_int(l->count.drops[FRAME_MALFORMED], 1, "a frame without a whole header is counted");
	end();
}

/* 60 KiB as the guest's TCP hands them over, on an uplink where one frame takes 1 ms at most. */
static void test_long_frame_is_cut(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM};
	struct link_conf link = {.tx_capacity_bps = 100000000, .source = CAPACITY_CONFIGURED};
	uint32_t payload = 0, parts = 0, len;
	bool whole = true;

	begin();
	bench_link(b, &link);
	make(MK_OTHER, MK_MAC, 60000);
	mk_finish(&m, 0);
	vnet = MK_VNET(VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1448, m.l4, 16);
	must(send_frame(&vnet));
	read_tap();
	for (unsigned i = 0; i < 200 && payload < 60000; i++) {
		bench_pass(b, NS_PER_MS);
		bench_turn(b);
		while ((len = bench_left(b, &vnet, frame)) > 0) {
			len -= m.l4 + 20;
			whole &= memcmp(frame + m.l4 + 20, m.b + m.l4 + 20 + payload, len) == 0;
			payload += len;
			parts++;
		}
	}
	is_int(payload, 60000, "all of a long frame leaves");
	ok(whole && parts > 3, "a long frame leaves in %u parts, in order", parts);
	end();
}

static void test_full_queue(void)
{
	struct link_conf link = {.tx_capacity_bps = 8000, .source = CAPACITY_CONFIGURED};
	unsigned sent = 0;

	begin();
	bench_link(b, &link);
	make(MK_OTHER, MK_MAC, 1400);
	for (unsigned i = 0; i < 500 && !l->vif.full; i++) {
		sent += send_plain();
		read_tap();
		bench_turn(b);
	}
	ok(l->vif.full, "a full queue is noticed after %u frames", sent);
	while (send_plain())
		sent++;
	read_tap();
	ok(!send_plain(), "the tap is not read while the queue is full");
	link.tx_capacity_bps = 10000000000;
	bench_link(b, &link);
	for (unsigned i = 0; i < 100 && l->vif.full; i++) {
		bench_pass(b, 10 * 1000);
		bench_turn(b);
		bench_drain(b);
	}
	ok(!l->vif.full, "the tap is read again when there is room");
	is_int(l->count.drops[LDP_DROP_VIF_FULL], 0, "a full queue drops nothing itself");
	end();
}

/* The guest sends at twice the rate of the uplink for a second. */
static void test_codel(void)
{
	struct link_conf link = {.tx_capacity_bps = 20000000, .source = CAPACITY_CONFIGURED};

	begin();
	bench_link(b, &link);
	make(MK_OTHER, MK_MAC, 1400);
	for (unsigned i = 0; i < 1000; i++) {
		bench_pass(b, NS_PER_MS);
		for (unsigned n = 0; n < 18; n++)
			send_plain();
		read_tap();
		bench_turn(b);
		bench_drain(b);
	}
	ok(l->count.drops[LDP_DROP_VIF_CODEL] > 5, "CoDel drops in a queue that stands (%d)",
	   (int)l->count.drops[LDP_DROP_VIF_CODEL]);
	end();
}

static void test_delivery(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	const struct virtio_net_hdr_v1 plain = {0};
	unsigned got = 0, came = 0;

	begin();
	make(MK_MAC, MK_OTHER, 700);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
	ok(receive_frame(frame) == m.len && memcmp(frame, m.b, m.len) == 0,
	   "a guest without an agent gets its frame unchanged");

	/* Paused: it takes nothing. */
	for (; came < 1000 && !l->rx_blocked; came++) {
		bench_come(b, &plain, m.b, m.len);
		bench_receive(b);
	}
	ok(l->rx_blocked, "a guest that takes nothing is noticed after %u frames", came);
	make((const char *)bench_mac(1), MK_OTHER, 700);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
	is_int(bench_take_frames(b, 1), 1, "a guest that takes nothing delays no other");
	while (receive_frame(frame) > 0)
		got++;
	rx_unblock(b->dp, l);
	bench_receive(b);
	while (receive_frame(frame) > 0)
		got++;
	is_int(got, came, "a guest gets what waited when it takes frames again");
	end();
}

static void test_refused_delivery(void)
{
	const struct virtio_net_hdr_v1 plain = {0};

	begin();
	make(MK_MAC, MK_OTHER, 700);
	shutdown(vif, SHUT_RDWR);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
	is_int(l->count.drops[LDP_DROP_RX_VIF], 1, "a frame that the vif refuses is counted");
	ok(!l->failed && !l->rx_blocked, "a frame that the vif refuses fails nothing else");
	end();
}

static void test_local(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	const struct virtio_net_hdr_v1 plain = {0};

	begin();
	make((const char *)bench_mac(1), MK_MAC, 300);
	must(send_plain());
	read_tap();
	bench_turn(b);
	is_int(bench_take_frames(b, 1), 1, "a frame reaches a guest with an agent");
	make(MK_MAC, (const char *)bench_mac(1), 300);
	bench_give(b, 1, &plain, m.b, m.len);
	bench_turn(b);
	is_int(receive_frame(frame), m.len, "a frame of a guest with an agent arrives");
	end();
}

static void test_suspended(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;

	begin();
	make(MK_OTHER, MK_MAC, 300);
	must(send_plain());
	read_tap();
	bench_freeze(b, 0, true);
	bench_turn(b);
	is_int(bench_left(b, &vnet, frame), 0, "a suspended guest sends nothing");
	bench_freeze(b, 0, false);
	bench_turn(b);
	is_int(bench_left(b, &vnet, frame), m.len, "a guest that goes on sends what waited");
	end();
}

/* A frame of the guest through one of its ports, and one for it. */
static void speak(int port, uint8_t *frame)
{
	const struct virtio_net_hdr_v1 plain = {0};
	struct virtio_net_hdr_v1 vnet;

	make(MK_OTHER, MK_MAC, 300);
	must(send_through(port, &plain));
	if (ldp_vif_read(l, b->dp->rx.frame, b->dp->now_ns))
		rx_unblock(b->dp, l);
	bench_turn(b);
	is_int(bench_left(b, &vnet, frame), m.len, "a frame of either port leaves");
	make(MK_MAC, MK_OTHER, 300);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
}

/* A guest without a driver for its vif uses the emulated card, later the vif. */
static void test_two_ports(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	const struct virtio_net_hdr_v1 plain = {0};

	begin_with(2);
	speak(emulated, frame);
	ok(receive_through(emulated, frame) == m.len && receive_frame(frame) == 0,
	   "a guest that speaks through its emulated card is answered there");
	speak(vif, frame);
	ok(receive_frame(frame) == m.len && receive_through(emulated, frame) == 0,
	   "a guest that has a driver for its vif by now is answered there");
	for (unsigned i = 0; i < 1000 && !l->rx_blocked; i++) {
		bench_come(b, &plain, m.b, m.len);
		bench_receive(b);
	}
	speak(emulated, frame);
	ok(!l->rx_blocked && receive_through(emulated, frame) == m.len,
	   "a port that is full delays nothing when the guest uses the other one");
	end();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_frames_leave();
	test_checks();
	test_long_frame_is_cut();
	test_full_queue();
	test_codel();
	test_delivery();
	test_refused_delivery();
	test_local();
	test_suspended();
	test_two_ports();
	return done_testing();
}
