/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_guest.h: what a guest lacks: what dmvl-front needs, and what starts it. */
#ifndef DMVL_DOCTOR_GUEST_H
#define DMVL_DOCTOR_GUEST_H

#include "common/doctor.h"

void doctor_guest(const struct doctor *d);
/* Does the kernel show a device of dmvl? */
bool doctor_is_guest(const struct doctor *d);

#endif
