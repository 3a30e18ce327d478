/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/capture.h"

#include <assert.h>
#include <string.h>

#include "backend/datapath/core.h"
#include "backend/msg/msg.h"
#include "common/uuid.h"

/*
 * An LDP has a bit for each ring that gets its frames. Without one a frame costs a look at a byte.
 * With one it costs a copy; a ring whose reader is slow loses it. A frame is copied when all is
 * over with it: so each that is counted as sent, received or dropped is copied once. What the guest
 * sends is still in its ring then, behind the headers that were judged.
 *
 * Frames that CoDel drops are only counted: they are dropped where nobody looks into them.
 */
static_assert(CAPRING_MAX <= 8, "l->captures has that many bits");
static_assert(LDP_DROPS <= CAPRING_REASONS, "all have a name");

/* By its UUID a guest is found again after a reboot. */
static bool wants(const struct capsock_request *r, const struct ldp *l)
{
	if (r->id != record_id(l->id.ldp))
		return false;
	if (uuid_is_null(r->uuid) || uuid_is_null(l->id.uuid))
		return r->domid == ldp_guest(l);
	return memcmp(r->uuid, l->id.uuid, sizeof(r->uuid)) == 0;
}

void capture_join(const struct dpath *dp, struct ldp *l)
{
	l->captures = 0;
	for (unsigned i = 0; i < CAPRING_MAX; i++) {
		if (dp->capture.ring[i].shared && wants(&dp->capture.wanted[i], l))
			l->captures |= (uint8_t)(1u << i);
	}
}

static void join_all(const struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		capture_join(dp, l);
}

void capture_begin(struct dpath *dp, const struct msg *m, capture_reason_name *name)
{
	struct capring *r = &dp->capture.ring[m->capture.number];

	capring_open(r, m->capture.mem, m->capture.wanted.snap);
	for (unsigned i = 1; i < LDP_DROPS; i++)
		capring_name(r, i, name(i));
	dp->capture.wanted[m->capture.number] = m->capture.wanted;
	join_all(dp);
	capring_ready(r);
}

void capture_end(struct dpath *dp, unsigned number)
{
	struct msg *m = msg_new(MSG_CAPTURE_ENDED, LDP_SLOT_NONE);

	dp->capture.ring[number].shared = NULL;
	join_all(dp);
	m->capture.number = number;
	msg_post(dp->out, m);
}

void capture_frame(const struct ldp *l, enum ldp_dir dir, unsigned reason, const struct iovec *iov,
		   unsigned iovcnt, uint32_t len)
{
	struct dpath *dp = l->dp;
	struct capring_record r = {.ns = dp->now_ns,
				   .len = len,
				   .dir = dir == LDP_TX ? CAPRING_TX : CAPRING_RX,
				   .reason = (uint16_t)reason};

	for (unsigned i = 0; i < CAPRING_MAX; i++) {
		if (l->captures & 1u << i)
			capring_put(&dp->capture.ring[i], &r, iov, iovcnt);
	}
}
