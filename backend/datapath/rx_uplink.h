/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rx_uplink.h: what the uplink brings, into the LDPs' queues. */
#ifndef DMVL_RX_UPLINK_H
#define DMVL_RX_UPLINK_H

#include <stdbool.h>

struct dpath;

/* Empties the uplink into the queues. True: the budget ran out. */
bool rx_uplink_read(struct dpath *dp);

#endif
