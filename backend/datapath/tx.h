/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx.h: TX rings -> uplink, and LDP to LDP. */
#ifndef DMVL_TX_H
#define DMVL_TX_H

#include <stdbool.h>

struct dpath;
struct ldp;

/* What a turn sends onto the uplink, and from LDP to LDP. True: the budget ran out. */
bool tx_run(struct dpath *dp);
bool tx_run_local(struct dpath *dp);
/* Both, by turns one of them first, so that each has a part of a ceiling that they share. */
bool tx_run_both(struct dpath *dp);

/*
 * Says on the uplink where the LDP's MAC is now, so that switches learn it (RARP): five times, with
 * growing gaps. False: the uplink is full, and this time does not count.
 */
bool tx_advertise(struct dpath *dp, struct ldp *l);

#endif
