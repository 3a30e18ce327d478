/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/frames.h"

#include "common/wire.h"
#include "tests/unit/mkframe.h"

static void put_be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

void frames_mend(uint8_t *frame, uint32_t len)
{
	struct frame_info fi;
	bool v6;

	if (frame_parse(frame, len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX, len, &fi) < 0 ||
	    fi.l4_len == 0)
		return;
	v6 = fi.l3 == FRAME_L3_IPV6;
	put_be16(frame + fi.l3_off + (v6 ? 4 : 2), len - fi.l3_off - (v6 ? 40 : 0));
	if (fi.l4_proto == FRAME_PROTO_UDP)
		put_be16(frame + fi.l4_off + 4, len - fi.l4_off);
	put_be16(frame + fi.l4_off + (fi.l4_proto == FRAME_PROTO_UDP ? 6 : 16),
		 mk_pseudo(frame, len, fi.l3_off, fi.l4_off, v6, fi.l4_proto));
}

uint8_t *frames_body(struct fuzz_in *in, uint8_t flags, uint32_t *len)
{
	uint32_t n = fuzz_u16(in), more = flags & FRAMES_LONGER ? fuzz_u16(in) : 0;
	uint8_t *body;

	if (n > in->left)
		n = (uint32_t)in->left;
	*len = n + more <= WIRE_BODY_MAX ? n + more : n;
	body = malloc(*len ? *len : 1);
	must(body);
	fuzz_copy(in, body, n);
	for (uint32_t i = n; i < *len; i++)
		body[i] = (uint8_t)(i * 7 + i / 256);
	if ((flags & FRAMES_MEND) && *len > WIRE_VNET_LEN)
		frames_mend(body + WIRE_VNET_LEN, *len - WIRE_VNET_LEN);
	return body;
}

const struct vlan_policy *frames_vlan(uint8_t bits)
{
	static struct vlan_policy policies[3];

	policies[VLAN_TRUNK].mode = VLAN_TRUNK;
	if (policies[VLAN_LIST].mode != VLAN_LIST)
		must(vlan_policy_parse("untagged,5,100-200,4094", &policies[VLAN_LIST], NULL, 0) ==
		     0);
	return &policies[bits % 4 % 3];
}

const struct ip_list *frames_allowed(void)
{
	static struct ip_list list;

	if (list.n == 0)
		must(ip_list_parse("10.0.0.1,10.64.0.0/10,fd00::1,2001:db8:80::/41", &list, NULL,
				   0) == 0);
	return &list;
}
