/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.h: what a device's credit account holds, by the logs of its uplink. */
#ifndef DMVL_CTL_ACCOUNT_H
#define DMVL_CTL_ACCOUNT_H

#include "backend/ctl/ctl.h"
#include "backend/kept/kept_account.h"

/*
 * The balances of this device of the guest with this UUID, both as of now. False: there is no
 * account, or no log that can be read; if that is not as it should be, a warning says so.
 */
bool account_find(struct ctl *ctl, const char *uplink, const char *uuid, unsigned id,
		  struct kept_account *out);

#endif
