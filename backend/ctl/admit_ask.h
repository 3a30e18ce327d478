/* SPDX-License-Identifier: GPL-2.0-or-later */
/* admit_ask.h: asks the dmvl-back of an uplink whether it would admit a device. */
#ifndef DMVL_CTL_ADMIT_ASK_H
#define DMVL_CTL_ADMIT_ASK_H

#include "backend/ctl/ctl.h"
#include "backend/policy/admission.h"
#include "backend/policy/setting.h"

/*
 * Fills *out. Where no dmvl-back answers, the device is not admitted, and out->error says why;
 * then false. `settings` are of a device, all in xenstore's notation.
 */
bool admit_ask(struct ctl *ctl, const char *uplink, const struct settings *settings,
	       struct admission *out);

#endif
