/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/await.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "common/log.h"

#define TRY_NS	200000000ull
#define BUSY_NS 1000000000ull

/* So much longer than TRY_NS that a busy machine does not miss it. */
#define EXTEND "EXTEND_TIMEOUT_USEC=20000000"
/* Others wait for this start, as guests that boot with the host: no longer than a bridge takes. */
#define START_NS 30000000000ull

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

/* Runs the loop for a while. */
static int pass(const struct await *a)
{
	struct loop_timer *t = loop_timer_new(a->loop, stop_loop, a->loop);

	if (!t)
		return -ENOMEM;
	loop_timer_set(t, TRY_NS);
	loop_run(a->loop);
	loop_timer_free(t);
	return *a->quit ? -EINTR : 0;
}

static void tell(const struct await *a, char told[AWAIT_ERR_MAX], const char *what,
		 uint64_t since_ns)
{
	sd_notify(0, loop_now_ns() - since_ns < START_NS ? EXTEND : "READY=1");
	if (strcmp(told, what) == 0)
		return;
	snprintf(told, AWAIT_ERR_MAX, "%s", what);
	if (what[0]) {
		log_notice("waiting: %s", what);
		sd_notifyf(0, "STATUS=waiting: %s", what);
	}
	if (a->tell)
		a->tell(a->arg, what);
}

static bool is_hopeful(int ret, uint64_t since_ns)
{
	return ret == -EAGAIN || (ret == -EBUSY && loop_now_ns() - since_ns < BUSY_NS);
}

int await(const struct await *a, await_try *attempt, char err[AWAIT_ERR_MAX])
{
	uint64_t since_ns = loop_now_ns();
	char told[AWAIT_ERR_MAX] = "";
	int ret = attempt(a->arg, err);

	while (is_hopeful(ret, since_ns)) {
		if (ret == -EAGAIN)
			tell(a, told, err, since_ns);
		ret = pass(a);
		if (ret == 0)
			ret = attempt(a->arg, err);
	}
	if (told[0])
		tell(a, told, "", since_ns);
	return ret;
}
