/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message headers: what is accepted, at each bound. */
#include "common/wire.h"

#include <errno.h>

#include "tests/unit/tap.h"

static int check(uint32_t len, uint8_t type, uint8_t flags, uint16_t reserved, uint32_t ring,
		 const char *sentence)
{
	struct wire_hdr h = {.len = len, .type = type, .flags = flags, .reserved = reserved};
	const char *why = "";
	int ret = wire_check(&h, ring, &why);

	if (strcmp(why, sentence) != 0) {
		diag("why: \"%s\", want \"%s\"", why, sentence);
		return 1; /* fails every comparison below */
	}
	return ret;
}

/* The numbers of the protocol, which version 1 fixes. */
static void test_numbers(void)
{
	struct wire_hdr h = wire_make(WIRE_CREDIT, 24);

	is_int(WIRE_VERSION, 1, "the protocol has version 1");
	is_int(WIRE_FRAME_MIN, 14, "the smallest frame is of 14 bytes");
	is_int(WIRE_FRAME_MAX, 65557, "the largest frame is of 65557 bytes");
	is_int(WIRE_BODY_MAX, 65569, "the largest body is of 65569 bytes");
	ok(WIRE_DATA == 1 && WIRE_CREDIT == 2, "the types have their numbers");
	ok(WIRE_RING_ORDER_MIN == 12 && WIRE_RING_ORDER_MAX == 20, "the ring orders are 12 to 20");
	ok(memcmp(&h, "\30\0\0\0\2\0\0\0", 8) == 0, "a header has its bytes");
	is_int(offsetof(struct wire_credit, rate_bps), 8, "a credit has its rate at byte 8");
	is_int(offsetof(struct wire_credit, log_offset), 16, "a credit has its offset at byte 16");
}

static int check_sparse(uint32_t len, uint8_t type, uint8_t flags)
{
	struct wire_hdr h = {.len = len, .type = type, .flags = flags};
	const char *why = NULL;
	int ret = wire_check_sparse(&h, 4096, &why);

	return (ret < 0) == (why != NULL) ? ret : 1;
}

/* Where both sides have feature-sparse. */
static void test_sparse(void)
{
	is_int(WIRE_SPARSE, 1, "the flag of a light flow is bit 0");
	is_int(check_sparse(64, WIRE_DATA, 0), 0, "a frame may be without the flag");
	is_int(check_sparse(64, WIRE_DATA, 1), 0, "a frame may have the flag");
	for (unsigned bit = 1; bit < 8; bit++)
		is_int(check_sparse(64, WIRE_DATA, (uint8_t)(1u << bit | 1)), -EPROTO,
		       "a frame with the flag of bit %u is refused", bit);
	is_int(check_sparse(24, WIRE_CREDIT, 1), -EPROTO, "a credit with the flag is refused");
	is_int(check_sparse(0, 3, 1), -EPROTO, "a message of type 3 with the flag is refused");
	is_int(check_sparse(4089, WIRE_DATA, 1), -EPROTO,
	       "a frame with the flag that is larger than its ring is refused");
}

int main(void)
{
	static const char type[] = "message of unknown type";
	static const char bits[] = "message with reserved bits set";
	static const char length[] = "message with a length out of range";
	static const char larger[] = "message larger than its ring";
	const uint32_t big = 1u << 20;

	test_numbers();
	is_int(check(26, WIRE_DATA, 0, 0, big, ""), 0, "the smallest frame is taken");
	is_int(check(25, WIRE_DATA, 0, 0, big, length), -EPROTO,
	       "a frame shorter than the smallest is refused");
	is_int(check(0, WIRE_DATA, 0, 0, big, length), -EPROTO, "a frame of nothing is refused");
	is_int(check(WIRE_BODY_MAX, WIRE_DATA, 0, 0, big, ""), 0, "the largest frame is taken");
	is_int(check(WIRE_BODY_MAX + 1, WIRE_DATA, 0, 0, big, length), -EPROTO,
	       "a frame larger than the largest is refused");
	is_int(check(UINT32_MAX, WIRE_DATA, 0, 0, big, length), -EPROTO,
	       "a frame as large as can be said is refused");
	is_int(check(4088, WIRE_DATA, 0, 0, 4096, ""), 0, "a frame that fills its ring is taken");
	is_int(check(4089, WIRE_DATA, 0, 0, 4096, larger), -EPROTO,
	       "a frame larger than its ring is refused");
	is_int(check(24, WIRE_CREDIT, 0, 0, big, ""), 0, "a credit is taken");
	is_int(check(23, WIRE_CREDIT, 0, 0, big, length), -EPROTO,
	       "a credit that is short is refused");
	is_int(check(25, WIRE_CREDIT, 0, 0, big, length), -EPROTO,
	       "a credit that is long is refused");
	is_int(check(0, 0, 0, 0, big, type), -EPROTO, "a message of type 0 is refused");
	is_int(check(0, 3, 0, 0, big, type), -EPROTO,
	       "an empty message of the reserved type 3 is refused");
	is_int(check(64, 3, 0, 0, big, type), -EPROTO,
	       "a message of the reserved type 3 with a body is refused");
	is_int(check(0, 4, 0, 0, big, type), -EPROTO, "a message of an unknown type is refused");
	is_int(check(0, 255, 0, 0, big, type), -EPROTO, "a message of the last type is refused");
	is_int(check(64, WIRE_DATA, 1, 0, big, bits), -EPROTO, "a message with flags is refused");
	is_int(check(64, WIRE_DATA, 0, 1, big, bits), -EPROTO,
	       "a message with reserved bits is refused");
	test_sparse();
	is_int(wire_size(0), 8, "an empty message takes 8 bytes");
	is_int(wire_size(1), 16, "a body of 1 byte is padded");
	is_int(wire_size(8), 16, "a body of 8 bytes is not padded");
	is_int(wire_frame_limit(4096), 4076, "the largest frame of a small ring fills the ring");
	is_int(wire_frame_limit(1u << 18), WIRE_FRAME_MAX,
	       "the largest frame of a large ring is the largest there is");
	return done_testing();
}
