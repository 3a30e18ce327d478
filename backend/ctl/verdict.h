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

#endif
