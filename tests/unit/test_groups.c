/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is in which group, and for how long. */
#include "backend/frame/groups.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/mkmcast.h"
#include "tests/unit/tap.h"

#define SEC	1000000000ull
#define MEMBERS 20u
#define WIDE	19u

static struct groups *g;
static uint64_t now = 5 * SEC;

static struct mcast_addr v4(const char *ip)
{
	struct mcast_addr a = {{[10] = 0xff, 0xff}};

	memcpy(a.b + 12, ip, 4);
	return a;
}

static struct mcast_addr numbered(unsigned n)
{
	return v4((char[]){(char)0xef, (char)(n >> 16), (char)(n >> 8), (char)n});
}

static bool join(uint32_t member, uint32_t vlan, const char *ip)
{
	struct mcast_addr a = v4(ip);

	return groups_join(g, member, vlan, &a, now);
}

static void leave(uint32_t member, uint32_t vlan, const char *ip)
{
	struct mcast_addr a = v4(ip);

	groups_leave(g, member, vlan, &a, now);
}

/* Who gets a frame to the group, as "0 3". */
static const char *who(uint32_t vlan, const char *ip, bool exact)
{
	static char text[200];
	struct mcast_target t = {.vlan = vlan, .joinable = true, .exact = exact, .addr = v4(ip)};
	bool in[MEMBERS] = {false};
	struct groups_walk w;
	uint32_t member;
	size_t n = 0;

	mcast_mac(&t.addr, t.mac);
	w = groups_find(g, &t);
	while ((member = groups_next(g, &w, now)) != GROUPS_NONE)
		in[member] = true;
	text[0] = '\0';
	for (uint32_t i = 0; i < MEMBERS; i++) {
		if (in[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", n ? " " : "", i);
	}
	return text;
}

static void begin(void)
{
	groups_free(g);
	g = groups_new(MEMBERS, WIDE, 1234567);
	if (!g)
		abort();
}

static void test_members(void)
{
	begin();
	is_str(who(0, MKM_G1, true), "", "nobody is in a new group");
	join(0, 0, MKM_G1);
	join(3, 0, MKM_G1);
	join(3, 0, MKM_G1);
	join(4, 7, MKM_G1);
	join(5, 0, MKM_G1_2);
	join(6, 0, MKM_G2);
	is_str(who(0, MKM_G1, true), "0 3", "a frame is for the members of its group and VLAN");
	is_str(who(7, MKM_G1, true), "4", "a VLAN has members of its own");
	is_str(who(0, MKM_G1, false), "0 3 5",
	       "a frame known by its MAC address is for all groups that share it");
	is_int(groups_count(g, 3), 1, "a second join is no second group");
	groups_forget(g, 3);
	is_str(who(0, MKM_G1, true), "0", "a member that is gone gets no frames");
	is_int(groups_count(g, 3), 0, "a member that is gone is in no group");
}

static void test_leave(void)
{
	begin();
	join(0, 0, MKM_G1);
	leave(0, 0, MKM_G1);
	leave(1, 0, MKM_G1);
	is_str(who(0, MKM_G1, true), "0", "a leave waits for another host behind the member");
	now += GROUPS_LEAVE_NS - 1;
	is_str(who(0, MKM_G1, true), "0", "a leave waits for the last member query time");
	now += 1;
	is_str(who(0, MKM_G1, true), "", "a leave takes effect without an answer");
	join(0, 0, MKM_G1);
	leave(0, 0, MKM_G1);
	join(0, 0, MKM_G1);
	now += 2 * GROUPS_LEAVE_NS;
	is_str(who(0, MKM_G1, true), "0", "a join takes a leave back");
}

static void test_time(void)
{
	begin();
	join(0, 0, MKM_G1);
	now += 1000 * SEC;
	is_str(who(0, MKM_G1, true), "0", "a member stays as long as nobody asks");
	groups_query(g, 0, true, 255 * SEC, now);
	is_str(who(0, MKM_G1, true), "0", "a querier of MLD does not ask members of IGMP");
	groups_query(g, 3, false, 255 * SEC, now);
	is_str(who(0, MKM_G1, true), "0", "a querier does not ask in other VLANs");
	groups_query(g, 0, false, 255 * SEC, now);
	is_str(who(0, MKM_G1, true), "0", "a new querier gives members time to answer");
	now += 200 * SEC;
	join(1, 0, MKM_G1);
	groups_query(g, 0, false, 255 * SEC, now);
	now += 59 * SEC;
	is_str(who(0, MKM_G1, true), "0 1", "a member may be silent for 260 s");
	now += SEC;
	is_str(who(0, MKM_G1, true), "1", "a member that does not answer is forgotten");
	ok(groups_has_querier(g, 0, false, now) && !groups_has_querier(g, 1, false, now),
	   "a querier is present in its VLAN");
	now += 195 * SEC;
	ok(!groups_has_querier(g, 0, false, now), "a querier that is silent is gone");
	now += 1000 * SEC;
	is_str(who(0, MKM_G1, true), "1", "without a querier members stay");
}

static void test_told(void)
{
	struct mcast_addr a = v4(MKM_G1);

	begin();
	groups_query(g, 0, false, 255 * SEC, now);
	groups_told(g, 0, 0, &a, true);
	now += 254 * SEC;
	groups_query(g, 0, false, 255 * SEC, now);
	now += 254 * SEC;
	is_str(who(0, MKM_G1, true), "0",
	       "a member that was told of stays, though it does not answer");
	groups_told(g, 0, 0, &a, false);
	groups_told(g, 0, 0, &a, false);
	is_str(who(0, MKM_G1, true), "", "a member is gone when that is told");
}

static void test_bounds(void)
{
	struct mcast_addr a;
	bool all = true;

	begin();
	for (unsigned i = 0; i < GROUPS_PER_MEMBER; i++) {
		a = numbered(i + 65536);
		all &= groups_join(g, 0, 0, &a, now);
	}
	ok(all && !groups_crowded(g, 0, now), "a member may be in %u groups", GROUPS_PER_MEMBER);
	ok(!join(0, 0, MKM_G1), "a member may be in no more groups");
	ok(groups_crowded(g, 0, now), "a member with no room for a group is crowded");
	ok(join(1, 0, MKM_G1), "another member has room of its own");
	ok(!groups_crowded(g, 0, now + GROUPS_MEMBER_NS),
	   "a member is crowded for as long as it may be in the group");
	a = numbered(65536);
	groups_leave(g, 0, 0, &a, now);
	now += GROUPS_LEAVE_NS;
	ok(join(0, 0, MKM_G1), "a group that was left makes room");
	all = true;
	for (unsigned i = 0; i < GROUPS_WIDE; i++) {
		a = numbered(i);
		all &= groups_join(g, WIDE, 0, &a, now);
	}
	ok(all && !join(WIDE, 0, MKM_G2), "the network may be in %u groups", GROUPS_WIDE);
}

/* Of an IPv4 address only 23 bits are in the MAC address. */
static struct mcast_addr sharing(unsigned n)
{
	return v4((char[]){(char)(0xe1 + n / 2), (char)(n % 2 ? 0x85 : 5), 6, 7});
}

static void test_sharing(void)
{
	struct mcast_addr a;
	bool all = true;

	begin();
	for (unsigned i = 0; i < GROUPS_PER_MAC; i++) {
		a = sharing(i);
		all &= groups_join(g, 0, 0, &a, now) && groups_join(g, WIDE, 0, &a, now);
	}
	ok(all && !groups_crowded(g, 0, now), "a member may be in %u groups of one MAC address",
	   GROUPS_PER_MAC);
	a = sharing(GROUPS_PER_MAC);
	ok(!groups_join(g, 0, 0, &a, now) && groups_crowded(g, 0, now),
	   "a member may be in no more groups of one MAC address");
	ok(!groups_join(g, WIDE, 0, &a, now), "nor may the network");
	ok(groups_join(g, 0, 7, &a, now), "groups of another VLAN do not count");
	ok(groups_join(g, 1, 0, &a, now), "groups of another member do not count");
	a = sharing(0);
	groups_leave(g, 0, 0, &a, now);
	now += GROUPS_LEAVE_NS;
	a = sharing(GROUPS_PER_MAC);
	ok(groups_join(g, 0, 0, &a, now), "a group that was left makes room for one of its MAC");
}

static void test_queriers(void)
{
	unsigned i = 0, n = 0;
	uint32_t vlan;
	bool v6;

	begin();
	for (vlan = 0; vlan < 3 * GROUPS_QUERIERS; vlan++)
		groups_query(g, vlan, false, 255 * SEC, now);
	while (groups_next_querier(g, &i, &vlan, &v6, now))
		n++;
	is_int(n, 2 * GROUPS_QUERIERS, "a bounded number of queriers is remembered");
	ok(!groups_has_querier(g, 3 * GROUPS_QUERIERS - 1, false, now),
	   "one querier too many is not remembered");
	now += 255 * SEC;
	groups_query(g, 5000, true, 255 * SEC, now);
	ok(groups_has_querier(g, 5000, true, now),
	   "a new querier takes the place of one that went");
	i = 0;
	ok(groups_next_querier(g, &i, &vlan, &v6, now) && vlan == 5000 && v6 &&
		   !groups_next_querier(g, &i, &vlan, &v6, now),
	   "only queriers that are present are visited");
}

/* Joins, leaves and time at random, against a table that is only an array. */
static void test_random(void)
{
	uint64_t rnd = 88172645463325252ull, until[8][8] = {{0}};
	bool leaving[8][8] = {{false}};
	unsigned wrong = 0;

	begin();
	groups_query(g, 0, false, 1000000 * SEC, now);
	for (unsigned n = 0; n < 20000; n++) {
		uint32_t r = mk_rand(&rnd), who_n = r & 7, group = r >> 3 & 7;
		struct mcast_addr a = numbered(group << 7);
		struct mcast_target t = {.joinable = true, .exact = true, .addr = a};
		struct groups_walk w;
		uint32_t member, seen = 0, want = 0;

		now += r >> 10 & 0x1ffffff ? (uint64_t)(r >> 12) * 4000 : 300 * SEC;
		if (r >> 6 & 3) {
			groups_join(g, who_n, 0, &a, now);
			until[who_n][group] = now + GROUPS_MEMBER_NS;
			leaving[who_n][group] = false;
		} else if (until[who_n][group] > now && !leaving[who_n][group]) {
			until[who_n][group] = now + GROUPS_LEAVE_NS;
			leaving[who_n][group] = true;
			groups_leave(g, who_n, 0, &a, now);
		}
		mcast_mac(&a, t.mac);
		w = groups_find(g, &t);
		while ((member = groups_next(g, &w, now)) != GROUPS_NONE)
			seen |= 1u << member;
		for (unsigned i = 0; i < 8; i++)
			want |= until[i][group] > now ? 1u << i : 0;
		wrong += seen != want;
	}
	is_int(wrong, 0, "20,000 joins, leaves and pauses give the members that they should");
}

int main(void)
{
	test_members();
	test_leave();
	test_time();
	test_told();
	test_bounds();
	test_sharing();
	test_queriers();
	test_random();
	groups_free(g);
	return done_testing();
}
