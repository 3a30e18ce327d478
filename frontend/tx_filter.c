/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/tx_filter.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/flow_key.h"
#include "common/log.h"

#define ETH_TYPE 12u
#define ETH_LEN	 14u
#define IPV6_LEN 40u
#define PORTS	 4u

/*
 * The TAP may hold as many frames of a flow when a filter is attached. If still more come, they are
 * of another flow that has the same place in the flow queues. Then the filter is made for the frame
 * that came last, which most likely is of that one of both which sends more.
 */
#define AGAIN 1024u

/* --- the program ------------------------------------------------------------------------------ */

struct program {
	struct sock_filter *code;
	unsigned n;
	const uint8_t *hdr;
};

static void add(struct program *p, uint16_t code, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter){.code = code, .k = k};
}

/* Goes on if the accumulator has this value; end() sets where to go otherwise. */
static void equals(struct program *p, uint32_t k)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, k);
}

/* Goes on if these bits of a byte, half-word or word are those of the sample. */
static void same(struct program *p, uint16_t size, uint32_t off, uint32_t mask)
{
	unsigned bytes = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | p->hdr[off + i];
	add(p, BPF_LD | BPF_ABS | size, off);
	if (mask != UINT32_MAX)
		add(p, BPF_ALU | BPF_AND | BPF_K, mask);
	equals(p, value & mask);
}

/* A load beyond its end drops a frame: those that are too short are accepted before that. */
static void begin(struct program *p, uint32_t len)
{
	add(p, BPF_LD | BPF_LEN | BPF_W, 0);
	add(p, BPF_JMP | BPF_JGE | BPF_K, len);
	/* A tag is not yet in the frame. */
	add(p, BPF_LD | BPF_ABS | BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
	equals(p, 0);
	same(p, BPF_H, ETH_TYPE, UINT32_MAX);
}

static unsigned end(struct program *p)
{
	add(p, BPF_RET | BPF_K, 0);
	for (unsigned i = 0; i < p->n; i++) {
		if (BPF_CLASS(p->code[i].code) == BPF_JMP)
			p->code[i].jf = (uint8_t)(p->n - i - 1);
	}
	add(p, BPF_RET | BPF_K, UINT32_MAX);
	return p->n;
}

static unsigned build_ipv4(struct program *p, uint32_t len)
{
	const uint8_t *ip = p->hdr + ETH_LEN;
	uint32_t ports = ETH_LEN + (ip[0] & 15u) * 4;

	if (ip[9] != IPPROTO_UDP || (ip[6] & 0x3f) || ip[7] || len < ports + PORTS)
		return 0;
	begin(p, ports + PORTS);
	same(p, BPF_B, ETH_LEN, UINT32_MAX); /* version and length */
	same(p, BPF_H, ETH_LEN + 6, 0x3fff); /* no fragment */
	same(p, BPF_B, ETH_LEN + 9, UINT32_MAX);
	same(p, BPF_W, ETH_LEN + 12, UINT32_MAX);
	same(p, BPF_W, ETH_LEN + 16, UINT32_MAX);
	same(p, BPF_W, ports, UINT32_MAX);
	return end(p);
}

static unsigned build_ipv6(struct program *p, uint32_t len)
{
	uint32_t ports = ETH_LEN + IPV6_LEN;

	if (p->hdr[ETH_LEN + 6] != IPPROTO_UDP || len < ports + PORTS)
		return 0;
	begin(p, ports + PORTS);
	same(p, BPF_B, ETH_LEN, 0xf0); /* version */
	same(p, BPF_B, ETH_LEN + 6, UINT32_MAX);
	for (uint32_t off = 8; off < IPV6_LEN; off += 4)
		same(p, BPF_W, ETH_LEN + off, UINT32_MAX);
	same(p, BPF_W, ports, UINT32_MAX);
	return end(p);
}

unsigned tx_filter_build(struct sock_filter code[TX_FILTER_MAX], const uint8_t *hdr, uint32_t len,
			 const struct flowq_place *place)
{
	struct program p = {code, 0, hdr};

	if (place->l3_off != ETH_LEN) /* tagged, or no IP */
		return 0;
	return place->l3 == FLOW_L3_IPV4 ? build_ipv4(&p, len) : build_ipv6(&p, len);
}

/* --- the TAP ---------------------------------------------------------------------------------- */

static void attach(struct tx_filter *f, unsigned n)
{
	struct sock_fprog prog = {.len = (unsigned short)n, .filter = f->code};

	if (ioctl(f->tap_fd, TUNATTACHFILTER, &prog) == 0) {
		f->on = true;
		return;
	}
	f->refused = errno != ENOMEM;
	if (f->refused)
		log_info("a flood is read and dropped here, since the kernel cannot drop it: %s",
			 strerror(errno));
	tx_filter_off(f);
}

void tx_filter_init(struct tx_filter *f, int tap_fd)
{
	*f = (struct tx_filter){.tap_fd = tap_fd, .on = true};
	tx_filter_off(f);
}

void tx_filter_on(struct tx_filter *f, const uint8_t *hdr, uint32_t len,
		  const struct flowq_place *place)
{
	unsigned n;

	if (f->refused || (f->flow == place->flow && ++f->passed % AGAIN != 0))
		return;
	n = tx_filter_build(f->code, hdr, len, place);
	if (n == 0)
		tx_filter_off(f);
	else
		attach(f, n);
	f->flow = place->flow;
	f->passed = 0;
}

void tx_filter_off(struct tx_filter *f)
{
	if (f->on)
		ioctl(f->tap_fd, TUNDETACHFILTER, NULL);
	f->on = false;
	f->flow = UINT32_MAX;
}
