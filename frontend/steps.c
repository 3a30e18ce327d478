/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/steps.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "common/tap.h"
#include "common/wire.h"

/*
 * Theory of operation
 *
 * Each step does one thing and, where the protocol has it, writes one state, last. A step that
 * fails leaves nothing behind that it made; the pause before it is tried again grows with each
 * failure and is forgotten when a connection has lasted a while.
 *
 * The vchan is this thread's until AGENT_UP and again after AGENT_DOWN; both wait until the
 * frame thread has acted, and the frame thread never waits for this one.
 */
#define GOOD_NS 10000000000ull /* a connection of this age forgives failures */

/* Ethernet with two VLAN tags. */
#define FRAME_OVERHEAD (WIRE_FRAME_MAX - 65535u)

/* --- towards the frame thread --- */

static void tell_frames(struct agent_control *c, enum agent_word word, bool resumed)
{
	struct agent_msg m = {
		.word = word,
		.v = c->server.v,
		.offloads = c->offloads,
		.resumed = resumed,
		.seq = c->seq,
	};
	sem_t done;

	sem_init(&done, 0, 0);
	m.done = &done;
	mbox_put(c->out, &m.msg);
	while (sem_wait(&done) < 0 && errno == EINTR)
		;
	sem_destroy(&done);
}

static void link_stop(struct agent_control *c, bool resumed)
{
	if (!c->up)
		return;
	tell_frames(c, AGENT_DOWN, resumed);
	c->up = false;
	loop_timer_cancel(c->announce);
}

/* --- keeping quiet about what was said already --- */

void agent_control_complain(struct agent_control *c, enum log_level level, const char *fmt, ...)
{
	char text[sizeof(c->complaint)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strcmp(text, c->complaint) == 0)
		return;
	memcpy(c->complaint, text, sizeof(text));
	log_at(level, "%s", text);
}

/* --- steps --- */

/* Whether another attempt at once may fail as this one did; a backend that left comes back in its
 * own time. */
static bool is_failure(const struct agent_control *c)
{
	if (!c->server.v)
		return false; /* what an agent left that died */
	return vchan_peer_waiting(c->server.v) || (c->failure && vchan_is_open(c->server.v));
}

static void count_failure(struct agent_control *c)
{
	uint64_t now = loop_now_ns();

	if (c->up_since_ns && now - c->up_since_ns >= GOOD_NS)
		c->failures = 0;
	c->up_since_ns = 0;
	c->failures++;
	c->hold_until_ns = now + agent_hs_backoff_ns(c->failures);
}

static int write_state(struct agent_control *c, enum xenbus_state state)
{
	int ret = agent_device_set_state(&c->dev, state);

	if (ret < 0) {
		agent_control_complain(c, LOG_ERROR, "cannot write the own state: %s",
				       strerror(-ret));
		return ret;
	}
	c->wrote = state;
	log_debug("state %s", schema_state_name(state));
	sd_notifyf(0, "STATUS=%s", schema_state_name(state));
	return 0;
}

static const char *serve_hint(int err)
{
	switch (err) {
	case -ENOSPC:
		return " (the grant limit: raise the option limit= of the module xen_gntalloc, or "
		       "use a smaller --ring-order)";
	case -EMFILE:
		return " (too many open files)";
	case -ENOENT:
	case -ENODEV:
		return " (are the modules xen_gntalloc and xen_evtchn loaded?)";
	}
	return "";
}

static void configure_tap(struct agent_control *c, const struct agent_offer *offer, unsigned order)
{
	uint32_t limit = wire_frame_limit(1u << order) - FRAME_OVERHEAD;
	uint32_t mtu = offer->mtu < limit ? offer->mtu : limit;
	const char *name = c->opts->ifname;
	uint8_t mac[6];
	int ret = 0;

	if (mtu < offer->mtu)
		log_warning("mtu %u does not fit a ring of order %u: using %u", offer->mtu, order,
			    mtu);
	if (offer->has_mac && (tap_get_mac(name, mac) < 0 || memcmp(mac, offer->mac, 6) != 0))
		ret = tap_set_mac(name, offer->mac);
	if (ret < 0)
		log_warning("%s: cannot set the MAC address: %s", name, strerror(-ret));
	ret = tap_set_mtu(name, mtu);
	if (ret < 0)
		log_warning("%s: cannot set the MTU to %u: %s", name, mtu, strerror(-ret));
}

/* What crosses without being segmented first: what the backend takes, the kernel knows, and the
 * ring can hold. */
static uint32_t choose_offloads(uint32_t offered, uint32_t tap, unsigned order)
{
	uint32_t offloads = offered & tap;

	if (!(offloads & TAP_CSUM))
		return 0;
	if (wire_frame_limit(1u << order) < WIRE_FRAME_MAX)
		offloads &= TAP_CSUM;
	return offloads;
}

static int open_steps(struct agent_control *c, const struct agent_view *view)
{
	unsigned order = c->opts->ring_order;
	struct agent_offer offer;
	int ret = agent_device_read_offer(&c->dev, &offer);

	if (ret < 0) {
		agent_control_complain(c, LOG_ERROR, "cannot read the backend's offers: %s",
				       strerror(-ret));
		return ret;
	}
	if (!offer.version_ok) {
		agent_control_complain(c, LOG_ERROR,
				       "the backend does not speak protocol version %d",
				       WIRE_VERSION);
		return -EPROTO;
	}
	if (order > offer.max_ring_order)
		order = offer.max_ring_order;
	c->offloads = choose_offloads(offer.offloads, c->tap_offloads, order);
	configure_tap(c, &offer, order);
	ret = server_open(&c->server, &c->dev, order);
	if (ret < 0) {
		agent_control_complain(c, LOG_ERROR, "cannot serve a vchan of ring order %u: %s%s",
				       order, strerror(-ret), serve_hint(ret));
		return ret;
	}
	c->was_open = false;
	c->failure = NULL;
	memcpy(c->generation, view->generation, sizeof(c->generation));
	ret = agent_device_answer(&c->dev, c->offloads, order);
	if (ret == 0)
		ret = write_state(c, XenbusStateInitialised);
	if (ret < 0) {
		agent_control_complain(c, LOG_ERROR, "cannot publish the vchan: %s",
				       strerror(-ret));
		server_end(&c->server, &c->dev);
	}
	return ret;
}

static int step_open(struct agent_control *c, const struct agent_view *view)
{
	int ret = open_steps(c, view);

	if (ret < 0)
		count_failure(c);
	return ret;
}

static int step_connect(struct agent_control *c)
{
	c->complaint[0] = '\0';
	c->up_since_ns = loop_now_ns();
	c->announced_log = c->announced_demand = 0;
	c->seq++;
	tell_frames(c, AGENT_UP, false);
	c->up = true;
	loop_timer_set(c->announce, ANNOUNCE_NS);
	log_notice("%s connected", c->opts->ifname);
	return write_state(c, XenbusStateConnected);
}

static int step_closing(struct agent_control *c)
{
	link_stop(c, false);
	if (c->failure)
		agent_control_complain(c, LOG_WARNING, "%s disconnected: %s", c->opts->ifname,
				       c->failure);
	else
		log_notice("%s disconnected", c->opts->ifname);
	c->closing_since_ns = loop_now_ns();
	if (is_failure(c))
		count_failure(c);
	return write_state(c, XenbusStateClosing);
}

static int step_closed(struct agent_control *c)
{
	server_end(&c->server, &c->dev);
	c->failure = NULL;
	return write_state(c, XenbusStateClosed);
}

static int step_rebuild(struct agent_control *c)
{
	link_stop(c, true);
	server_end(&c->server, &c->dev);
	c->failure = NULL;
	c->failures = 0;
	c->hold_until_ns = 0;
	log_notice("%s: connecting anew", c->opts->ifname);
	return 0;
}

static int step_done(struct agent_control *c)
{
	link_stop(c, false);
	loop_stop(c->loop);
	return -ECANCELED;
}

int step_perform(struct agent_control *c, enum agent_hs_action action,
		 const struct agent_view *view)
{
	switch (action) {
	case AGENT_HS_WAIT:
		break;
	case AGENT_HS_OPEN:
		return step_open(c, view);
	case AGENT_HS_CONNECT:
		return step_connect(c);
	case AGENT_HS_CLOSING:
		return step_closing(c);
	case AGENT_HS_CLOSED:
		return step_closed(c);
	case AGENT_HS_RESET:
		return write_state(c, XenbusStateInitialising);
	case AGENT_HS_REBUILD:
		return step_rebuild(c);
	case AGENT_HS_DONE:
		return step_done(c);
	}
	return -EAGAIN;
}
