/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame to a group: its target, what it says of groups, and who then gets what. Input: a byte of
 * flags, and the frame. A frame that says `mend` gets the checksums that its lengths ask for.
 */
#include "backend/frame/groups.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/mkframe.h"

enum {
	MEND = 1,
	PADDED = 2, /* the frame is read again with padding behind it */
};

#define NOW	7000000000ull
#define MEMBERS 3u

struct subject {
	uint8_t *frame;
	uint32_t len, hdr_len;
	struct frame_info fi;
};

static void store(uint8_t *p, uint32_t sum)
{
	p[0] = (uint8_t)(~sum >> 8);
	p[1] = (uint8_t)~sum;
}

/* Summed byte pair by byte pair, unlike the product. */
static void mend(struct subject *s)
{
	uint8_t *ip = s->frame + s->fi.l3_off, *msg = s->frame + s->fi.l4_off;
	bool v6 = s->fi.l3 == FRAME_L3_IPV6;
	uint32_t end, n, sum = 0;

	if (s->fi.l4_off == 0)
		return;
	end = s->fi.l3_off + (v6 ? 40u + mk_get16(ip + 4) : mk_get16(ip + 2));
	if (end > s->len || end < s->fi.l4_off + 8u)
		return;
	n = end - s->fi.l4_off;
	if (v6)
		sum = mk_pseudo(s->frame, end, s->fi.l3_off, s->fi.l4_off, 1, 58);
	else
		store(ip + 10, mk_sum(ip, s->fi.l4_off - s->fi.l3_off, mk_get16(ip + 10) ^ 0xffff));
	store(msg + 2, mk_sum(msg, n, sum + (mk_get16(msg + 2) ^ 0xffff)));
}

static bool take(struct subject *s, const uint8_t *data, size_t size)
{
	s->len = (uint32_t)size;
	s->hdr_len = s->len < FRAME_HDR_MAX ? s->len : FRAME_HDR_MAX;
	s->frame = fuzz_block(data, size);
	return frame_parse(s->frame, s->hdr_len, s->len, &s->fi) == 0 && s->fi.is_group;
}

static bool is_group(const struct mcast_addr *a)
{
	return mcast_is_v4(a) ? a->b[12] >> 4 == 14 : a->b[0] == 0xff;
}

static void check_target(const struct subject *s, struct mcast_target *t)
{
	uint8_t *copy = fuzz_block(s->frame, s->hdr_len), mac[6];

	mcast_target(&s->fi, copy, s->hdr_len, t);
	free(copy);
	must(memcmp(t->mac, s->fi.dst, 6) == 0);
	must(s->fi.tags == 2 || t->vlan == (s->fi.vid > 0 ? (uint32_t)s->fi.vid : 0));
	must(s->fi.tags < 2 || t->vlan > 4095);
	if (!t->exact)
		return;
	mcast_mac(&t->addr, mac);
	must(is_group(&t->addr) && memcmp(mac, t->mac, 6) == 0 && t->v6 != mcast_is_v4(&t->addr));
}

/* What a report says, taken by member 0 of an empty table; returns how many changes. */
static unsigned take_changes(struct groups *g, struct mcast_message *m, uint32_t vlan)
{
	struct mcast_addr a;
	unsigned n = 0;
	bool join;

	for (; mcast_next(m, &a, &join); n++) {
		must(is_group(&a) && mcast_is_v4(&a) != m->v6);
		if (join)
			must(groups_join(g, 0, vlan, &a, NOW) || groups_crowded(g, 0, NOW));
		else
			groups_leave(g, 0, vlan, &a, NOW);
		must(groups_count(g, 0) <= n + 1 && groups_count(g, 0) <= GROUPS_PER_MEMBER);
		if (join && !groups_crowded(g, 0, NOW)) {
			struct mcast_target t = {.vlan = vlan,
						 .v6 = m->v6,
						 .exact = true,
						 .addr = a};
			struct groups_walk w;

			mcast_mac(&a, t.mac);
			w = groups_find(g, &t);
			must(groups_next(g, &w, NOW) == 0 &&
			     groups_next(g, &w, NOW) == GROUPS_NONE);
		}
	}
	return n;
}

static unsigned check_message(const struct subject *s, const struct mcast_message *m, uint32_t vlan)
{
	struct groups *g = groups_new(MEMBERS, MEMBERS - 1, 99);
	struct mcast_message again = *m;
	unsigned n;

	must(g && (m->type == MCAST_QUERY || m->querier_ns == 0));
	must(m->querier_ns <= 3600000000000ull && m->v6 == (s->fi.l3 == FRAME_L3_IPV6));
	if (m->querier_ns) {
		groups_query(g, vlan, m->v6, m->querier_ns, NOW);
		must(groups_has_querier(g, vlan, m->v6, NOW + m->querier_ns - 1));
		must(!groups_has_querier(g, vlan, m->v6, NOW + m->querier_ns));
	}
	n = take_changes(g, &again, vlan);
	must(n <= MCAST_RECORDS_MAX && (n == 0 || m->type == MCAST_REPORT));
	groups_forget(g, 0);
	must(groups_count(g, 0) == 0);
	groups_free(g);
	return n;
}

/* The same frame with padding behind it says the same. */
static void check_padded(const struct subject *s, const struct mcast_message *m, unsigned changes)
{
	uint8_t *longer = malloc(s->len + 46);
	struct mcast_message padded;
	struct mcast_addr a;
	struct frame_info fi = s->fi;
	unsigned n = 0;
	bool join;

	must(longer);
	memcpy(longer, s->frame, s->len);
	memset(longer + s->len, 0xa5, 46);
	fi.len += 46;
	mcast_read(&padded, &fi, longer, false);
	while (mcast_next(&padded, &a, &join))
		n++;
	must(m->type == MCAST_BAD || (padded.type == m->type && n == changes));
	free(longer);
}

static void check(struct subject *s, uint8_t flags)
{
	uint8_t *copy = fuzz_block(s->frame, s->hdr_len);
	bool is_message = mcast_is_message(&s->fi, copy, s->hdr_len);
	struct mcast_message m;
	struct mcast_target t;
	unsigned changes;

	free(copy);
	check_target(s, &t);
	if (!is_message)
		return;
	if (flags & MEND)
		mend(s);
	mcast_read(&m, &s->fi, s->frame, false);
	must(m.type != MCAST_REPORT || !s->fi.fragment);
	changes = check_message(s, &m, t.vlan);
	if (flags & PADDED)
		check_padded(s, &m, changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct subject s;

	if (size < 1)
		return 0;
	if (take(&s, data + 1, size - 1))
		check(&s, data[0]);
	free(s.frame);
	return 0;
}
