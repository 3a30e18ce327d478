/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a message on the ring. Input: order of the ring - 12, then the 8 bytes. */
#include <errno.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint32_t ring = 1u << (12 + fuzz_u8(&in) % 9);
	const char *why = NULL;
	struct wire_hdr hdr;
	int64_t want;
	int ret;

	fuzz_copy(&in, &hdr, sizeof(hdr));
	/* Any message that is allowed is whole within its ring. */
	want = ref_message((const uint8_t *)&hdr, sizeof(hdr), ring);
	ret = wire_check(&hdr, ring, &why);
	if (ret < 0) {
		must(ret == -EPROTO && want == REF_BAD && fuzz_is_sentence(why, 64));
		return 0;
	}
	must(want != REF_BAD);
	must(wire_size(hdr.len) <= ring && wire_size(hdr.len) % WIRE_ALIGN == 0);
	must(wire_size(hdr.len) - sizeof(hdr) - hdr.len < WIRE_ALIGN);
	if (hdr.type == WIRE_DATA)
		must(hdr.len - WIRE_VNET_LEN <= wire_frame_limit(ring));
	return 0;
}
