/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/server.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

/* Without a guard, because somebody killed it or it was told to end, another one is made. */
static void park(struct server *s)
{
	int ret = s->guard ? guard_park(s->guard) : -EPIPE;

	if (ret < 0 && guard_start(s->v, &s->at, &s->guard) == 0)
		ret = guard_park(s->guard);
	if (ret < 0) {
		log_error("cannot park the old event channel: it stays open here, and ending this "
			  "process may crash the guest's kernel");
		return;
	}
	vchan_abandon(s->v);
	log_notice("the device's nodes were replaced, as after a restore: the old event channel is "
		   "parked");
}

int server_open(struct server *s, struct agent_device *d, unsigned order)
{
	int ret;

	s->at.ref_path = d->ring_ref;
	/* First: should the guest be restored while the server is made, it is another number. */
	ret = agent_device_read_domid(d, s->at.domid);
	if (ret == 0)
		ret = vchan_serve(d->back_domid, d->vchan, order, &s->v);
	if (ret < 0)
		goto none;
	ret = agent_device_read_ref(d, s->at.ref);
	if (ret < 0)
		s->at.ref[0] = '\0'; /* perhaps the guest was restored just now */
	if (guard_start(s->v, &s->at, &s->guard) < 0) {
		ret = -EAGAIN;
		goto close_vchan;
	}
	if (ret < 0) {
		park(s);
		goto none;
	}
	return 0;

close_vchan:
	vchan_close(s->v);
none:
	*s = (struct server){0};
	return ret;
}

/* A restore takes all nodes of the device away, so the node tells whether there was one. */
static bool is_current(const struct server *s, struct agent_device *d)
{
	char now[AGENT_DEVICE_REF_MAX];

	return agent_device_read_ref(d, now) == 0 && strcmp(now, s->at.ref) == 0;
}

/* The guard takes its time to end, and the guest may be restored meanwhile: a second look. */
void server_end(struct server *s, struct agent_device *d)
{
	if (!s->v)
		return;
	if (is_current(s, d)) {
		guard_release(s->guard);
		s->guard = NULL;
	}
	if (!s->guard && is_current(s, d))
		vchan_close(s->v);
	else
		park(s);
	*s = (struct server){0};
}

enum agent_hs_end server_look(struct server *s)
{
	if (!s->v)
		return AGENT_HS_END_NONE;
	if (vchan_is_open(s->v)) {
		s->was_open = true;
		return AGENT_HS_END_OPEN;
	}
	return s->was_open || !vchan_peer_waiting(s->v) ? AGENT_HS_END_LOST : AGENT_HS_END_WAITING;
}
