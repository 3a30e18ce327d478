/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_domains.h: what the hypervisor says of the devices' domains. */
#ifndef DMVL_CONTROL_DOMAINS_H
#define DMVL_CONTROL_DOMAINS_H

#include <stdint.h>

struct control;

/* Did the domain of a device end, stop or go on? It may free devices. */
void control_check_domains(struct control *c);

/*
 * Did a guest come back of which something is remembered? Its devices are attached again. Returns
 * when to look next, in nanoseconds; UINT64_MAX: when something changes.
 */
uint64_t control_welcome_back(struct control *c);

#endif
