/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verdict.h: whether dmvl-back takes the settings that dmvlctl has written. */
#ifndef DMVL_CTL_VERDICT_H
#define DMVL_CTL_VERDICT_H

#include "backend/ctl/change.h"

/* Before change_write(): if the uplink's dmvl-back runs, the change will ask it. */
void verdict_ask(struct ctl *ctl, struct change *change, const char *uplink);

/*
 * After change_write(): waits for the answer, at most ctl->timeout_ns. 0; or EXIT_FAILED, with
 * dmvl-back's sentence on stderr, if it has refused one of the keys. Without an answer it warns.
 * Where none runs, it says that `what` ("the device") waits for one.
 */
int verdict_wait(struct ctl *ctl, const struct change *change, const char *uplink,
		 const char *what);

enum verdict_end {
	VERDICT_GIVEN,
	VERDICT_LATE,  /* ctl->timeout_ns have passed */
	VERDICT_ENDED, /* the dmvl-back of the uplink runs no more */
};

/* Waits until dmvl-back has removed the key at this path, which is how it answers. */
enum verdict_end verdict_removed(struct ctl *ctl, const char *path, const char *uplink);

/* A number that nobody else has, in 16 hex digits. False: the kernel gives none. */
#define VERDICT_NUMBER_MAX 17
bool verdict_number(char out[VERDICT_NUMBER_MAX]);

#endif
