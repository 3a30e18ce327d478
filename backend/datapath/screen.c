/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/screen.h"

#include <string.h>

#include "backend/datapath/core.h"
#include "backend/datapath/moves.h"
#include "backend/frame/frame_control.h"
#include "backend/frame/frame_service.h"
#include "backend/frame/frame_spoof.h"

/* The frame as the furthest-looking receiver sees it: `fi` itself, or what is unwrapped to *room.
 */
static const struct frame_info *look(const struct frame_info *fi, const uint8_t *hdr,
				     uint32_t hdr_len, struct frame_info *room)
{
	return frame_unwrap(hdr, hdr_len, fi, room) ? room : fi;
}

bool screen_is_control(const struct frame_info *fi, const uint8_t *hdr, uint32_t hdr_len)
{
	struct frame_info room;

	return frame_is_control(look(fi, hdr, hdr_len, &room), hdr, hdr_len);
}

static enum frame_verdict check_kind(const struct ldp *l, const struct frame_info *seen)
{
	const struct ldp_conf *conf = &l->conf;

	if (!conf->control_frames && frame_is_control(seen, l->hdr, l->hdr_len))
		return FRAME_CONTROL;
	/* To be a router excuses nobody from neighbour discovery with its own addresses. */
	if ((!conf->guest_services || conf->spoof_check) &&
	    frame_is_hidden(seen, l->hdr, l->hdr_len))
		return FRAME_HIDDEN;
	if (!conf->guest_services && frame_is_service(seen, l->hdr, l->hdr_len))
		return FRAME_SERVICE;
	return FRAME_OK;
}

static struct linklocal_user user_of(const struct dpath *dp, const struct ldp *l)
{
	return (struct linklocal_user){dp->locals, l->slot, ldp_guest(l), dp->now_ns};
}

static enum frame_verdict check_sender(const struct dpath *dp, const struct ldp *l,
				       const struct frame_info *seen)
{
	const struct ldp_conf *conf = &l->conf;
	struct linklocal_user user = user_of(dp, l);
	enum frame_verdict verdict =
		frame_spoof_check(&l->fi, l->hdr, l->hdr_len, conf->mac, &conf->allowed, &user);

	/* What is wrapped passes only without allowed-ip, but its ARP is not taken for granted. */
	if (verdict == FRAME_OK && seen != &l->fi)
		verdict = frame_spoof_check(seen, l->hdr, l->hdr_len, conf->mac, &conf->allowed,
					    &user);
	return verdict;
}

/* Of a sender that is not checked: for those that are. */
static void note_sender(const struct dpath *dp, const struct ldp *l)
{
	struct linklocal_user user = user_of(dp, l);

	frame_spoof_note(&l->fi, l->hdr, l->hdr_len, &user);
}

/* Most frames: from its own address, while each such address is where it belongs. */
static bool is_at_home(const struct dpath *dp, const struct ldp *l)
{
	return memcmp(l->fi.src, l->conf.mac, 6) == 0 && !fdb_has_moved(dp->fdb);
}

enum frame_verdict screen_check(struct dpath *dp, struct ldp *l)
{
	struct frame_info room;
	const struct frame_info *seen = look(&l->fi, l->hdr, l->hdr_len, &room);
	enum frame_verdict verdict = check_kind(l, seen);

	if (verdict != FRAME_OK)
		return verdict;
	if (l->conf.spoof_check)
		verdict = check_sender(dp, l, seen);
	else
		note_sender(dp, l);
	return verdict == FRAME_OK && !is_at_home(dp, l) ? moves_use(dp, l) : verdict;
}
