/* SPDX-License-Identifier: GPL-2.0-or-later */
/* await.h: at start, waits for what others have yet to start or make, and says for what. */
#ifndef DMVL_AWAIT_H
#define DMVL_AWAIT_H

#include <stdbool.h>

#include "common/loop.h"

#define AWAIT_ERR_MAX 512

/*
 * One attempt. 0: done; -EAGAIN: not yet; -EBUSY: not yet, but for a second at most; or another
 * -errno. If it is not 0, err has one sentence.
 */
typedef int await_try(void *arg, char err[AWAIT_ERR_MAX]);

/* Called while waiting, each time that it is for something else: err; and with "" at the end. */
typedef void await_tell(void *arg, const char *what);

struct await {
	struct loop
		*loop;	  /* it runs while waiting: its callbacks may end the wait by loop_stop() */
	const bool *quit; /* a callback of the loop sets it: no further attempt */
	await_tell *tell; /* or NULL */
	void *arg;	  /* for both */
};

/*
 * Tries, again and again. 0; -EINTR: quit was set; or an attempt's -errno with its sentence. The
 * service manager and the log are told what it waits for.
 */
int await(const struct await *a, await_try *attempt, char err[AWAIT_ERR_MAX]);

#endif
