/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/tap.h"
#include "common/wire.h"
#include "frontend/agent_msg.h"
#include "frontend/netif.h"
#include "frontend/rings.h"

/*
 * Theory of operation
 *
 * Each step does one thing and, where the protocol has it, writes one state, last. A step that
 * fails leaves nothing behind that it made. The pause before the next attempt grows with each
 * failure; a connection that lasted a while resets it.
 *
 * The vchan is this thread's until AGENT_UP and again after AGENT_DOWN; both wait until the frame
 * thread has acted, and the frame thread never waits for this one.
 */
#define GOOD_NS 10000000000ull /* a connection of this age resets the count of failures */

/* The pages of an agent that was killed come back a moment after the backend has let go of them. */
#define PAGES_WAIT_NS	10000000l
#define PAGES_WAITS_MAX 20u

/* Ethernet with two VLAN tags. */
#define FRAME_OVERHEAD (WIRE_FRAME_MAX - 65535u)

void steps_init(struct steps *s, const struct keep *keep, struct agent_device *dev,
		struct mbox *to_frames, uint32_t tap_offloads)
{
	*s = (struct steps){.opts = keep->opts,
			    .keep = keep,
			    .dev = dev,
			    .to_frames = to_frames,
			    .tap_fd = keep->tap_fd,
			    .tap_offloads = tap_offloads,
			    .carrier = true,
			    .closing_since_ns = loop_now_ns()};
}

/* --- towards the frame thread --- */

static void tell_frames(struct steps *s, enum agent_word word, bool resumed)
{
	struct agent_msg m = {
		.word = word,
		.v = s->server.v,
		.offloads = s->offloads,
		.sparse = s->sparse,
		.carrier = s->carrier && !s->leaving,
		.resumed = resumed,
		.seq = s->seq,
	};

	agent_msg_tell(s->to_frames, &m);
}

static void link_stop(struct steps *s, bool resumed)
{
	if (!s->up)
		return;
	tell_frames(s, AGENT_DOWN, resumed);
	s->up = false;
}

void steps_carrier(struct steps *s, bool on)
{
	char name[IFNAMSIZ];

	if (s->carrier == on)
		return;
	s->carrier = on;
	if (!s->up)
		return;
	tell_frames(s, AGENT_CARRIER, false);
	log_notice("%s: the backend's uplink %s", netif_name(s->tap_fd, name),
		   on ? "carries frames again" : "carries no frames: no carrier");
}

/* --- steps --- */

/* Whether the next attempt would probably fail, too, if it began at once. When the backend has
 * left, there is nothing to pause for: the next attempt waits for it anyway. Nor is that an error:
 * Dom0 knows whether its daemon runs, and an update starts the daemon again. */
static bool is_failure(const struct steps *s)
{
	if (!s->server.v)
		return false; /* an earlier agent left the state */
	return vchan_peer_waiting(s->server.v) || (s->failure && vchan_is_open(s->server.v));
}

static void count_failure(struct steps *s)
{
	uint64_t now = loop_now_ns();

	if (s->up_since_ns && now - s->up_since_ns >= GOOD_NS)
		s->failures = 0;
	s->up_since_ns = 0;
	s->failures++;
	s->hold_until_ns = now + agent_hs_backoff_ns(s->failures);
}

static int write_state(struct steps *s, enum xenbus_state state)
{
	int ret = agent_device_set_state(s->dev, state);

	if (ret < 0) {
		complain(&s->said, LOG_ERROR, "cannot write the state of the device: %s",
			 strerror(-ret));
		return ret;
	}
	s->wrote = state;
	log_debug("state %s", schema_state_name(state));
	sd_notifyf(0, "STATUS=%s", schema_state_name(state));
	return 0;
}

/* The log is the guest's; in xenstore the operator of the host can read it. */
static void show_error(struct steps *s, const char *text)
{
	agent_device_show_error(s->dev, text);
	s->shown_error = true;
}

/* What an earlier agent left goes too. */
static void clear_error(struct steps *s)
{
	if (s->shown_error || s->seq == 1)
		agent_device_show_error(s->dev, "");
	s->shown_error = false;
}

static void show_unserved(struct steps *s, int err)
{
	char text[SCHEMA_GUEST_VALUE_MAX + 1];

	if (err == -ENOSPC)
		show_error(s, "no rings: the grant limit (limit= of xen_gntalloc) is reached");
	else if (err == -ENOENT || err == -ENODEV)
		show_error(s, "no rings: xen_gntalloc or xen_evtchn is not loaded");
	else {
		snprintf(text, sizeof(text), "no rings: %s", strerror(-err));
		show_error(s, text);
	}
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

/* The device's MTU, and no more than the rings can hold. */
static uint32_t choose_mtu(uint32_t offered, unsigned order)
{
	uint32_t limit = wire_frame_limit(1u << order) - FRAME_OVERHEAD;

	if (offered <= limit)
		return offered;
	log_warning("mtu %u does not fit a ring of order %u: using %u", offered, order, limit);
	return limit;
}

static int configure(const struct steps *s)
{
	return netif_configure(s->tap_fd, s->offer.has_mac ? s->offer.mac : NULL,
			       choose_mtu(s->offer.mtu, s->order));
}

/* What the backend takes, the kernel can do, and the ring has room for. */
static uint32_t choose_offloads(uint32_t offered, uint32_t tap, unsigned order)
{
	uint32_t offloads = offered & tap;

	if (!(offloads & TAP_CSUM))
		return 0;
	if (wire_frame_limit(1u << order) < WIRE_FRAME_MAX)
		offloads &= TAP_CSUM;
	return offloads;
}

static int read_offer(struct steps *s)
{
	int ret = agent_device_read_offer(s->dev, &s->offer);

	if (ret < 0) {
		complain(&s->said, LOG_ERROR, "cannot read the backend's offers: %s",
			 strerror(-ret));
		return ret;
	}
	if (!s->offer.version_ok) {
		complain(&s->said, LOG_ERROR, "the backend does not speak protocol version %d",
			 WIRE_VERSION);
		show_error(s, "the backend does not speak this agent's protocol version");
		return -EPROTO;
	}
	return 0;
}

/* Before the first connection of this agent, it waits for the pages of the one before. */
static int open_server(struct steps *s, unsigned *waits)
{
	const struct timespec pause_time = {.tv_nsec = PAGES_WAIT_NS};
	int ret;

	while ((ret = server_open(&s->server, s->dev, s->order)) == -ENOSPC && s->seq == 0 &&
	       (*waits)++ < PAGES_WAITS_MAX)
		nanosleep(&pause_time, NULL);
	return ret;
}

/* Without --ring-order the largest rings that the kernel grants. */
static int serve(struct steps *s)
{
	unsigned given = s->opts->ring_order, max = s->offer.max_ring_order, waits = 0;
	int ret;

	s->order = given ? given : rings_fit(s->dev, s->opts->id, max);
	if (s->order > max)
		s->order = max;
	while ((ret = open_server(s, &waits)) == -ENOSPC && !given &&
	       s->order > WIRE_RING_ORDER_MIN)
		s->order--;
	if (ret < 0) {
		complain(&s->said, LOG_ERROR, "cannot serve a vchan of ring order %u: %s%s",
			 s->order, strerror(-ret), serve_hint(ret));
		show_unserved(s, ret);
	}
	return ret;
}

static int publish(struct steps *s)
{
	const struct agent_answer answer = {s->offloads, s->order, s->sparse};
	int ret = agent_device_answer(s->dev, &answer);

	if (ret == 0)
		ret = write_state(s, XenbusStateInitialised);
	if (ret < 0) {
		complain(&s->said, LOG_ERROR, "cannot publish the vchan: %s", strerror(-ret));
		server_end(&s->server, s->dev);
	}
	return ret;
}

static int open_steps(struct steps *s, const struct agent_view *view)
{
	int ret = read_offer(s);

	if (ret < 0)
		return ret;
	ret = serve(s);
	if (ret < 0)
		return ret;
	s->offloads = choose_offloads(s->offer.offloads, s->tap_offloads, s->order);
	s->sparse = s->offer.sparse && s->opts->flows > 0;
	configure(s);
	s->failure = NULL;
	memcpy(s->generation, view->generation, sizeof(s->generation));
	return publish(s);
}

static int step_open(struct steps *s, const struct agent_view *view)
{
	int ret = open_steps(s, view);

	if (ret < 0)
		count_failure(s);
	return ret;
}

static int step_connect(struct steps *s)
{
	char name[IFNAMSIZ];

	complaint_clear(&s->said);
	s->up_since_ns = loop_now_ns();
	s->seq++;
	tell_frames(s, AGENT_UP, false);
	s->up = true;
	clear_error(s);
	keep_on(s->keep, s->generation);
	log_notice("%s connected, with rings of order %u", netif_name(s->tap_fd, name), s->order);
	return write_state(s, XenbusStateConnected);
}

static int step_closing(struct steps *s)
{
	char name[IFNAMSIZ];

	link_stop(s, false);
	netif_name(s->tap_fd, name);
	if (s->failure)
		complain(&s->said, LOG_WARNING, "%s disconnected: %s", name, s->failure);
	else
		log_notice("%s disconnected", name);
	s->closing_since_ns = loop_now_ns();
	if (is_failure(s)) {
		if (s->failure)
			show_error(s, s->failure);
		count_failure(s);
	}
	return write_state(s, XenbusStateClosing);
}

static int step_closed(struct steps *s)
{
	server_end(&s->server, s->dev);
	s->failure = NULL;
	return write_state(s, XenbusStateClosed);
}

static int step_rebuild(struct steps *s)
{
	char name[IFNAMSIZ];

	link_stop(s, true);
	server_end(&s->server, s->dev);
	s->failure = NULL;
	s->failures = 0;
	s->hold_until_ns = 0;
	log_notice("%s: connecting again", netif_name(s->tap_fd, name));
	return 0;
}

static int step_done(struct steps *s)
{
	link_stop(s, false);
	return -ECANCELED;
}

int steps_perform(struct steps *s, enum agent_hs_action action, const struct agent_view *view)
{
	switch (action) {
	case AGENT_HS_WAIT:
		break;
	case AGENT_HS_OPEN:
		return step_open(s, view);
	case AGENT_HS_CONNECT:
		return step_connect(s);
	case AGENT_HS_CLOSING:
		return step_closing(s);
	case AGENT_HS_CLOSED:
		return step_closed(s);
	case AGENT_HS_RESET:
		return write_state(s, XenbusStateInitialising);
	case AGENT_HS_REBUILD:
		return step_rebuild(s);
	case AGENT_HS_DONE:
		return step_done(s);
	}
	return 0;
}

/* --- what comes from outside --- */

void steps_fail(struct steps *s, unsigned seq, const char *why)
{
	if (s->up && seq == s->seq)
		s->failure = why;
}

void steps_uplink_mtu(struct steps *s, uint32_t mtu)
{
	uint32_t was = s->uplink_mtu;

	if (mtu == 0 || mtu == was)
		return;
	s->uplink_mtu = mtu;
	if (was && mtu > was)
		netif_forget_limit(s->tap_fd, was);
}

void steps_stop(struct steps *s)
{
	s->stopping = true;
	s->closing_since_ns = loop_now_ns();
}

static const char *reloaded(bool configured, bool queue_set)
{
	if (configured)
		return queue_set ? "MAC address, MTU and queue length" : "MAC address and MTU";
	return queue_set ? "queue length" : "nothing";
}

void steps_reload(struct steps *s, bool queue_set)
{
	bool connected = s->server.v != NULL, configured = connected && configure(s) == 0;
	char name[IFNAMSIZ];

	log_notice(
		"reload: %s: set again: %s%s; changes of the keys mac and mtu take effect at the "
		"next connection; there is no configuration file",
		netif_name(s->tap_fd, name), reloaded(configured, queue_set),
		connected ? "" : " (not connected)");
}

void steps_report(const struct steps *s)
{
	const char *path = s->dev->back;

	log_notice(
		"report: device %u: state %s%s, backend %s of domain %u, ring order %u, connection "
		"%u, attempts failed in a row: %u",
		s->opts->id, schema_state_name(s->wrote), s->stopping ? ", stopping" : "",
		path[0] ? path : "unknown", s->dev->back_domid, s->order, s->seq, s->failures);
}
