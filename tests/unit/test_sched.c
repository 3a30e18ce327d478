/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched.c: the scheduler's rules one by one: weights, minima, ceilings, calls out of turn. */
#include <errno.h>
#include <stdlib.h>

#include "backend/sched/bucket.h"
#include "backend/sched/heap.h"
#include "backend/sched/rng.h"
#include "tests/unit/sched_link.h"
#include "tests/unit/sched_sound.h"
#include "tests/unit/tap.h"

static const struct sched_rule plain = {.weight = 256};

static void test_rng(void)
{
	/* From the authors' reference code, state 1, 2, 3, 4. */
	static const uint64_t want[] = {11520u,
					0u,
					1509978240u,
					1215971899390074240u,
					1216172134540287360u,
					607988272756665600u};
	struct rng r = {{1, 2, 3, 4}};
	int bad = 0;

	for (unsigned i = 0; i < sizeof(want) / sizeof(*want); i++)
		bad += rng_next(&r) != want[i];
	is_int(bad, 0, "xoshiro256** gives the published numbers");
	rng_seed(&r, 0); /* splitmix64's published first outputs for seed 0 */
	ok(r.s[0] == 0xe220a8397b1dcdafu && r.s[1] == 0x6e789e6aa1b965f4u,
	   "splitmix64 gives the published numbers");
}

static void test_bucket(void)
{
	struct bucket b;
	int64_t at = 0;

	bucket_init(&b, 3, 1000, 0); /* 3 bit/s: a byte every 2.67 s */
	b.tokens_bytes = 0;
	for (uint64_t t = 0; t <= 80000000000ull; t += 7)
		if (t % 1000003 == 0 || t > 79999999990ull)
			bucket_fill(&b, t);
	bucket_fill(&b, 80000000000ull);
	is_int(b.tokens_bytes, 30, "the remainder of a bucket survives being looked at often");
	b.tokens_bytes = -5;
	b.rem = 0;
	bucket_fill(&b, bucket_when_ns(&b, 1) - 1);
	is_int(b.tokens_bytes, 0, "a bucket has no token one nanosecond early");
	bucket_fill(&b, bucket_when_ns(&b, 1));
	is_int(b.tokens_bytes, 1, "a bucket has a token when it is due");
	bucket_fill(&b, UINT64_MAX);
	is_int(b.tokens_bytes, 1000, "a bucket is never above its depth");
	bucket_init(&b, 400000000000u, (int64_t)1 << 40, 0);
	b.tokens_bytes = at;
	bucket_fill(&b, 10000000000u);
	is_int(b.tokens_bytes, 500000000000,
	       "a bucket of 400 Gbit/s fills for 10 s, beyond 64 bits");
}

static void test_heap(void)
{
	struct heap h;
	struct rng r;
	uint64_t when[64] = {0}, last = 0;
	int bad = 0;

	rng_seed(&r, 3);
	if (heap_init(&h, 64))
		abort();
	for (int i = 0; i < 1000; i++) {
		uint32_t id = rng_below(&r, 64);

		if (rng_below(&r, 3)) {
			when[id] = 1 + rng_below(&r, 50);
			heap_set(&h, id, when[id]);
		} else {
			when[id] = 0;
			heap_drop(&h, id);
		}
	}
	while (h.n) {
		uint32_t id = heap_first_id(&h);

		bad += heap_first_ns(&h) < last || heap_first_ns(&h) != when[id];
		last = heap_first_ns(&h);
		when[id] = 0;
		heap_drop(&h, id);
	}
	for (int i = 0; i < 64; i++)
		bad += when[i] != 0;
	is_int(bad, 0, "the heap gives everyone back in order");
	heap_fini(&h);
}

static void test_errors(void)
{
	struct sched *s = sched_new(MAX_IDS, Q, 1);
	struct sched_rule r = plain;

	ok(!sched_new(0, Q, 1) && errno == EINVAL, "a scheduler for nobody is refused");
	ok(!sched_new(SCHED_MAX_LDPS + 1, Q, 1) && errno == EINVAL,
	   "a scheduler for too many is refused");
	ok(!sched_new(1, 63, 1) && !sched_new(1, 65537, 1),
	   "a scheduler with a silly quantum is refused");
	sched_free(NULL);
	is_int(sched_add(s, MAX_IDS, &r), -EINVAL, "an id out of range is not added");
	is_int(sched_add(s, 0, &r), 0, "an LDP is added");
	is_int(sched_add(s, 0, &r), -EEXIST, "an LDP is not added twice");
	is_int(sched_set_rule(s, 1, &r, 0), -ENOENT, "an LDP that is unknown gets no rule");
	r.weight = 0;
	is_int(sched_add(s, 1, &r), -EINVAL, "an LDP of weight 0 is not added");
	r.weight = SCHED_WEIGHT_MAX + 1;
	is_int(sched_set_rule(s, 0, &r, 0), -EINVAL, "an LDP gets no rule of weight 65536");
	r = (struct sched_rule){.weight = 1, .min_bps = 2, .max_bps = 1};
	is_int(sched_add(s, 1, &r), -EINVAL,
	       "an LDP with a minimum above its maximum is not added");
	r = (struct sched_rule){.weight = 1, .min_bps = SCHED_MIN_MAX + 1};
	is_int(sched_set_rule(s, 0, &r, 0), -EINVAL, "a minimum out of range is refused");
	is_int(sched_draw(s, 0), SCHED_NONE, "with nobody awake nobody is drawn");
	sched_wake(s, 5, 0);
	sched_sleep(s, 5);
	sched_served(s, 5, 100, 100, true, 0);
	sched_remove(s, 5);
	sched_wake(s, 99, 0);
	is_int(sched_draw(s, 0), SCHED_NONE, "unknown ids are ignored everywhere");
	ok(sched_next_ns(s) == SCHED_NEVER, "unknown ids do not wait for tokens");
	sched_free(s);
}

static void test_awake(void)
{
	struct sched *s = sched_new(MAX_IDS, Q, 1);

	sched_add(s, 0, &plain);
	sched_add(s, 1, &plain);
	sched_wake(s, 0, 0);
	sched_wake(s, 0, 0);
	is_int(s->top.draw->active_weight, 256, "waking an LDP twice counts it once");
	ok(sched_is_awake(s, 0) && !sched_is_awake(s, 1),
	   "one LDP that was woken is awake and no other");
	is_int(sched_draw(s, 0), 0, "the LDP that is awake is drawn");
	is_int(sched_draw(s, 0), 0, "the LDP that is awake is drawn again until it is served");
	sched_served(s, 0, 100, 100, false, 0);
	is_int(sched_draw(s, 0), SCHED_NONE, "an LDP with an empty queue sleeps");
	sched_wake(s, 0, 0);
	sched_wake(s, 1, 0);
	sched_sleep(s, 0);
	is_int(sched_draw(s, 0), 1, "an LDP that was put to sleep is not drawn");
	sched_remove(s, 1);
	is_int(s->top.draw->active_weight, 0, "an LDP that is removed awake is not counted");
	is_int(sched_draw(s, 0), SCHED_NONE, "an LDP that is removed awake is not drawn");
	is_int(sched_add(s, 1, &plain), 0, "a removed id may come again");
	sched_free(s);
}

static void test_weights(void)
{
	struct link k;
	struct sched_rule r = plain;
	const uint64_t ms100 = 100000000;

	link_start(&k, 1000000000);
	for (uint32_t i = 0; i < 3; i++) {
		r.weight = 256u << i;
		link_add(&k, i, r, i == 2 ? 65550 : i ? 64 : Q);
	}
	link_run(&k, ms100);
	link_run(&k, 5 * ms100);
	for (uint32_t i = 0; i < 3; i++)
		ok(near(link_permille(&k, i, 5 * ms100), (1000 << i) / 7, 3),
		   "weight %u of 1:2:4 gets its share with mixed frame sizes", 1u << i);
	r.weight = 4 * 256;
	sched_set_rule(k.s, 0, &r, k.now_ns);
	link_run(&k, 5 * ms100);
	ok(near(link_permille(&k, 0, 5 * ms100), 400, 4), "a new weight takes effect at once");
	sched_sleep(k.s, 2);
	link_run(&k, 5 * ms100);
	ok(near(link_permille(&k, 0, 5 * ms100), 667, 4), "a sleeper's share goes to the others");
	sched_free(k.s);
}

/* 4:2:1 with factors cut to 1/2, 1 and 2, beside an LDP of the same weight as those together. */
static void test_factor(void)
{
	static const uint32_t factor[] = {0, SCHED_FACTOR_ONE, 5 * SCHED_FACTOR_ONE};
	/* Of the link: the half by weight, and a third each of the idle LDP's half. */
	static const int part[] = {286 + 167, 143 + 167, 71 + 167}, whole[] = {286, 143, 71};
	const uint64_t ms500 = 500000000;
	struct sched_rule r = plain;
	struct link k;

	link_start(&k, 1000000000);
	for (uint32_t i = 0; i < 3; i++) {
		r.weight = 1024u >> i;
		link_add(&k, i, r, i == 2 ? 65550 : i ? 64 : Q);
		sched_set_factor(k.s, i, factor[i]);
	}
	r.weight = 1024 + 512 + 256;
	link_add(&k, 3, r, Q);
	sched_sleep(k.s, 3);
	link_run(&k, 2 * ms500);
	link_run(&k, 2 * ms500);
	for (uint32_t i = 0; i < 3; i++)
		ok(near(link_permille(&k, i, 2 * ms500), part[i], 3),
		   "factors divide what an idle LDP leaves: %u", i);
	is_int(k.s->top.draw->active_weight, 1024 + 512 + 256,
	       "factors leave the weights as they are");
	ok(sched_is_sound(k.s), "factors leave all sums right");
	sched_set_factor(k.s, 0, SCHED_FACTOR_ONE);
	link_run(&k, 2 * ms500);
	/* 2/7 by weight and 4/7 of the idle half: the others' parts of it are one each. */
	ok(near(link_permille(&k, 0, 2 * ms500), 286 + 250, 4),
	   "a new factor takes effect at once");
	sched_set_factor(k.s, 0, 0);
	sched_wake(k.s, 3, k.now_ns);
	link_run(&k, 2 * ms500);
	for (uint32_t i = 0; i < 3; i++)
		ok(near(link_permille(&k, i, 2 * ms500), whole[i], 2),
		   "factors do nothing while nobody is idle: %u", i);
	sched_set_factor(k.s, 7, SCHED_FACTOR_ONE);
	sched_set_factor(k.s, 70000, SCHED_FACTOR_ONE);
	sched_free(k.s);
}

/* A link of half the capacity that minima of 90 % were granted for: nobody is left with nothing. */
static void test_slow_link(void)
{
	const uint64_t second = 1000000000;
	struct link k;

	link_start(&k, 1000000000);
	link_add(&k, 0, (struct sched_rule){.weight = 1, .min_bps = 600000000}, Q);
	link_add(&k, 1, (struct sched_rule){.weight = 1, .min_bps = 300000000}, 65536);
	link_add(&k, 2, (struct sched_rule){.weight = 1000}, Q);
	k.rate_bps = 500000000;
	link_run(&k, second);
	link_run(&k, second);
	ok(near(link_permille(&k, 0, second), 633, 10), "two thirds of the minima have two thirds");
	ok(near(link_permille(&k, 1, second), 317, 10), "one third of the minima has one third");
	ok(near(link_permille(&k, 2, second), 50, 5), "the lottery has a twentieth");
	sched_free(k.s);
}

/* A light LDP beside 64 that always send and are low_latency too. */
static void test_woken_ring(void)
{
	struct sched *s = sched_new(65, Q, 1);
	int late = 0;

	for (uint32_t i = 0; i < 65; i++)
		sched_add(s, i, &(struct sched_rule){.weight = 4, .low_latency = true});
	for (uint32_t i = 0; i < 64; i++)
		sched_wake(s, i, 0);
	for (int i = 0; i < 20000; i++) {
		if (i % 1000 == 0)
			sched_wake(s, 64, 0);
		uint32_t id = sched_draw(s, 0);

		late += i > 1000 && i % 1000 > 8 && id == 64;
		sched_served(s, id, Q, id == 64 ? 100 : Q, id != 64, 0);
	}
	is_int(late, 0, "an LDP that wakes does not wait behind low_latency ones");
	sched_free(s);
}

/* How often others are drawn before an LDP that waits, after its rule has become each of n. */
static int draws_before(const struct sched_rule *rule, int n)
{
	struct sched *s = sched_new(65, Q, 1);
	int draws = 0;

	for (uint32_t i = 0; i < 65; i++) {
		sched_add(s, i, &(struct sched_rule){.weight = 4});
		sched_wake(s, i, 0);
	}
	for (int i = 0; i < 6500; i++)
		sched_served(s, sched_draw(s, 0), Q, Q, true, 0);
	while (draw_ahead(s->top.draw, &s->top.draw->ldp[7]) > -0.2 * (double)(QUANTUM_CREDIT / 4))
		sched_served(s, sched_draw(s, 0), Q, Q, true, 0);
	for (int i = 0; i < n; i++)
		sched_set_rule(s, 7, &rule[i], 0);
	for (; draws < 65 && sched_draw(s, 0) != 7; draws++)
		sched_served(s, sched_draw(s, 0), Q, Q, true, 0);
	sched_free(s);
	return draws;
}

static void test_low_at_once(void)
{
	const struct sched_rule low = {.weight = 4, .low_latency = true};
	const struct sched_rule lighter = {.weight = 3, .low_latency = true};
	const struct sched_rule normal[] = {low, {.weight = 4}};
	int before = draws_before(NULL, 0);

	ok(draws_before(&low, 1) < 3 && before > 3,
	   "low_latency takes effect at the next draws, not at the next wake (before: %d)", before);
	ok(draws_before(&lighter, 1) < 3, "low_latency takes effect at once with another weight");
	is_int(draws_before(normal, 2), before,
	       "low_latency that is taken back has no effect on the next draws");
}

static void test_max_cap(void)
{
	struct sched *s = sched_new(2, Q, 1);

	sched_set_capacity(s, 1000000000);
	sched_add(s, 0, &(struct sched_rule){.weight = 1, .max_bps = 10000000});
	sched_add(s, 1, &(struct sched_rule){.weight = 1, .max_bps = 1000000});
	is_int(sched_ldp_cap_bytes(s, 0), 12500, "a ceiling caps frames at 10 ms");
	is_int(sched_ldp_cap_bytes(s, 1), Q, "a ceiling caps no frame below a quantum");
	sched_set_capacity(s, 100000000);
	is_int(sched_ldp_cap_bytes(s, 0), 2500, "the link caps frames below a ceiling");
	sched_free(s);
}

static void test_max(void)
{
	struct link k;
	struct sched_rule r = {.weight = 256, .max_bps = 10000000, .burst_bytes = 20000};
	const uint64_t ms = 1000000;

	link_start(&k, 1000000000);
	link_add(&k, 0, r, 1000);
	link_run(&k, 1000 * ms);
	is_int(k.sent_bytes[0], 20000 + 1250000,
	       "a ceiling lets burst + rate * time pass, to the byte");
	link_run(&k, 1000 * ms);
	ok(k.sent_bytes[0] >= 1249000 && k.sent_bytes[0] <= 1251000,
	   "a ceiling lets its rate alone pass behind the burst");
	ok(sched_next_ns(k.s) != SCHED_NEVER, "an LDP at its ceiling waits for tokens");
	link_add(&k, 1, plain, Q);
	link_run(&k, 1000 * ms);
	ok(near(link_permille(&k, 0, 1000 * ms), 10, 1) &&
		   near(link_permille(&k, 1, 1000 * ms), 990, 1),
	   "what a ceiling leaves goes to the others");
	r.max_bps = 100000000;
	sched_set_rule(k.s, 0, &r, k.now_ns);
	link_run(&k, 1000 * ms);
	ok(near(link_permille(&k, 0, 1000 * ms), 100, 1), "a higher ceiling takes effect at once");
	r.max_bps = 0;
	sched_set_rule(k.s, 0, &r, k.now_ns);
	link_run(&k, 1000 * ms);
	ok(near(link_permille(&k, 0, 1000 * ms), 500, 2),
	   "an LDP without a ceiling gets half of the link");
	sched_free(k.s);
}

static void test_min(void)
{
	struct link k;
	struct sched_rule r = {.weight = 1, .min_bps = 300000000};
	const uint64_t ms = 1000000;

	link_start(&k, 1000000000);
	link_add(&k, 0, r, 65550);
	for (uint32_t i = 1; i < 4; i++)
		link_add(&k, i, plain, i == 1 ? 65550 : Q);
	link_run(&k, 2000 * ms);
	ok(near(link_permille(&k, 0, 2000 * ms), 300, 3), "a minimum far above the share is kept");
	ok(near(link_permille(&k, 1, 2000 * ms), 233, 3), "weights share what a minimum leaves");
	sched_wake(k.s, 4, k.now_ns);
	link_add(&k, 4, plain, Q);
	link_run(&k, 100 * ms);
	ok(near(link_permille(&k, 4, 100 * ms), 175, 6),
	   "a newcomer beside a minimum gets his share");
	sched_remove(k.s, 4);
	r.weight = 3 * 256;
	sched_set_rule(k.s, 0, &r, k.now_ns);
	link_run(&k, 2000 * ms);
	ok(near(link_permille(&k, 0, 2000 * ms), 500, 4),
	   "a share above the minimum is not added to");
	sched_free(k.s);
}

/* A frame takes from 144 ms to 1.2 us. */
static void test_min_at_any_rate(void)
{
	static const uint32_t sizes[] = {64, 600, 1446, Q};
	uint64_t rate_bps;
	int bad = 0;

	for (rate_bps = 84000; rate_bps < 10000000000; rate_bps *= 3) {
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			struct sched_rule r = {.weight = 1, .min_bps = rate_bps / 4 * 3};
			struct sched_rule small = {.weight = 1, .min_bps = rate_bps / 25};
			uint64_t ns = sizes[i] * 8000000000ull / rate_bps * 10000;
			struct link k;

			link_start(&k, rate_bps);
			link_add(&k, 0, r, sizes[i]);
			link_add(&k, 1, plain, Q);
			for (uint32_t id = 2; id < 6; id++)
				link_add(&k, id, small, Q);
			link_run(&k, ns);
			bad += !near(link_permille(&k, 0, ns), 750, 3);
			for (uint32_t id = 2; id < 6; id++)
				bad += link_permille(&k, id, ns) < 39;
			sched_free(k.s);
		}
	}
	is_int(bad, 0, "minima hold at any rate, for any size of frames");
}

/* Small frames whose charge is ten times their bytes. */
static void test_charge(void)
{
	struct sched_rule r[3] = {{.weight = 256},
				  {.weight = 256, .min_bps = 500000000},
				  {.weight = 256, .max_bps = 10000000, .burst_bytes = 3036}};
	uint64_t now_ns = 0, charged[3] = {0}, wire[3] = {0}, all = 0;
	struct sched *s = sched_new(3, Q, 1);

	sched_set_capacity(s, 1000000000);
	for (uint32_t i = 0; i < 3; i++) {
		sched_add(s, i, &r[i]);
		sched_wake(s, i, 0);
	}
	while (now_ns < 1000000000) {
		uint32_t id = sched_draw(s, now_ns);

		now_ns += 1000 * 8;
		sched_served(s, id, 100, 1000, true, now_ns);
		charged[id] += 1000;
		wire[id] += 100;
		all += 1000;
	}
	ok(near((int)(charged[1] * 1000 / all), 500, 3), "a minimum counts charges");
	ok(near((int)(wire[2] * 8 / 1000), 10000, 30), "a maximum counts wire bytes");
	ok(near((int)(charged[0] * 1000 / all), 400, 3), "shares by weight count charges");
	sched_free(s);
}

static void test_frame_cap(void)
{
	struct sched *s = sched_new(MAX_IDS, Q, 1);

	is_int((int64_t)sched_frame_cap_bytes(s), UINT32_MAX,
	       "frames are not capped while the capacity is not known");
	sched_set_capacity(s, 100000000);
	is_int(sched_frame_cap_bytes(s), 2500, "frames are capped at 200 us");
	sched_set_frame_time(s, 1000000);
	is_int(sched_frame_cap_bytes(s), 12500, "frames are capped at the time that was set");
	sched_set_capacity(s, 1000000);
	is_int(sched_frame_cap_bytes(s), Q, "frames are never capped below a quantum");
	sched_free(s);
}

/* The link carries less than minima were promised. */
static void test_slower(void)
{
	const uint64_t ms = 1000000;
	struct link k;

	link_start(&k, 100000000);
	link_add(&k, 0, (struct sched_rule){.weight = 1, .min_bps = 60000000}, Q);
	link_add(&k, 1, (struct sched_rule){.weight = 1, .min_bps = 20000000}, Q);
	link_add(&k, 3, plain, Q);
	k.rate_bps = 20000000;
	sched_set_capacity(k.s, k.rate_bps);
	link_run(&k, 500 * ms);
	link_run(&k, 2000 * ms);
	ok(near(link_permille(&k, 0, 2000 * ms), 712, 8) &&
		   near(link_permille(&k, 1, 2000 * ms), 238, 8),
	   "minima shrink in proportion to 95 %% of a slower link: %d and %d",
	   link_permille(&k, 0, 2000 * ms), link_permille(&k, 1, 2000 * ms));
	link_add(&k, 2, (struct sched_rule){.weight = 1, .min_bps = 80000000}, Q);
	link_run(&k, 500 * ms);
	link_run(&k, 2000 * ms);
	ok(near(link_permille(&k, 0, 2000 * ms), 356, 8) &&
		   near(link_permille(&k, 2, 2000 * ms), 475, 8),
	   "a minimum that comes on the slower link shrinks with the others: %d and %d",
	   link_permille(&k, 0, 2000 * ms), link_permille(&k, 2, 2000 * ms));
	sched_free(k.s);
}

int main(void)
{
	test_rng();
	test_bucket();
	test_heap();
	test_errors();
	test_awake();
	test_slower();
	test_weights();
	test_factor();
	test_slow_link();
	test_woken_ring();
	test_low_at_once();
	test_max_cap();
	test_max();
	test_min();
	test_min_at_any_rate();
	test_charge();
	test_frame_cap();
	return done_testing();
}
