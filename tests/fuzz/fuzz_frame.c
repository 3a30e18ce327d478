/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One frame and its virtio header, through all that looks at it: parsing, VLAN and spoof policy,
 * the new virtio header, segments, checksums, the charge.
 *
 * Input: struct head, then the frame. A frame that says `mend` gets the lengths and the checksum's
 * seed that its headers need; one that says `stretch` gets that many bytes at its end.
 */
#include <errno.h>
#include <linux/if_ether.h>

#include "backend/frame/frame_control.h"
#include "backend/frame/frame_service.h"
#include "backend/frame/frame_spoof.h"
#include "backend/frame/gso.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ref.h"
#include "tests/unit/mkframe.h"

struct head {
	uint8_t features; /* VNET_F_* */
	uint8_t policy;	  /* bits, below */
	uint16_t mtu;
	uint16_t stretch;
	struct virtio_net_hdr_v1 vnet;
} __attribute__((packed));

enum {
	POLICY_VLAN = 3, /* enum vlan_mode */
	POLICY_ALLOWED = 4,
	POLICY_MEND = 8,
};

static const struct ip_list no_list;

struct subject {
	struct head head;
	uint8_t *frame;
	uint32_t len, hdr_len;
	struct frame_info fi;
	const struct vlan_policy *vlan;
	const struct ip_list *allowed;
};

static void take(struct subject *s, const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint32_t given;

	fuzz_copy(&in, &s->head, sizeof(s->head));
	s->head.features &= FRAMES_FEATURES;
	given = in.left < WIRE_FRAME_MAX ? (uint32_t)in.left : WIRE_FRAME_MAX;
	s->len = given + s->head.stretch < WIRE_FRAME_MAX ? given + s->head.stretch : given;
	s->frame = calloc(1, s->len ? s->len : 1);
	must(s->frame);
	fuzz_copy(&in, s->frame, given);
	for (uint32_t i = given; i < s->len; i++)
		s->frame[i] = (uint8_t)(i * 7 + i / 256);
	s->hdr_len = s->len < FRAME_HDR_MAX ? s->len : FRAME_HDR_MAX;
	s->vlan = frames_vlan(s->head.policy & POLICY_VLAN);
	s->allowed = s->head.policy & POLICY_ALLOWED ? frames_allowed() : &no_list;
	if (s->head.mtu < 68 || s->head.mtu > 65521)
		s->head.mtu = 1500;
	if (s->head.policy & POLICY_MEND)
		frames_mend(s->frame, s->len);
}

/* As the product does it: on a copy of the first bytes, exactly as long as it says. */
static int parse(const uint8_t *frame, uint32_t len, struct frame_info *fi)
{
	uint32_t hdr_len = len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX;
	uint8_t *copy = fuzz_block(frame, hdr_len);
	int ret = frame_parse(copy, hdr_len, len, fi);

	free(copy);
	return ret;
}

static enum frame_verdict judge(const struct subject *s, const uint8_t *frame, uint32_t len,
				const struct frame_info *fi)
{
	uint32_t hdr_len = len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX;
	uint8_t *copy = fuzz_block(frame, hdr_len);
	enum frame_verdict verdict =
		frame_spoof_check(fi, copy, hdr_len, (const uint8_t *)MK_MAC, s->allowed, NULL);

	free(copy);
	return verdict;
}

static void check_info(const struct subject *s)
{
	const struct frame_info *fi = &s->fi;
	struct ref_frame want = ref_frame(s->frame, s->hdr_len);

	must(fi->len == s->len && fi->tags == want.tags && fi->vid == want.vid);
	must(fi->ethertype == want.type && fi->l3_off == want.l3);
	must(memcmp(fi->dst, s->frame, 6) == 0 && memcmp(fi->src, s->frame + 6, 6) == 0);
	must(fi->is_group == (s->frame[0] & 1));
	must(fi->l3_off <= s->hdr_len && fi->l4_off + (uint32_t)fi->l4_len <= s->hdr_len);
	must(fi->l4_off == 0 || (fi->l4_off > fi->l3_off && !fi->l3_bad));
	must(fi->l4_off || !fi->l4_len);
	must(vlan_allows(s->vlan, fi) == ref_vlan_ok(s->vlan, &want));
}

/* What is read lies within the copy, and nothing plain is missed. */
static void check_kind(const struct subject *s)
{
	struct ref_frame want = ref_frame(s->frame, s->hdr_len);
	uint8_t *copy = fuzz_block(s->frame, s->hdr_len);
	const struct frame_info *seen = &s->fi;
	struct frame_info inner;

	if (frame_unwrap(copy, s->hdr_len, &s->fi, &inner)) {
		seen = &inner;
		must(inner.l3_off >= s->fi.l3_off && inner.l3_off <= s->hdr_len);
		must(inner.l4_off + (uint32_t)inner.l4_len <= s->hdr_len);
	}
	must(frame_is_control(seen, copy, s->hdr_len) ||
	     !ref_is_control(s->frame, s->hdr_len, &want));
	frame_is_service(seen, copy, s->hdr_len);
	frame_is_hidden(seen, copy, s->hdr_len);
	free(copy);
}

/* What is charged is at least what was sent, and what the wire carries. */
static void check_plain_charge(const struct subject *s)
{
	uint32_t cost = frame_wire_bytes(&s->fi, 0);

	must(cost >= s->len + FRAME_FCS_LEN && cost >= FRAME_WIRE_MIN);
	must(cost == FRAME_WIRE_MIN || cost == s->len + FRAME_FCS_LEN);
}

static int rebuild(const struct subject *s, const struct virtio_net_hdr_v1 *in,
		   struct virtio_net_hdr_v1 *out)
{
	uint8_t *copy = fuzz_block(s->frame, s->hdr_len);
	int ret = vnet_rebuild(in, &s->fi, copy, s->hdr_len, s->head.features, s->head.mtu, out);

	free(copy);
	return ret;
}

/* Of the header that came in, nothing but what is promised may count. */
static void check_ignored(const struct subject *s, int ret, const struct virtio_net_hdr_v1 *out)
{
	struct virtio_net_hdr_v1 in = s->head.vnet, again;

	in.hdr_len ^= 0x5555;
	in.num_buffers ^= 0xaaaa;
	in.flags ^= VIRTIO_NET_HDR_F_DATA_VALID | 0x80;
	must(rebuild(s, &in, &again) == ret);
	must(memcmp(&again, out, sizeof(again)) == 0);
	/* What passed once passes again, unchanged. */
	if (ret == 0) {
		must(rebuild(s, out, &again) == 0);
		must(memcmp(&again, out, sizeof(again)) == 0);
	}
}

/*
 * The kernel stores two bytes where the header says, after every check of ours: whatever they are,
 * the frame must still be the one that was judged.
 */
static void check_csum_place(const struct subject *s, const struct virtio_net_hdr_v1 *vnet)
{
	static const uint16_t stored[] = {0, 0xffff, 0x1a2b};
	enum frame_verdict before = judge(s, s->frame, s->len, &s->fi);
	struct frame_info fi;
	uint8_t *frame;

	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		frame = fuzz_block(s->frame, s->len);
		memcpy(frame + vnet->csum_start + vnet->csum_offset, &stored[i], 2);
		must(parse(frame, s->len, &fi) == 0);
		must(memcmp(&fi, &s->fi, sizeof(fi)) == 0);
		must(judge(s, frame, s->len, &fi) == before);
		free(frame);
	}
}

/* The checksum in software covers what it should, and writes nothing else. */
static void check_completed(const struct subject *s, const struct virtio_net_hdr_v1 *vnet)
{
	uint32_t start = vnet->csum_start, field = start + vnet->csum_offset;
	struct virtio_net_hdr_v1 plain = *vnet;
	uint8_t *frame = fuzz_block(s->frame, s->len);
	uint32_t sum;

	must(csum_complete(&plain, frame, s->len) == 0);
	must(memcmp(&plain, &(struct virtio_net_hdr_v1){0}, sizeof(plain)) == 0);
	must(memcmp(frame, s->frame, field) == 0);
	must(memcmp(frame + field + 2, s->frame + field + 2, s->len - field - 2) == 0);
	/* Of all bytes from the start on; the seed was one of them, and is now in the checksum. */
	if ((field - start) % 2 == 0) {
		sum = mk_sum(frame + start, s->len - start, 0) + mk_get16(s->frame + field);
		must(sum % 0xffff == 0);
	}
	free(frame);
}

/* Segment number `i` of the frame, of whose payload `done` bytes went before. */
static void check_segment(const struct subject *s, const struct virtio_net_hdr_v1 *vnet,
			  const uint8_t *out, uint32_t len, unsigned i, uint32_t done)
{
	uint32_t l3 = s->fi.l3_off, l4 = s->fi.l4_off, hdr = vnet->hdr_len;
	bool v6 = s->fi.l3 == FRAME_L3_IPV6, tcp = s->fi.l4_proto == FRAME_PROTO_TCP;
	bool last = hdr + done + (len - hdr) == s->len;
	struct frame_info fi;

	must(len > hdr && len - hdr <= vnet->gso_size && (last || len - hdr == vnet->gso_size));
	must(len <= GSO_SEGMENT_MAX((uint32_t)s->head.mtu));
	must(memcmp(out + hdr, s->frame + hdr + done, len - hdr) == 0);
	must(parse(out, len, &fi) == 0 && !fi.l3_bad);
	must(fi.l3_off == l3 && fi.l4_off == l4 && fi.l4_len == s->fi.l4_len);
	must(judge(s, out, len, &fi) == judge(s, s->frame, s->len, &s->fi));
	must(l3 + (v6 ? 40u + mk_get16(out + l3 + 4) : mk_get16(out + l3 + 2)) == len);
	if (!v6) {
		must(mk_sum(out + l3, l4 - l3, 0) == 0xffff);
		must(mk_get16(out + l3 + 4) == (uint16_t)(mk_get16(s->frame + l3 + 4) + i));
	}
	if (tcp)
		must((out[l4 + 13] & 0x01) == (last ? s->frame[l4 + 13] & 0x01 : 0));
	else
		must(l4 + mk_get16(out + l4 + 4) == len);
	/* Only a seed that was right can make a checksum that is. */
	if (s->head.policy & POLICY_MEND)
		must(mk_sum(out + l4, len - l4, mk_pseudo(out, len, l3, l4, v6, fi.l4_proto)) ==
		     0xffff);
}

static void check_segments(const struct subject *s, const struct virtio_net_hdr_v1 *vnet)
{
	size_t room = GSO_SEGMENT_MAX((size_t)s->head.mtu);
	uint8_t *frame = fuzz_block(s->frame, s->len), *out = malloc(room);
	uint32_t done = 0, wire = 0, n = 0;
	struct frame_info fi = s->fi;
	struct gso_iter it;
	ssize_t len;

	must(out && gso_begin(&it, vnet, &s->fi, frame) == 0);
	while ((len = gso_segment(&it, out, room)) > 0) {
		check_segment(s, vnet, out, (uint32_t)len, n++, done);
		done += (uint32_t)len - vnet->hdr_len;
		fi.len = (uint32_t)len;
		wire += frame_wire_bytes(&fi, 0);
	}
	must(len == 0 && vnet->hdr_len + done == s->len && n > 1);
	/* The charge for the whole is that for all its parts. */
	must(wire == frame_wire_bytes(&s->fi, vnet->gso_size) && wire >= s->len);
	free(out);
	free(frame);
}

static void check_vnet(const struct subject *s)
{
	uint32_t features = s->head.features;
	struct virtio_net_hdr_v1 out;
	int ret = rebuild(s, &s->head.vnet, &out);

	check_ignored(s, ret, &out);
	if (ret < 0) {
		must(ret == -EMSGSIZE || ret == -EOPNOTSUPP || ret == -EINVAL);
		must(memcmp(&out, &(struct virtio_net_hdr_v1){0}, sizeof(out)) == 0);
		return;
	}
	must(ref_vnet_ok(&out, s->frame, s->len, features, s->head.mtu, 1));
	if (out.flags)
		check_csum_place(s, &out);
	if (out.gso_type)
		check_segments(s, &out);
	else if (out.flags)
		check_completed(s, &out);
	must(vnet_must_segment(&out, &s->fi, 0) == (out.gso_type != 0));
	must(vnet_must_complete(&out, &s->fi, s->frame, s->hdr_len, 0) ==
	     (out.flags && !out.gso_type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct subject s;
	int ret;

	take(&s, data, size);
	ret = parse(s.frame, s.len, &s.fi);
	must((ret == 0) == (s.len >= FRAME_ETH_LEN) && (ret == 0 || ret == -EINVAL));
	if (ret == 0) {
		check_info(&s);
		check_kind(&s);
		check_plain_charge(&s);
		if (judge(&s, s.frame, s.len, &s.fi) == FRAME_OK)
			must(ref_is_own(s.frame, s.len, (const uint8_t *)MK_MAC, s.allowed));
		check_vnet(&s);
	}
	free(s.frame);
	return 0;
}
