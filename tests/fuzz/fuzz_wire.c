/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a message on the ring. Input: order of the ring - 12, and 128 if frames may
 * be flagged; then the 8 bytes.
 */
#include <errno.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint8_t order = fuzz_u8(&in);
	uint32_t ring = 1u << (12 + order % 128 % 9);
	bool sparse = order & 128;
	const char *why = NULL;
	struct wire_hdr hdr;
	int64_t want;
	int ret;

	fuzz_copy(&in, &hdr, sizeof(hdr));
	/* Any message that is allowed is whole within its ring. */
	want = ref_message((const uint8_t *)&hdr, sizeof(hdr), ring, sparse);
	ret = sparse ? wire_check_sparse(&hdr, ring, &why) : wire_check(&hdr, ring, &why);
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
