/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/frame_control.h"

#include <string.h>

#include <linux/if_ether.h>

#define LLC_LEN	 3
#define LLC_STP	 0x42 /* the lowest bit is a flag */
#define LLC_SNAP 0xaa
#define SNAP_LEN 8

static bool is_control_group(const uint8_t dst[6])
{
	static const uint8_t ieee[] = {0x01, 0x80, 0xc2, 0, 0}, cisco[] = {0x01, 0x00, 0x0c};

	if (memcmp(dst, cisco, sizeof(cisco)) == 0)
		return true;
	return memcmp(dst, ieee, sizeof(ieee)) == 0 && (dst[5] & ~0x2f) == 0;
}

/* A length instead of an ethertype: what the LLC header says. */
static bool is_control_llc(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	static const uint8_t cisco[] = {0x00, 0x00, 0x0c}, ieee[] = {0x00, 0x80, 0xc2};
	const uint8_t *llc = frame_at(hdr, hdr_len, fi->l3_off, LLC_LEN);

	if (!llc)
		return false;
	if ((llc[0] & 0xfe) == LLC_STP)
		return true;
	if ((llc[0] & 0xfe) != LLC_SNAP || !frame_at(hdr, hdr_len, fi->l3_off, SNAP_LEN))
		return false;
	return memcmp(llc + 3, cisco, sizeof(cisco)) == 0 ||
	       memcmp(llc + 3, ieee, sizeof(ieee)) == 0;
}

bool frame_is_control(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	if (fi->is_group && is_control_group(fi->dst))
		return true;
	if (fi->l3 == FRAME_L3_OPAQUE && fi->l3_bad)
		return true; /* it may be one: the tags go on behind the copy */
	switch (fi->ethertype) {
	case ETH_P_PAUSE:
	case ETH_P_SLOW:
	case ETH_P_PAE:
	case ETH_P_LLDP:
		return true;
	default:
		return fi->ethertype < ETH_P_802_3_MIN && is_control_llc(fi, hdr, hdr_len);
	}
}
