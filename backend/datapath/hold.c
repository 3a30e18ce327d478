/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/hold.h"

#include <errno.h>

#include "backend/datapath/core.h"
#include "backend/datapath/ports.h"

/*
 * Theory of operation
 *
 * A bridge, a macvtap and a card without link take what is written to them, and drop it. Only a TAP
 * that is down refuses it. So the control thread, which watches the interfaces, says when frames
 * would be lost. Each LDP that is drawn then leaves the lottery, its head untouched: an LDP whose
 * head goes elsewhere is not held up.
 *
 * A TAP tells of itself when it is up again, since the kernel calls it writable only then.
 */

static void wake(struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (ldp_is_active(l) && l->head == LDP_HEAD_UPLINK)
			sched_wake(dp->tx_sched, l->slot, core_tx_clock_ns(dp));
	}
}

void hold_set(struct dpath *dp, enum link_hold hold)
{
	if (dp->hold == hold)
		return;
	dp->hold = hold;
	wake(dp);
}

bool hold_applies(const struct dpath *dp, int fd)
{
	return dp->hold == LINK_HOLD_ALL ||
	       (dp->hold == LINK_HOLD_EXITS && ports_is_uplink(dp, fd));
}

void hold_park(struct dpath *dp, const struct ldp *l)
{
	sched_sleep(dp->tx_sched, l->slot);
}

bool hold_is_down(int err)
{
	switch (err) {
	case -EIO:
	case -EBADFD:
	case -ENODEV:
	case -ENXIO:
	case -ENETDOWN:
		return true;
	}
	return false;
}
