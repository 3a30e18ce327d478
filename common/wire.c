/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire.h"

#include <errno.h>

static bool len_fits_type(const struct wire_hdr *hdr)
{
	switch (hdr->type) {
	case WIRE_DATA:
		return hdr->len >= WIRE_VNET_LEN + WIRE_FRAME_MIN && hdr->len <= WIRE_BODY_MAX;
	case WIRE_CREDIT:
		return hdr->len == sizeof(struct wire_credit);
	}
	return false;
}

static int check(const struct wire_hdr *hdr, uint32_t ring_bytes, uint8_t flags, const char **why)
{
	if (hdr->type != WIRE_DATA && hdr->type != WIRE_CREDIT)
		*why = "message of unknown type";
	else if ((hdr->flags & ~flags) != 0 || hdr->reserved != 0)
		*why = "message with reserved bits set";
	else if (!len_fits_type(hdr))
		*why = "message with a length out of range";
	else if (wire_size(hdr->len) > ring_bytes)
		*why = "message larger than its ring";
	else
		return 0;
	return -EPROTO;
}

int wire_check(const struct wire_hdr *hdr, uint32_t ring_bytes, const char **why)
{
	return check(hdr, ring_bytes, 0, why);
}

int wire_check_sparse(const struct wire_hdr *hdr, uint32_t ring_bytes, const char **why)
{
	return check(hdr, ring_bytes, hdr->type == WIRE_DATA ? WIRE_SPARSE : 0, why);
}
