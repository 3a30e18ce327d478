/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the LDPs and the host get of an exit, which exits are shared, and what tc(8) is told. */
#include "backend/uplink/share.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/tap.h"

#define MBIT 1000000ull

/* --- rates ------------------------------------------------------------------------------------ */

static struct share_wish wish(void)
{
	return (struct share_wish){
		.capacity_bps = 100 * MBIT,
		.weight = 256,
		.min_bps = SHARE_MIN_AUTO,
		.ldp_weights = 256,
	};
}

static void host_is(const struct share_wish *w, uint64_t bps, const char *what)
{
	is_int(share_rates(w).host_bps, bps, "%s", what);
}

static void test_weights(void)
{
	struct share_wish w = wish();

	host_is(&w, 50 * MBIT, "of equal weights the host has half");
	w.ldp_weights = 3 * 256;
	host_is(&w, 25 * MBIT, "beside three times its weight the host has a quarter");
	w.ldp_weights = 99 * 256;
	host_is(&w, 5 * MBIT, "beside many LDPs the host has 5 %% by default");
	w.min_bps = 0;
	host_is(&w, 1 * MBIT, "with host-min 0 the host has what its weight gives");
	w.min_bps = 30 * MBIT;
	host_is(&w, 30 * MBIT, "the host has its host-min");
	w.max_bps = 20 * MBIT;
	host_is(&w, 20 * MBIT, "the host has no more than its host-max");
	is_int(share_rates(&w).host_max_bps, 20 * MBIT, "the host borrows up to host-max");
	w = wish();
	is_int(share_rates(&w).host_max_bps, 100 * MBIT, "without host-max the host borrows all");
	w.ldp_weights = 0;
	host_is(&w, 95 * MBIT, "without LDPs 5 %% stay free of the host");
}

static void test_minima(void)
{
	struct share_wish w = wish();

	w.ldp_minima_bps = 72 * MBIT;
	host_is(&w, 20 * MBIT, "the LDPs' minima go before the host's weight");
	w.ldp_minima_bps = 200 * MBIT;
	host_is(&w, 5 * MBIT, "the host's minimum goes before the LDPs' minima");
	is_int(share_host_min_bps(&w), 5 * MBIT, "the default host-min is 5 %%");
	w.min_bps = 99 * MBIT;
	is_int(share_host_min_bps(&w), 95 * MBIT, "the host's minimum leaves 5 %% to the LDPs");
	w.max_bps = 1 * MBIT;
	is_int(share_host_min_bps(&w), 1 * MBIT, "the host's minimum is no more than host-max");
}

/* Any wish gives each class a rate, and no more than there is. */
static void test_extremes(void)
{
	static const uint64_t bps[] = {0, 1, 1000, 8000, MBIT, 1000000 * MBIT};
	struct share_wish w = wish();
	unsigned bad = 0;
	struct share_rates r;

	for (unsigned i = 0; i < 6 * 6 * 6; i++) {
		w.capacity_bps = bps[i % 6];
		w.min_bps = bps[i / 6 % 6];
		w.max_bps = bps[i / 36];
		r = share_rates(&w);
		bad += r.host_bps > r.capacity_bps || r.host_max_bps < r.host_bps / 2;
		bad += w.capacity_bps >= 160000 &&
		       (r.host_bps == 0 || r.host_bps == w.capacity_bps);
	}
	is_int(bad, 0, "extreme rates give each class a part of the capacity");
}

/* --- what may be shared ----------------------------------------------------------------------- */

static struct share_port port(const char *root, uint32_t handle)
{
	struct share_port p = {.exit = "eth0", .tap = "dmvl-up"};

	snprintf(p.found.root, sizeof(p.found.root), "%s", root);
	p.found.root_handle = handle;
	if (strcmp(root, "tbf") == 0)
		p.found.tbf = (struct qdisc_tbf){50 * MBIT, 20000, 400000, true};
	return p;
}

static void may(enum share_mode mode, struct share_port p, const char *reason, const char *what)
{
	char why[SHARE_WHY_MAX];
	bool is = share_may(mode, &p, why);

	if (!ok(reason ? !is && strstr(why, reason) : is && !why[0], "%s", what))
		diag("%s", why);
}

static void test_may(void)
{
	struct share_port p = port("tbf", 0x80010000);

	may(SHARE_AUTO, port("fq_codel", 0), NULL, "the default qdisc is replaced");
	may(SHARE_AUTO, port("noqueue", 0), NULL, "noqueue is replaced");
	may(SHARE_NO, port("fq_codel", 0), "--share-uplink=no", "an operator may forbid it");
	may(SHARE_AUTO, port("mq", 0), "several transmit queues", "mq is left alone by default");
	may(SHARE_YES, port("mq", 0), NULL, "mq is replaced if the operator says so");
	may(SHARE_YES, port("mq", 0x10000), "qdisc of its own, mq",
	    "an operator's mq is left alone");
	may(SHARE_YES, port("fq", 0x80010000), "qdisc of its own, fq",
	    "an operator's fq is left alone");
	may(SHARE_AUTO, port("", 0), "has no qdisc", "an interface that is down has no qdisc yet");
	may(SHARE_AUTO, p, NULL, "a TBF with its default queue takes the HTB");
	snprintf(p.found.inner, sizeof(p.found.inner), "fq_codel");
	p.found.inner_handle = 0x80020000;
	may(SHARE_AUTO, p, "tbf of eth0 has a qdisc of its own, fq_codel",
	    "a TBF with an operator's queue is left alone");
	p = port("tbf", 0x80010000);
	p.found.tbf.plain = false;
	may(SHARE_AUTO, p, "options", "a TBF with more options is left alone");
}

static void test_own(void)
{
	struct share_port p = port("htb", QDISC_SHARE);

	p.found.shared = true;
	snprintf(p.found.share_tap, sizeof(p.found.share_tap), "dmvl-up");
	may(SHARE_AUTO, p, NULL, "an HTB of our own is found");
	ok(share_stands(&p), "an HTB for our TAP stands");
	p.found.share_tap[0] = '\0';
	ok(!share_stands(&p) && !share_is_foreign(&p),
	   "an HTB for a TAP that is gone is taken over");
	snprintf(p.found.share_tap, sizeof(p.found.share_tap), "other");
	may(SHARE_AUTO, p, "another dmvl-back", "an HTB for another TAP is left alone");
}

static void test_capacity(void)
{
	struct share_port p = port("tbf", 0x80010000), bare = port("noqueue", 0);

	is_int(share_capacity_bps(&p, 0), 50 * MBIT, "a TBF tells the capacity");
	is_int(share_capacity_bps(&p, 40 * MBIT), 40 * MBIT, "a lower configured capacity counts");
	is_int(share_capacity_bps(&p, 60 * MBIT), 50 * MBIT, "a lower rate of a TBF counts");
	is_int(share_capacity_bps(&bare, 60 * MBIT), 60 * MBIT, "a configured capacity counts");
	is_int(share_capacity_bps(&bare, 0), 0, "otherwise no capacity is known");
}

/* --- commands --------------------------------------------------------------------------------- */

static void test_root(void)
{
	struct share_port p = port("noqueue", 0), own = port("htb", QDISC_SHARE);
	struct share_rates r = {100 * MBIT, 25 * MBIT, 60 * MBIT};
	char text[SHARE_TEXT_MAX];

	share_add(&p, text);
	is_str(text, "qdisc add dev eth0 root handle 1d6d: htb default 20\n",
	       "the HTB is the root qdisc");
	share_build(&p, &r, text);
	is_str(text,
	       "class replace dev eth0 parent 1d6d: classid 1d6d:1 htb rate 100000000bit burst "
	       "25000b ceil 100000000bit cburst 25000b overhead 4 quantum 1600\n"
	       "class replace dev eth0 parent 1d6d:1 classid 1d6d:10 htb rate 75000000bit burst "
	       "18750b ceil 100000000bit cburst 25000b overhead 4 quantum 4800\n"
	       "class replace dev eth0 parent 1d6d:1 classid 1d6d:20 htb rate 25000000bit burst "
	       "16384b ceil 60000000bit cburst 16384b overhead 4 quantum 1600\n"
	       "qdisc replace dev eth0 parent 1d6d:10 handle 1d6e: bfifo limit 524288b\n"
	       "qdisc add dev eth0 parent 1d6d:20 handle 1d6f: bfifo limit 262144b\n",
	       "each side has a class and a queue");
	share_filter(&p, text);
	is_str(text,
	       "filter add dev eth0 parent 1d6d: protocol all prio 1 handle 800::1 u32 match u32 0 "
	       "0 indev dmvl-up flowid 1d6d:10\n",
	       "the LDPs' frames are those from the TAP");
	own.found.shared = true;
	share_filter(&own, text);
	ok(strstr(text, "filter del dev eth0 parent 1d6d: protocol all prio 1\nfilter add dev") ==
		   text,
	   "the filter of an HTB that was found is replaced");
	share_undo(&own, text);
	is_str(text, "qdisc del dev eth0 root handle 1d6d:\n",
	       "without it the default qdisc comes back");
}

static void test_refine(void)
{
	struct share_port p = port("htb", QDISC_SHARE), tbf = port("tbf", 0x80010000);
	struct share_rates r = {1000 * MBIT, 25 * MBIT, 60 * MBIT};
	char text[SHARE_TEXT_MAX];

	share_refine(&p, &r, text);
	is_str(text, "qdisc replace dev eth0 parent 1d6d:20 handle 1d70: fq_codel limit 1000\n",
	       "the host's frames have queues of their flows");
	r.capacity_bps = 100 * MBIT;
	share_refine(&p, &r, text);
	is_str(text,
	       "qdisc replace dev eth0 parent 1d6d:20 handle 1d71: tbf rate 10gbit burst 12500b "
	       "limit 262144b\n"
	       "qdisc replace dev eth0 parent 1d71:1 handle 1d72: fq_codel limit 1000\n",
	       "on a slow exit the host's long frames are cut");
	share_refine(&tbf, &r, text);
	ok(!strstr(text, "tbf"), "in a TBF the host's frames are cut by that");
}

static void test_tbf(void)
{
	struct share_port p = port("tbf", 0x80010000);
	struct share_rates r = {50 * MBIT, 10 * MBIT, 50 * MBIT};
	char text[SHARE_TEXT_MAX];

	share_add(&p, text);
	ok(strstr(text, "qdisc add dev eth0 parent 8001:1 handle 1d6d: htb"),
	   "the HTB is in the TBF");
	share_build(&p, &r, text);
	ok(strstr(text, "overhead 0 "), "an HTB at the rate of a TBF counts as the TBF does");
	ok(strstr(text, "1d6e: bfifo limit 400000b") && strstr(text, "1d6f: bfifo limit 400000b"),
	   "in a TBF both queues have its limit");
	share_undo(&p, text);
	is_str(text,
	       "qdisc del dev eth0 parent 8001:1 handle 1d6d:\n"
	       "qdisc change dev eth0 root handle 8001: tbf rate 50000000bit burst 20000b limit "
	       "400000b\n",
	       "a TBF gets its default queue back");
	p.found.tbf.plain = false;
	share_undo(&p, text);
	is_str(text,
	       "qdisc del dev eth0 parent 8001:1 handle 1d6d:\n"
	       "qdisc add dev eth0 parent 8001:1 bfifo limit 400000b\n",
	       "a TBF whose options would be lost gets a queue like its default one");
}

static void test_set(void)
{
	struct share_port p = port("htb", QDISC_SHARE);
	struct share_rates r = {100000 * MBIT, 1 * MBIT, 100000 * MBIT};
	char build[SHARE_TEXT_MAX], set[SHARE_TEXT_MAX];

	share_build(&p, &r, build);
	share_set(&p, &r, set);
	ok(strstr(build, set), "what is set later is a part of what is made first");
	ok(strstr(set, "quantum 60000"), "a quantum is bounded");
	ok(strstr(set, "1d6e: bfifo limit 250000000b"), "a queue grows with the capacity");
}

int main(void)
{
	test_weights();
	test_minima();
	test_extremes();
	test_may();
	test_own();
	test_capacity();
	test_root();
	test_refine();
	test_tbf();
	test_set();
	return done_testing();
}
