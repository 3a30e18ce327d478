/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control thread's orders, as the frame loop carries them out and answers them. */
#include "backend/datapath/members.h"

#include <stdlib.h>

#include "backend/datapath/tx_head.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static struct bench *b;

/* The next answer to the control thread, but for statuses; `why` is set where it has a reason. */
static int answer(const char **why)
{
	struct msg *m;
	int type = -1;

	while (type < 0 && (m = bench_mail(b))) {
		if (m->type != MSG_PUBLISH && m->type != MSG_ESTIMATE) {
			type = (int)m->type;
			*why = m->why ? m->why : "";
		}
		free(m);
	}
	return type;
}

static void give(uint32_t slot, const uint8_t *src)
{
	static const struct virtio_net_hdr_v1 plain;
	static struct mk m;

	mk_eth(&m, MK_OTHER, (const char *)src, 0x88b5);
	mk_payload(&m, 86);
	bench_give(b, slot, &plain, m.b, m.len);
}

/* How many frames leave in a turn. */
static unsigned leave(void)
{
	bench_turn(b);
	return bench_drain(b);
}

static void test_add(void)
{
	struct ldp_conf conf = bench_ldp_conf(0);
	const char *why;

	b = bench_new_with(3, NULL, NULL);
	ok(bench_add(b, 0, &conf, 12), "an LDP is added");
	is_int(answer(&why), -1, "an LDP that is added is not answered");
	ok(!bench_add(b, 1, &conf, 12), "an LDP with another's MAC address is not added");
	is_int(answer(&why), MSG_REFUSED, "an LDP with another's MAC address is refused");
	is_str(why, "another device on this uplink has the same mac", "a refusal says why");
	conf = bench_ldp_conf(1);
	conf.tx.weight = 0;
	ok(!bench_add(b, 1, &conf, 12), "an LDP without a weight is not added");
	is_int(answer(&why), MSG_REFUSED, "an LDP without a weight is refused");
	conf.tx.weight = 256;
	ok(bench_add(b, 1, &conf, 12), "a slot that was refused takes another LDP");
	give(0, bench_mac(0));
	is_int(leave(), 1, "an LDP whose MAC address another wanted still sends");
	bench_free(b);
}

static void test_delete(void)
{
	const char *why;

	b = bench_new(3);
	give(1, bench_mac(1));
	tx_scan(b->dp, b->guest[1].ldp);
	bench_delete(b, 1);
	is_int(answer(&why), MSG_DELETED, "an LDP that is deleted is answered");
	is_int(leave(), 0, "the frames of an LDP that is deleted go with it");
	is_int(b->dp->members.end, 3, "the slots in use end behind the last LDP");
	bench_delete(b, 2);
	is_int(b->dp->members.end, 1, "the slots in use end behind the last LDP that is left");
	bench_free(b);
}

static void test_configure(void)
{
	struct ldp_conf conf = bench_ldp_conf(0);

	b = bench_new(2);
	give(0, bench_mac(9));
	is_int(leave(), 0, "an address that is not the guest's is refused with a spoof check");
	conf.spoof_check = false;
	bench_configure(b, 0, &conf);
	give(0, bench_mac(9));
	is_int(leave(), 1, "an address that is not the guest's is taken without a spoof check");
	is_int(fdb_lookup(b->dp->fdb, bench_mac(9), b->dp->now_ns), 0,
	       "an address behind a guest is learnt");
	conf.spoof_check = true;
	bench_configure(b, 0, &conf);
	is_int(fdb_lookup(b->dp->fdb, bench_mac(9), b->dp->now_ns), FDB_NONE,
	       "what was learnt of a guest is forgotten when its spoof check comes back");
	is_int(fdb_lookup(b->dp->fdb, bench_mac(0), b->dp->now_ns), 0,
	       "a guest's own address is never forgotten");
	bench_free(b);
}

static void test_freeze(void)
{
	const char *why;

	b = bench_new(1);
	give(0, bench_mac(0));
	tx_scan(b->dp, b->guest[0].ldp);
	bench_freeze(b, 0, true);
	is_int(leave(), 0, "a frozen LDP sends nothing, though a frame waits");
	give(0, bench_mac(0));
	bench_freeze(b, 0, false);
	is_int(leave(), 2, "an LDP that runs again sends what has waited");
	bench_freeze(b, 0, true);
	b->guest[0].chan.live = 0;
	bench_freeze(b, 0, false);
	is_int(answer(&why), MSG_FAILED, "an LDP whose guest left while it was frozen fails");
	is_str(why, "", "a guest that left gives no reason");
	bench_free(b);
}

int main(void)
{
	test_add();
	test_delete();
	test_configure();
	test_freeze();
	return done_testing();
}
