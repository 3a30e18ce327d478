/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a guard ends, and when it stays. The vchan that it holds and the clock are memory that the
 * test shares with it, xenstore is tests/fake/store.h's, of which the guard has a copy.
 */
#include "frontend/guard.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/loop.h"
#include "tests/fake/must.h"
#include "tests/fake/store.h"
#include "tests/unit/tap.h"

#define REF_PATH "device/dmvl/0/vchan/ring-ref"
#define SECOND	 1000000000ull

struct vchan {
	int fd;
};

/* The test and the guard write these. */
static struct world {
	atomic_int guard;	     /* its process id */
	atomic_bool mapped;	     /* the backend has the rings */
	atomic_bool restored;	     /* at the next look the nodes are those of a restored guest */
	atomic_bool told, kept;	     /* the guard told the backend; keeps the page and the port */
	atomic_uint looks, too_soon; /* at the backend: all, before it was told */
	atomic_ullong now_ns;
} * w;

static struct vchan server;

/* --- of common/vchan.h and common/loop.h, what a guard uses --- */

int vchan_fd(const struct vchan *v)
{
	w->guard = getpid();
	return v->fd;
}

bool vchan_is_open(const struct vchan *v)
{
	(void)v;
	if (!w->told)
		w->too_soon++;
	if (w->restored)
		store_remove(REF_PATH);
	w->looks++;
	return w->mapped;
}

void vchan_say_gone(struct vchan *v)
{
	(void)v;
	w->told = true;
}

void vchan_keep_page(struct vchan *v)
{
	(void)v;
	w->kept = true;
}

uint64_t loop_now_ns(void)
{
	return w->now_ns;
}

/* --- an agent and its guard --- */

static void begin(void)
{
	memset(w, 0, sizeof(*w));
	w->mapped = true;
	w->now_ns = SECOND;
	store_clear();
	store_write(REF_PATH, "8");
	store_write("domid", "3");
}

static struct guard *start(void)
{
	const struct guard_place at = {.ref_path = REF_PATH, .ref = "8", .domid = "3"};
	struct guard *g = NULL;

	must(guard_start(&server, &at, &g) == 0);
	return g;
}

/* An agent makes a guard and is killed. The guard is then a child of this process. */
static void killed_agent(void)
{
	pid_t agent = fork();

	must(agent >= 0);
	if (agent == 0) {
		start();
		raise(SIGKILL);
	}
	must(waitpid(agent, NULL, 0) == agent);
}

static bool guard_ended(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	must(pid >= 0);
	return pid > 0;
}

/* False: the guard ended before, and the test may not wait for that again. */
static bool looked(unsigned times)
{
	const struct timespec pause_time = {.tv_nsec = 1000000};
	unsigned had = w->looks;

	while (w->looks - had < times) {
		if (guard_ended())
			return false;
		nanosleep(&pause_time, NULL);
	}
	return true;
}

enum fate {
	ENDS,
	STAYS, /* keeps what must stay open, and sleeps */
	WAITS, /* looks on at the backend: more often than it has a reason to */
};

/* What becomes of the guard after the test has changed something. It is gone when this returns. */
static enum fate fate(void)
{
	const struct timespec pause_time = {.tv_nsec = 1000000};
	unsigned had = w->looks;
	enum fate f;

	while (!w->kept && w->looks - had < 10) {
		if (guard_ended())
			return ENDS;
		nanosleep(&pause_time, NULL);
	}
	f = w->kept ? STAYS : WAITS;
	kill(w->guard, SIGKILL);
	must(waitpid(w->guard, NULL, 0) == w->guard);
	return f;
}

static void test_waits_until_unmapped(void)
{
	begin();
	killed_agent();
	if (!ok(looked(3), "the guard of a killed agent stays while the backend has the rings"))
		return;
	ok(w->told, "the guard of a killed agent tells the backend");
	is_int(w->too_soon, 0,
	       "the backend is told before the guard looks whether it has the rings");
	w->mapped = false;
	is_int(fate(), ENDS,
	       "the guard of a killed agent ends when the backend has unmapped the rings");
}

static void test_waits_no_longer_than_5_s(void)
{
	begin();
	killed_agent();
	if (!ok(looked(1), "a guard begins to wait for a backend that hangs"))
		return;
	w->now_ns += 5 * SECOND - 1;
	if (!ok(looked(3), "a guard waits 5 s for a backend that hangs"))
		return;
	w->now_ns += 1;
	is_int(fate(), ENDS, "after 5 s a guard ends while the backend hangs");
}

static void test_restored_meanwhile(void)
{
	begin();
	killed_agent();
	if (!ok(looked(1), "a guard waits for the backend before the guest is restored"))
		return;
	w->restored = true;
	is_int(fate(), STAYS, "a guard whose guest is restored while it waits stays");

	begin();
	w->restored = true;
	w->mapped = false;
	killed_agent();
	is_int(fate(), STAYS, "a guard whose guest is restored as the rings are unmapped stays");
}

static void test_restored_before(void)
{
	begin();
	store_remove(REF_PATH);
	killed_agent();
	ok(fate() == STAYS && !w->told, "a guard whose guest was restored stays, and tells nobody");

	begin();
	store_write(REF_PATH, "9");
	store_write("domid", "4");
	killed_agent();
	ok(fate() == STAYS && !w->told,
	   "a guard that finds another server in another domain stays");
}

static void test_newer_agent(void)
{
	begin();
	w->mapped = false;
	store_write(REF_PATH, "9");
	killed_agent();
	is_int(fate(), ENDS, "a guard ends where a newer agent has its server in the same domain");
}

static void test_without_xenstore(void)
{
	begin();
	store_fail(5);
	killed_agent();
	ok(fate() == STAYS && !w->told, "a guard without xenstore stays");
}

/* What a living agent says goes before all that. */
static void test_told_by_agent(void)
{
	begin();
	guard_release(start());
	ok(!w->told && !w->kept, "a guard that is released ends without a word to the backend");

	begin();
	is_int(guard_park(start()), 0, "a guard that is to stay answers its agent");
	ok(fate() == STAYS && !w->told, "a guard that its agent parks stays, and tells nobody");
}

int main(int argc, char **argv)
{
	guard_init(argc, argv);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	server.fd = eventfd(0, EFD_CLOEXEC);
	must(w != MAP_FAILED && server.fd >= 0);
	test_waits_until_unmapped();
	test_waits_no_longer_than_5_s();
	test_restored_meanwhile();
	test_restored_before();
	test_newer_agent();
	test_without_xenstore();
	test_told_by_agent();
	close(server.fd);
	store_clear();
	return done_testing();
}
