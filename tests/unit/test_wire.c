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

/* The numbers of the protocol, as version 1 has them for ever. */
static void test_numbers(void)
{
	struct wire_hdr h = wire_make(WIRE_CREDIT, 24);

	is_int(WIRE_VERSION, 1, "protocol version");
	is_int(WIRE_FRAME_MIN, 14, "smallest frame");
	is_int(WIRE_FRAME_MAX, 65557, "largest frame");
	is_int(WIRE_BODY_MAX, 65569, "largest body");
	ok(WIRE_DATA == 1 && WIRE_CREDIT == 2, "types");
	ok(WIRE_RING_ORDER_MIN == 12 && WIRE_RING_ORDER_MAX == 20, "ring orders");
	ok(memcmp(&h, "\30\0\0\0\2\0\0\0", 8) == 0, "a header's bytes");
	is_int(offsetof(struct wire_credit, rate_bps), 8, "credit: the rate");
	is_int(offsetof(struct wire_credit, log_offset), 16, "credit: the offset");
}

int main(void)
{
	static const char type[] = "message of unknown type";
	static const char bits[] = "message with reserved bits set";
	static const char length[] = "message with a length out of range";
	static const char larger[] = "message larger than its ring";
	const uint32_t big = 1u << 20;

	test_numbers();
	is_int(check(26, WIRE_DATA, 0, 0, big, ""), 0, "smallest frame");
	is_int(check(25, WIRE_DATA, 0, 0, big, length), -EPROTO, "shorter");
	is_int(check(0, WIRE_DATA, 0, 0, big, length), -EPROTO, "empty");
	is_int(check(WIRE_BODY_MAX, WIRE_DATA, 0, 0, big, ""), 0, "largest frame");
	is_int(check(WIRE_BODY_MAX + 1, WIRE_DATA, 0, 0, big, length), -EPROTO, "larger");
	is_int(check(UINT32_MAX, WIRE_DATA, 0, 0, big, length), -EPROTO, "as large as can be said");
	is_int(check(4088, WIRE_DATA, 0, 0, 4096, ""), 0, "fills its ring");
	is_int(check(4089, WIRE_DATA, 0, 0, 4096, larger), -EPROTO, "larger than its ring");
	is_int(check(24, WIRE_CREDIT, 0, 0, big, ""), 0, "credit");
	is_int(check(23, WIRE_CREDIT, 0, 0, big, length), -EPROTO, "short credit");
	is_int(check(25, WIRE_CREDIT, 0, 0, big, length), -EPROTO, "long credit");
	is_int(check(0, 0, 0, 0, big, type), -EPROTO, "type 0");
	is_int(check(0, 3, 0, 0, big, type), -EPROTO, "type 3 is reserved: an empty message");
	is_int(check(64, 3, 0, 0, big, type), -EPROTO, "type 3 is reserved: a message with a body");
	is_int(check(0, 4, 0, 0, big, type), -EPROTO, "unknown type");
	is_int(check(0, 255, 0, 0, big, type), -EPROTO, "last type");
	is_int(check(64, WIRE_DATA, 1, 0, big, bits), -EPROTO, "flags");
	is_int(check(64, WIRE_DATA, 0, 1, big, bits), -EPROTO, "reserved bits");
	is_int(wire_size(0), 8, "size of an empty message");
	is_int(wire_size(1), 16, "padded");
	is_int(wire_size(8), 16, "not padded");
	is_int(wire_frame_limit(4096), 4076, "largest frame of a small ring");
	is_int(wire_frame_limit(1u << 18), WIRE_FRAME_MAX, "and of a large one");
	return done_testing();
}
