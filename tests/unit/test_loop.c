/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers of a loop: of libevent, and precise ones. */
#include <stddef.h>

#include "common/loop.h"
#include "tests/unit/tap.h"

#define MS    1000000ull
#define HOUR  (3600 * 1000 * MS)
#define DELAY (5 * MS)
#define TICK  (4 * MS) /* a plain timer may be so much early */

struct state {
	struct loop *loop;
	struct loop_timer *first, *second;
	uint64_t fired_ns, again_ns;
	unsigned fired;
	void (*act)(struct state *s);
};

static void on_end(void *arg)
{
	loop_stop(arg);
}

/* What fires first acts on the other one. */
static void on_either(void *arg)
{
	struct state *s = arg;

	s->fired++;
	s->fired_ns = loop_now_ns();
	if (s->act)
		s->act(s);
}

static void cancel_both(struct state *s)
{
	loop_timer_cancel(s->first);
	loop_timer_cancel(s->second);
}

static void move_both(struct state *s)
{
	loop_timer_set(s->first, HOUR);
	loop_timer_set(s->second, HOUR);
}

static void set_again(struct state *s)
{
	if (s->fired == 1)
		loop_timer_set(s->first, s->again_ns);
	else
		loop_stop(s->loop);
}

/* Both are due before the loop runs, which sees that at once. */
static void make_both_due(struct state *s, void (*act)(struct state *s))
{
	uint64_t from = loop_now_ns();

	s->act = act;
	s->fired = 0;
	loop_timer_set(s->first, 0);
	loop_timer_set(s->second, 0);
	while (loop_now_ns() < from + MS)
		;
}

static void run_for_a_while(struct state *s)
{
	struct loop_timer *end = loop_timer_new(s->loop, on_end, s->loop);

	loop_timer_set(end, DELAY);
	loop_run(s->loop);
	loop_timer_free(end);
}

static unsigned run_both(struct state *s, void (*act)(struct state *s))
{
	make_both_due(s, act);
	run_for_a_while(s);
	cancel_both(s);
	return s->fired;
}

static void stop(struct state *s)
{
	loop_stop(s->loop);
}

static void cancel_and_stop(struct state *s)
{
	cancel_both(s);
	loop_stop(s->loop);
}

/* The loop is stopped before the second has its turn. Both are cancelled, before or after. */
static unsigned run_stopped(struct state *s, void (*act)(struct state *s))
{
	make_both_due(s, act);
	loop_run(s->loop);
	if (act == stop)
		cancel_both(s);
	run_for_a_while(s);
	return s->fired;
}

static uint64_t run_again(struct state *s, uint64_t delay_ns)
{
	uint64_t from = loop_now_ns();

	struct loop_timer *end = loop_timer_new(s->loop, on_end, s->loop);

	s->act = set_again;
	s->fired = 0;
	s->again_ns = delay_ns;
	loop_timer_set(s->first, delay_ns);
	loop_timer_set(end, 10000 * MS);
	loop_run(s->loop);
	loop_timer_free(end);
	return s->fired_ns - from;
}

/* The least lateness: the machine may have other work. */
static void test_precision(void)
{
	struct state s = {.loop = loop_new()};
	uint64_t least_ns = HOUR;

	s.first = loop_timer_new_precise(s.loop, on_either, &s);
	for (int i = 0; i < 50; i++) {
		uint64_t took_ns = run_again(&s, MS / 4);

		least_ns = took_ns < least_ns ? took_ns : least_ns;
	}
	ok(least_ns >= MS / 2 && least_ns < MS,
	   "two precise timers of .25 ms one after the other take .5 ms: %llu ns",
	   (unsigned long long)least_ns);
	loop_timer_free(s.first);
	loop_free(s.loop);
}

static void test_timers(const char *kind, uint64_t early_ns,
			struct loop_timer *make(struct loop *, loop_cb *, void *))
{
	struct state s = {.loop = loop_new()};

	s.first = make(s.loop, on_either, &s);
	s.second = make(s.loop, on_either, &s);
	is_int(run_both(&s, NULL), 2, "two %s timers fire once each", kind);
	is_int(run_both(&s, cancel_both), 1, "a %s timer that is cancelled does not fire", kind);
	is_int(run_both(&s, move_both), 1, "a %s timer that is moved does not fire yet", kind);
	is_int(run_stopped(&s, stop), 1, "a %s timer that is cancelled after a stop does not fire",
	       kind);
	is_int(run_stopped(&s, cancel_and_stop), 1,
	       "a %s timer that is cancelled before a stop does not fire", kind);
	ok(run_again(&s, DELAY) >= 2 * (DELAY - early_ns), "a %s timer is not early", kind);
	run_again(&s, 0);
	is_int(s.fired, 2, "a %s timer that is due fires again", kind);
	loop_timer_free(s.first);
	loop_timer_free(s.second);
	loop_free(s.loop);
}

int main(void)
{
	test_timers("plain", TICK, loop_timer_new);
	test_timers("precise", 0, loop_timer_new_precise);
	test_precision();
	loop_timer_cancel(NULL);
	return done_testing();
}
