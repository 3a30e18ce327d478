/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An uplink that was deleted is made again, but not by a daemon that is about to end. */
#include "backend/control/control_life.h"

#include <unistd.h>

#include "common/tap.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/fake/netns.h"
#include "tests/unit/tap.h"

static const struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "q0"};

static struct desk *k;

static void never(void *arg)
{
	(void)arg;
}

/* The TAP q0 is gone, and has been for more than a second. */
static void begin(void)
{
	struct control_life *life;

	k = desk_new();
	life = &k->c.life;
	k->c.conf.spec = &spec;
	k->c.loop = loop_new();
	must(k->c.loop);
	life->timer = loop_timer_new(k->c.loop, never, NULL);
	must(life->timer);
	life->up = (struct uplink){.kind = UPLINK_TAP, .fd = -1, .ifname = "q0"};
	control_life_look(&k->c);
	life->since_ns = 1;
	is_str(life->why, "the TAP q0 was deleted", "it is noticed that the TAP was deleted");
	ok(!tap_exists("q0"), "a TAP is not made again at once");
}

/* The frame loop, which is not there, would have the new descriptor. */
static void end(void)
{
	struct msg *m;

	while ((m = (struct msg *)mbox_get(k->c.out))) {
		if (m->type == MSG_UPLINK)
			close(m->uplink.fd);
		free(m);
	}
	if (k->c.life.up.fd >= 0)
		close(k->c.life.up.fd);
	loop_timer_free(k->c.life.timer);
	loop_free(k->c.loop);
	desk_free(k);
}

static void test_repair(void)
{
	begin();
	control_life_look(&k->c);
	ok(tap_exists("q0"), "a TAP that was deleted is made again");
	ok(control_life_carrier(&k->c), "guests have a carrier when the TAP was made again");
	end();
	ok(!tap_exists("q0"), "the TAP goes with its descriptors");
}

static void test_quitting(void)
{
	begin();
	k->c.quitting = true;
	control_life_look(&k->c);
	ok(!tap_exists("q0"), "a daemon that is about to end makes no TAP");
	end();
}

int main(void)
{
	if (!netns_enter()) {
		tap_skip("a TAP is made again", "not root");
		return done_testing();
	}
	test_repair();
	test_quitting();
	return done_testing();
}
