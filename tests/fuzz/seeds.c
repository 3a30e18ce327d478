/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs of frames and rings; and the program. */
#include "tests/fuzz/seeds.h"

#include <stdio.h>
#include <sys/stat.h>

#include "backend/credit/record.h"
#include "common/wire.h"

static const char *dir;

struct input {
	uint32_t len;
	uint8_t b[70000];
};

static struct input in;

void seeds_add(const void *p, uint32_t n)
{
	assert(in.len + n <= sizeof(in.b));
	memcpy(in.b + in.len, p, n);
	in.len += n;
}

static void add8(unsigned v)
{
	seeds_add(&(uint8_t){(uint8_t)v}, 1);
}

static void add16(unsigned v)
{
	seeds_add(&(uint16_t){(uint16_t)v}, 2);
}

void seeds_begin(void)
{
	in.len = 0;
}

void seeds_end(const char *target, const char *name, unsigned variant)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, target);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s-%u", dir, target, name, variant);
	f = fopen(path, "w");
	if (!f || fwrite(in.b, 1, in.len, f) != in.len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void frame_seeds(void)
{
	for (size_t i = 0; i < SEEDS_FRAMES; i++) {
		for (unsigned variant = 0; variant < VARIANTS; variant++) {
			struct virtio_net_hdr_v1 v = seeds_frame(i, variant);

			seeds_begin();
			add8(variant == SEGMENTED && i % 2 ? 0x1f : 0x0f); /* features */
			add8(variant % 3 | 4 | 8); /* VLAN policy, allowed-ip, mended */
			add16(1500);
			add16(variant == SEGMENTED ? 3000 : 0);
			seeds_add(&v, sizeof(v));
			seeds_add(seeds_mk.b, seeds_mk.len);
			seeds_end("frame", seeds_frame_name(i), variant);
		}
	}
}

/* --- rings --- */

/* An order with the frame as its body, and `more` bytes of payload if they can be segmented. */
static void add_long(size_t f, unsigned order, enum variant variant, unsigned more)
{
	struct virtio_net_hdr_v1 v = seeds_frame(f, variant);

	if (!v.gso_type)
		more = 0;
	add8(order | 0x80 | (more ? 0x40 : 0));
	add16((unsigned)sizeof(v) + seeds_mk.len);
	if (more)
		add16(more);
	seeds_add(&v, sizeof(v));
	seeds_add(seeds_mk.b, seeds_mk.len);
}

static void add_body(size_t f, unsigned order, enum variant variant)
{
	add_long(f, order, variant, 3000);
}

static void dpath_setup(unsigned flags, unsigned piece, unsigned features)
{
	seeds_begin();
	add8(flags);
	add8(1);
	add8(piece);
	add8(0x0f);
	add8(features);
	add8(1 | 4);
	add16(1500);
}

/*
 * A frame that was looked at and waits for room on the uplink is written over: where it starts, its
 * MAC address, its IP address.
 */
static void dpath_stalled(unsigned variant)
{
	static const uint8_t over[4][2] = {{0, 8}, {8 + 12 + 6, 6}, {8 + 12 + 26, 4}, {8, 12}};

	seeds_begin();
	add8(4 | 8 | 16);
	add8(5); /* rings of 128 KiB */
	seeds_add("\0\x0f\0\0\xdc\5", 6);
	seeds_add("\4\50", 2); /* nobody reads the uplink for 40 turns */
	for (unsigned i = 0; i < 4; i++)
		add_long(0, 0, SEGMENTED, 60000);
	seeds_add("\5\5\6", 3);
	add16(over[variant][0]);
	add8(over[variant][1]);
	seeds_add(MK_ZERO, over[variant][1]);
	seeds_end("dpath", "stalled", variant);
}

/*
 * A ring full of the smallest message of this type, and an index that goes round it more than once.
 */
static void add_overrun(enum wire_type type, unsigned raw, unsigned turn, unsigned prod)
{
	uint32_t len =
		type == WIRE_DATA ? WIRE_VNET_LEN + WIRE_FRAME_MIN : sizeof(struct wire_credit);
	struct wire_hdr hdr = wire_make(type, len);
	uint8_t message[40] = {0};

	memcpy(message, &hdr, sizeof(hdr));
	for (unsigned i = 0; i < 4096 / 192 + 1; i++) {
		add8(raw);
		add8(6 * wire_size(len));
		for (unsigned k = 0; k < 6; k++)
			seeds_add(message, wire_size(len));
	}
	add8(turn);
	add8(turn);
	add8(prod);
	seeds_add("\0\x20\0\0", 4);
}

/* Where frames may be flagged: the order 11 is a frame that is. */
static void dpath_sparse(unsigned variant)
{
	dpath_setup(8 | (variant & 2 ? 16 : 0), variant & 1 ? 60 : 0, 0);
	in.b[3] |= 16;
	if (variant < 2)
		seeds_add("\4\50", 2); /* nobody reads the uplink for 40 turns */
	for (size_t i = 0; i < 6; i++) {
		add_long(i, 0, SEGMENTED, 30000);
		add_body(i, 11, i & 1 ? SEGMENTED : PLAIN);
	}
	add_body(0, 0, PLAIN);
	if (variant == 3)
		seeds_add("\5\5\0\2\10\1\1\1\1\1\1\1\1", 13); /* a header is written over */
	seeds_add("\2\2\30", 3);			      /* a credit */
	seeds_end("dpath", "sparse", variant);
}

static void dpath_seeds(void)
{
	static const char hostile[] = "\6\4\0\10\x88\x13\0\0\1\0\0\0\5\7\0\0\1\0\5"
				      "\10\1\0\0\0\5\12\5\11\0";

	for (size_t i = 0; i < SEEDS_FRAMES; i++) {
		for (unsigned variant = SUMMED; variant <= SUMMED_OVER_IP; variant++) {
			dpath_setup(variant % 3 | 4 | 8, variant * 40,
				    variant == SUMMED ? 0x0f : 0);
			add_body(i, 0, variant); /* sent, and received */
			add_body(i, 3, variant);
			seeds_end("dpath", seeds_frame_name(i), variant);
		}
	}
	for (unsigned variant = 0; variant < 4; variant++) {
		dpath_setup(1 | (variant & 1 ? 16 : 32) | 8, variant & 2 ? 100 : 0, 0);
		for (size_t i = 0; i < 6; i++)
			add_body(i, i & 1 ? 3 : 0, SEGMENTED);
		for (size_t i = 0; i < 6; i++)
			add_body(i, 0, SEGMENTED);
		seeds_add(hostile, sizeof(hostile) - 1);
		seeds_end("dpath", "mixed", variant);
		dpath_setup(16, 0, 0);
		seeds_add(hostile + variant * 3, sizeof(hostile) - 1 - variant * 3);
		seeds_end("dpath", "hostile", variant);
		dpath_setup(0, 7 * variant, 0);
		seeds_add(variant & 1 ? "\2\3\0" : "\2\2\30", 3); /* an unknown type, a credit */
		seeds_end("dpath", "other", variant);
		dpath_stalled(variant);
		dpath_sparse(variant);
		dpath_setup(8 | 32, 52 + variant * 13, 0);
		add_body(0, 0, PLAIN);
		seeds_end("dpath", "race", variant);
	}
	dpath_setup(16, 0, 0);
	in.b[1] = 0; /* rings of 4 KiB */
	add_overrun(WIRE_DATA, 1, 5, 7);
	seeds_end("dpath", "overrun", 0);
}

static void link_setup(unsigned hostile, unsigned piece)
{
	seeds_begin();
	add8(hostile);
	add8(0);
	add8(piece);
	add8(0x0f);
}

static void link_seeds(void)
{
	static const char hostile[] = "\10\4\0\10\x88\x13\0\0\1\0\0\0\7\11\0\0\1\0\7"
				      "\12\1\0\0\0\7\14\7\13\0";

	for (unsigned variant = 0; variant < 6; variant++) {
		link_setup(variant == 5 ? 1 : variant & 2, variant % 3 * 50);
		if (variant == 1)
			seeds_add("\2\0\2\0\0", 5); /* a credit of 512 bytes */
		for (size_t i = 0; i < 8; i++) {
			add_body((i + variant) % SEEDS_FRAMES, 0, i % 3);
			add_body((i + variant) % SEEDS_FRAMES, 4, i % 3);
			if (variant == 2 && i == 3)
				seeds_add("\5\1", 2); /* the backend takes one */
		}
		if (variant > 1)
			seeds_add(variant & 1 ? "\6\1" : "\6\0",
				  2); /* once more, after a restore */
		add_body(0, 4, 2);
		if (variant == 3)
			seeds_add("\3", 1); /* a type that is unknown */
		if (variant == 4)
			seeds_add("\1\3abc\1\5\0\0\0\0\0", 12);
		if (variant == 5)
			seeds_add(hostile, sizeof(hostile) - 1);
		seeds_end("link", "mixed", variant);
	}
	for (unsigned variant = 0; variant < 4; variant++) {
		/* Flow queues, with flags and without. */
		link_setup(4 | (variant & 1 ? 8 : 0) | (variant & 2 ? 2 : 0), variant * 40);
		seeds_add("\2\0\2\0\0", 5); /* a credit of 512 bytes */
		for (size_t i = 0; i < 12; i++)
			add_body((i + variant) % SEEDS_FRAMES, 4, i % 2 ? SEGMENTED : PLAIN);
		seeds_add("\5\3", 2);
		seeds_add(variant & 1 ? "\6\1" : "\6\0", 2);
		add_body(0, 4, PLAIN);
		seeds_end("link", "flows", variant);
	}
	for (unsigned variant = 0; variant < 3; variant++) {
		/* The second half comes while the agent asks to be told of it. */
		link_setup(2, 52 + variant * 13);
		add_body(0, 0, PLAIN);
		seeds_end("link", "race", variant);
		/* As long as fits a ring of 4 KiB, and longer, both ways. */
		link_setup(0, 0);
		if (variant < 2)
			add_long(0, 0, SEGMENTED, 3992 - 1 + variant);
		add_long(0, 4, SEGMENTED, 3992 - 1 + variant);
		add_body(0, 4, PLAIN);
		seeds_end("link", "long", variant);
	}
	link_setup(1, 0);
	add_overrun(WIRE_CREDIT, 1, 7, 9);
	seeds_end("link", "overrun", 0);
}

static void wire_seeds(void)
{
	static const struct {
		uint8_t order, type, flags;
		uint16_t reserved;
		uint32_t len;
	} headers[] = {
		{0, 1, 0, 0, 26},   {0, 1, 0, 0, 25},	    {0, 1, 0, 0, 4088},
		{0, 1, 0, 0, 4089}, {8, 1, 0, 0, 65569},    {8, 1, 0, 0, 65570},
		{0, 2, 0, 0, 24},   {0, 2, 0, 0, 23},	    {0, 2, 0, 0, 25},
		{0, 3, 0, 0, 0},    {0, 3, 0, 0, 1},	    {0, 3, 1, 0, 0},
		{0, 3, 0, 1, 0},    {0, 3, 0, 0x8000, 0},   {0, 0, 0, 0, 0},
		{0, 4, 0, 0, 0},    {0, 1, 0, 0, 1u << 31}, {8, 1, 0, 0, UINT32_MAX},
		{128, 1, 1, 0, 26}, {128, 1, 3, 0, 26},	    {128, 2, 1, 0, 24},
	};

	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		seeds_begin();
		add8(headers[i].order);
		seeds_add(&headers[i].len, 4);
		add8(headers[i].type);
		add8(headers[i].flags);
		add16(headers[i].reserved);
		seeds_end("wire", "header", i);
	}
}

/* fuzz_ldplog.c has the orders. */
static void ldplog_seeds(void)
{
	static const uint8_t ledger[] = {
		0,   0, 0,  1, 0, 0, 1, 9, 0, 2, 200, 1, 0, 3, 1, 4, 0, 2,
		255, 7, 0,  3, 1, 4, 4, 0, 1, 0, 0,   0, 2, 0, 1, 0, 1, 5,
		0,   2, 40, 0, 0, 3, 9, 0, 0, 0, 0,   9, 0, 3, 1, 1, 4,
	};
	/* Two members and one outside; weights and groups change; one leaves. */
	static const uint8_t groups[] = {
		0, 0,	0, 1, 0,   0, 1, 9, 0,	 0, 2, 1, 0,   250, 0, 1, 0, 250, 1,  1, 0,
		2, 200, 2, 0, 3,   0, 1, 0, 251, 0, 9, 0, 250, 1,   3, 0, 2, 3,	  90, 0, 3,
		0, 1,	4, 0, 251, 3, 7, 0, 250, 0, 0, 0, 0,   1,   0, 0, 3, 200, 2,
	};
	static const uint8_t attacks[][4] = {
		{2, 0, 0, 1}, {2, 0x40, 0x10, 1}, {3, 0, 0, 0}, {3, 1, 0, 0}, {3, 0xff, 0xff, 0},
	};

	for (unsigned i = 0; i <= sizeof(attacks) / sizeof(attacks[0]); i++) {
		seeds_begin();
		seeds_add(ledger, sizeof(ledger));
		if (i > 0)
			seeds_add(attacks[i - 1], sizeof(attacks[0]));
		seeds_add(ledger, sizeof(ledger));
		seeds_end("ldplog", "ledger", i);
	}
	seeds_begin();
	seeds_add(groups, sizeof(groups));
	seeds_add(ledger, sizeof(ledger));
	seeds_add(groups, sizeof(groups));
	seeds_end("ldplog", "groups", 0);
	for (unsigned type = 0; type <= RECORD_TYPES; type++) {
		struct record r = {.type = (uint16_t)type,
				   .version = type % 3 == 0 ? RECORD_VERSION_MIN : RECORD_VERSION,
				   .bytes = type == RECORD_CHECKPOINT};

		seeds_begin();
		seeds_add(ledger, sizeof(ledger));
		add8(1);
		seeds_add(&r, sizeof(r));
		add8(1);
		r.type = RECORD_COMMIT;
		seeds_add(&r, sizeof(r));
		seeds_end("ldplog", "record", type);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	dir = argv[1];
	frame_seeds();
	seeds_mcasts();
	dpath_seeds();
	link_seeds();
	wire_seeds();
	ldplog_seeds();
	seeds_texts();
	return 0;
}
