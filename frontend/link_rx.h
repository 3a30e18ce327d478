/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_rx.h: messages from the RX ring; frames go to the TAP. Private to link.c. */
#ifndef DMVL_LINK_RX_H
#define DMVL_LINK_RX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/vchan.h"
#include "common/wire.h"

/* Everybody reads, only link_rx.c writes. */
struct link_rx {
	int tap_fd;
	struct vchan *v; /* borrowed; NULL: down */
	struct {
		uint64_t frames, bytes, dropped;
	} n;			   /* since link_rx_up() */
	bool told;		   /* the last link_rx_run() met a credit message */
	struct wire_credit credit; /* the newest one */
};

void link_rx_init(struct link_rx *r, int tap_fd);
void link_rx_up(struct link_rx *r, struct vchan *v);
void link_rx_down(struct link_rx *r);

/*
 * Takes messages up to a budget. *more: the budget was used up, so call again soon; otherwise the
 * backend has been asked for an event. Returns NULL, or why the connection cannot go on (static).
 */
const char *link_rx_run(struct link_rx *r, bool *more);

#endif
