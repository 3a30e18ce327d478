/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rx_limit.h: how many bytes each RX queue may hold. */
#ifndef DMVL_RX_LIMIT_H
#define DMVL_RX_LIMIT_H

struct dpath;
struct ldp;

/* A new LDP has received nothing yet. */
void rx_limit_begin(struct ldp *l);

/* Sizes the queues, after attach, detach and changed settings. */
void rx_set_limits(struct dpath *dp);

/* Measures what was delivered, at most each 10 ms, and sizes the queues by it. */
void rx_limit_look(struct dpath *dp);

#endif
