/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/stranger.h"

#include <string.h>

#include "backend/datapath/core.h"
#include "backend/msg/msg.h"

/*
 * A guest that bridges others sends frames of both kinds and needs no telling; one whose address
 * was changed sends none that pass.
 */
#define FRAMES	 3u
#define REST_NS	 NS_PER_SEC
#define AGAIN_NS (10 * NS_PER_SEC)

static void tell(struct dpath *dp, struct ldp *l, bool on)
{
	struct msg *m = msg_new(MSG_STRANGER, l->slot);

	l->stranger.told = on;
	l->stranger.told_ns = dp->now_ns;
	m->stranger.on = on;
	memcpy(m->stranger.mac, l->fi.src, sizeof(m->stranger.mac));
	msg_post(dp->out, m);
}

static bool passed(const struct dpath *dp, uint64_t since_ns, uint64_t ns)
{
	return since_ns == 0 || dp->now_ns - since_ns >= ns;
}

static void one_more(struct dpath *dp, struct ldp *l)
{
	if (l->stranger.frames < FRAMES)
		l->stranger.frames++;
	if (!l->stranger.told && l->stranger.frames == FRAMES &&
	    passed(dp, l->stranger.good_ns, REST_NS) && passed(dp, l->stranger.told_ns, AGAIN_NS))
		tell(dp, l, true);
}

void stranger_look(struct dpath *dp, struct ldp *l)
{
	if (l->verdict == FRAME_SPOOF_MAC && memcmp(l->fi.src, l->conf.mac, 6) != 0) {
		one_more(dp, l);
	} else if (l->verdict == FRAME_OK) {
		l->stranger.frames = 0;
		l->stranger.good_ns = dp->now_ns;
		if (l->stranger.told && passed(dp, l->stranger.told_ns, REST_NS))
			tell(dp, l, false);
	}
}
