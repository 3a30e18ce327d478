/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/hostile/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/loop.h"
#include "common/xs.h"

#define NS_PER_MS 1000000ull
#define BIT(s)	  (1u << (s))

volatile int peer_stop;

bool peer_over(const struct peer *p)
{
	return peer_stop || loop_now_ns() >= p->end_ns;
}

/* Reads both states, if an event says that they may be others. */
static void refresh(struct peer *p, int wait_ms)
{
	struct pollfd fd = {.fd = agent_device_fd(&p->dev), .events = POLLIN};
	struct agent_view view;

	if (poll(&fd, 1, wait_ms) <= 0)
		return;
	agent_device_drain(&p->dev);
	if (agent_device_look(&p->dev, &view) < 0)
		return;
	p->own = view.own;
	p->back = view.peer;
}

int peer_open(struct peer *p, unsigned id, uint64_t end_ns)
{
	struct agent_view view;
	int ret = agent_device_open(&p->dev, id);

	if (ret < 0)
		return ret;
	p->end_ns = end_ns;
	ret = agent_device_watch(&p->dev);
	if (ret == 0)
		ret = agent_device_look(&p->dev, &view); /* watches the backend from here on */
	if (ret < 0) {
		agent_device_close(&p->dev);
		return ret;
	}
	p->own = view.own;
	p->back = view.peer;
	memcpy(p->back_path, p->dev.back, sizeof(p->back_path));
	p->back_domid = p->dev.back_domid;
	return 0;
}

void peer_mend(struct peer *p)
{
	char id[12];

	snprintf(id, sizeof(id), "%u", p->back_domid);
	peer_write(p, schema_name(KEY_FRONT_BACKEND), p->back_path);
	peer_write(p, schema_name(KEY_FRONT_BACKEND_ID), id);
	refresh(p, 0);
}

void peer_shut(struct peer *p)
{
	peer_drop(p);
	peer_mend(p);
	agent_device_close(&p->dev);
}

/* --- xenstore --- */

void peer_write(struct peer *p, const char *path, const char *value)
{
	char full[SCHEMA_PATH_MAX + 64];

	snprintf(full, sizeof(full), "%s/%s", p->dev.front, path);
	xs_conn_write(p->dev.xs, XS_NO_TXN, full, value); /* refused is fine too */
	p->n.nodes++;
}

void peer_remove(struct peer *p, const char *path)
{
	char full[SCHEMA_PATH_MAX + 64];

	snprintf(full, sizeof(full), "%s%s%s", p->dev.front, *path ? "/" : "", path);
	xs_conn_rm(p->dev.xs, XS_NO_TXN, full);
	p->n.nodes++;
}

void peer_state(struct peer *p, enum xenbus_state state)
{
	agent_device_set_state(&p->dev, state);
	p->own = state;
	p->n.nodes++;
}

/* --- the handshake --- */

bool peer_await(struct peer *p, unsigned states, unsigned ms)
{
	uint64_t now = loop_now_ns(), end = now + ms * NS_PER_MS;

	refresh(p, 0);
	while (!(BIT(p->back) & states)) {
		if (now >= end || peer_over(p))
			return false;
		refresh(p, (int)((end - now) / NS_PER_MS) + 1);
		now = loop_now_ns();
	}
	return true;
}

bool peer_offered(struct peer *p, unsigned ms)
{
	peer_drop(p);
	refresh(p, 0);
	if (p->back == XenbusStateConnected || p->back == XenbusStateClosing) {
		peer_state(p, XenbusStateClosing);
		peer_await(p, ~BIT(XenbusStateConnected), ms);
	}
	/* State 1 again, also where it was: events may have been for what came before. */
	peer_state(p, XenbusStateInitialising);
	return peer_await(p, BIT(XenbusStateInitWait), ms);
}

bool peer_serve(struct peer *p, unsigned order)
{
	size_t size = (size_t)1 << order;

	peer_drop(p);
	p->x = libxenvchan_server_init(NULL, (int)p->back_domid, p->dev.vchan, size, size);
	if (!p->x)
		return false;
	p->x->blocking = 0;
	p->size = 1u << p->x->write.order;
	p->prod = 0;
	return true;
}

bool peer_answer(struct peer *p)
{
	const struct agent_answer answer = {p->offer.offloads, PEER_ORDER,
					    p->offer.sparse && one_in(p, 2)};

	p->sparse = answer.sparse;
	if (agent_device_answer(&p->dev, &answer) < 0)
		return false;
	peer_state(p, XenbusStateInitialised);
	return true;
}

bool peer_connect(struct peer *p)
{
	if (!peer_offered(p, p->patience_ms) || agent_device_read_offer(&p->dev, &p->offer) < 0 ||
	    !peer_serve(p, PEER_ORDER) || !peer_answer(p) ||
	    !peer_await(p, BIT(XenbusStateConnected) | BIT(XenbusStateClosed), 3000) ||
	    p->back != XenbusStateConnected)
		return false;
	peer_state(p, XenbusStateConnected);
	p->n.connects++;
	return true;
}

bool peer_connected(struct peer *p)
{
	refresh(p, 0);
	return p->x && p->back == XenbusStateConnected && !peer_over(p);
}

void peer_drop(struct peer *p)
{
	if (p->x)
		libxenvchan_close(p->x);
	p->x = NULL;
}

void peer_leave(struct peer *p)
{
	peer_state(p, XenbusStateClosing);
	peer_await(p, BIT(XenbusStateClosed) | BIT(XenbusStateInitWait) | BIT(XenbusStateUnknown),
		   1000);
	peer_drop(p);
	peer_state(p, XenbusStateClosed);
}

void peer_part(struct peer *p)
{
	switch (below(p, 3)) {
	case 0:
		peer_leave(p);
		break;
	case 1:
		peer_drop(p);
		break;
	case 2:
		break; /* the next connection finds all as it is */
	}
}

void peer_settle(struct peer *p)
{
	peer_await(p, ~BIT(XenbusStateConnected), 300);
}

/* --- the rings --- */

void peer_put(struct peer *p, const void *data, uint32_t len)
{
	const char *from = data;
	char *ring = p->x->write.buffer;

	while (len > 0) {
		uint32_t pos = p->prod & (p->size - 1);
		uint32_t n = len < p->size - pos ? len : p->size - pos;

		memcpy(ring + pos, from, n);
		p->prod += n;
		from += n;
		len -= n;
	}
}

void peer_publish(struct peer *p)
{
	__atomic_store_n(&p->x->write.shr->prod, p->prod, __ATOMIC_RELEASE);
	p->n.writes++;
	peer_notify(p);
}

void peer_notify(struct peer *p)
{
	xenevtchn_notify(p->x->event, p->x->event_port);
	p->n.events++;
}

static bool has_room(struct peer *p, uint32_t len)
{
	uint32_t cons = __atomic_load_n(&p->x->write.shr->cons, __ATOMIC_ACQUIRE);

	return p->prod - cons + len <= p->size;
}

/* The backend consumes at the rate of this guest's share. */
static bool make_room(struct peer *p, uint32_t len)
{
	const struct timespec moment = {.tv_nsec = (long)NS_PER_MS};

	for (int i = 0; i < 20; i++) {
		if (has_room(p, len))
			return true;
		if (!peer_connected(p))
			return false;
		nanosleep(&moment, NULL);
	}
	return has_room(p, len);
}

bool peer_stage(struct peer *p, const struct wire_hdr *hdr, const void *body, uint32_t len)
{
	static const char padding[WIRE_ALIGN];
	uint32_t pad = wire_size(len) - (uint32_t)sizeof(*hdr) - len;

	if (!make_room(p, wire_size(len)))
		return false;
	peer_put(p, hdr, sizeof(*hdr));
	peer_put(p, body, len);
	peer_put(p, padding, pad);
	p->n.messages++;
	return true;
}

bool peer_send(struct peer *p, const struct wire_hdr *hdr, const void *body, uint32_t len)
{
	if (!peer_stage(p, hdr, body, len))
		return false;
	peer_publish(p);
	return true;
}

void peer_discard(struct peer *p)
{
	struct ring_shared *rx = p->x->read.shr;

	__atomic_store_n(&rx->cons, __atomic_load_n(&rx->prod, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	p->n.writes++;
}
