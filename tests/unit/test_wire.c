/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message headers: what is accepted, at each bound. */
#include "common/wire.h"

#include <errno.h>

#include "tests/unit/tap.h"

static int check(uint32_t len, uint8_t type, uint8_t flags, uint16_t reserved, uint32_t ring)
{
	struct wire_hdr h = {.len = len, .type = type, .flags = flags, .reserved = reserved};
	const char *why = NULL;
	int ret = wire_check(&h, ring, &why);

	if (ret < 0 && !why)
		return 1; /* no reason given: fails every comparison below */
	return ret;
}

int main(void)
{
	const uint32_t big = 1u << 20;

	is_int(check(26, WIRE_DATA, 0, 0, big), 0, "smallest frame");
	is_int(check(25, WIRE_DATA, 0, 0, big), -EPROTO, "shorter");
	is_int(check(0, WIRE_DATA, 0, 0, big), -EPROTO, "empty");
	is_int(check(WIRE_BODY_MAX, WIRE_DATA, 0, 0, big), 0, "largest frame");
	is_int(check(WIRE_BODY_MAX + 1, WIRE_DATA, 0, 0, big), -EPROTO, "larger");
	is_int(check(UINT32_MAX, WIRE_DATA, 0, 0, big), -EPROTO, "as large as can be said");
	is_int(check(4088, WIRE_DATA, 0, 0, 4096), 0, "fills its ring");
	is_int(check(4089, WIRE_DATA, 0, 0, 4096), -EPROTO, "larger than its ring");
	is_int(check(24, WIRE_CREDIT, 0, 0, big), 0, "credit");
	is_int(check(23, WIRE_CREDIT, 0, 0, big), -EPROTO, "short credit");
	is_int(check(25, WIRE_CREDIT, 0, 0, big), -EPROTO, "long credit");
	is_int(check(0, WIRE_KEEPALIVE, 0, 0, big), 0, "keepalive");
	is_int(check(1, WIRE_KEEPALIVE, 0, 0, big), -EPROTO, "keepalive with a body");
	is_int(check(0, 0, 0, 0, big), -EPROTO, "type 0");
	is_int(check(0, 4, 0, 0, big), -EPROTO, "unknown type");
	is_int(check(0, 255, 0, 0, big), -EPROTO, "last type");
	is_int(check(64, WIRE_DATA, 1, 0, big), -EPROTO, "flags");
	is_int(check(64, WIRE_DATA, 0, 1, big), -EPROTO, "reserved bits");
	is_int(wire_size(0), 8, "size of an empty message");
	is_int(wire_size(1), 16, "padded");
	is_int(wire_size(8), 16, "not padded");
	is_int(wire_frame_limit(4096), 4076, "largest frame of a small ring");
	is_int(wire_frame_limit(1u << 18), WIRE_FRAME_MAX, "and of a large one");
	return done_testing();
}
