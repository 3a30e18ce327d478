/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl detach: take a device away.
 *
 * Theory of operation: online=0 and state 5 in the backend directory ask both sides to close, the
 * backend first (it unmaps the guest's pages, then says 6), the guest's agent after it. Their nodes
 * go when both are closed. Nobody is waited for without end:
 *   - a guest that is gone or dying, or whose agent never opened the device, counts as closed;
 *   - where no dmvl-back answers in half of the time, nothing is mapped that could still be
 *     unmapped, and 6 is written in its place, so that the agent can close;
 *   - after all of the time the nodes go whatever the states are, with a warning.
 * A device that was attached anew meanwhile has another generation and is left alone.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/dom.h"
#include "common/log.h"

/* How often to look whether the guest still lives, which no watch tells. */
#define LOOK_MS 250

struct closing {
	struct target target;
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	char generation[32]; /* "" when there is none */
	bool in_place;	     /* 6 was written for the backend */
	bool clean;	     /* both sides closed by themselves */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Is this still the device that we began to close? */
static bool is_ours(struct ctl *ctl, uint32_t t, const struct closing *c)
{
	char generation[sizeof(c->generation)];

	if (ctl_read_key(ctl, t, c->back, KEY_BACK_GENERATION, generation, sizeof(generation)) < 0)
		generation[0] = '\0';
	return strcmp(generation, c->generation) == 0;
}

static int ask(struct ctl *ctl, uint32_t t, void *arg)
{
	struct closing *c = arg;
	int ret;

	if (!xs_conn_exists(ctl->xs, t, c->back))
		return xs_conn_exists(ctl->xs, t, c->front) ? 0 : -ENOENT;
	if (ctl_read_key(ctl, t, c->back, KEY_BACK_GENERATION, c->generation,
			 sizeof(c->generation)) < 0)
		c->generation[0] = '\0';
	ret = ctl_write_key(ctl, t, c->back, KEY_BACK_ONLINE, "0");
	if (ret < 0 || ctl_read_state(ctl, t, c->back, KEY_BACK_STATE) == XenbusStateClosed)
		return ret;
	return ctl_write_state(ctl, t, c->back, KEY_BACK_STATE, XenbusStateClosing);
}

static int close_in_place(struct ctl *ctl, uint32_t t, void *arg)
{
	struct closing *c = arg;

	if (!is_ours(ctl, t, c) ||
	    ctl_read_state(ctl, t, c->back, KEY_BACK_STATE) == XenbusStateClosed)
		return 0;
	c->in_place = true;
	return ctl_write_state(ctl, t, c->back, KEY_BACK_STATE, XenbusStateClosed);
}

/* Remove a directory; it may be gone. */
static int remove_dir(struct ctl *ctl, uint32_t t, const char *dir)
{
	int ret = xs_conn_rm(ctl->xs, t, dir);

	return ret == -ENOENT ? 0 : ret;
}

/* Remove the parent of dir if that was its last child. */
static int remove_empty_parent(struct ctl *ctl, uint32_t t, const char *dir)
{
	char parent[SCHEMA_PATH_MAX], **names;
	unsigned count;
	int ret;

	snprintf(parent, sizeof(parent), "%s", dir);
	*strrchr(parent, '/') = '\0';
	ret = xs_conn_list(ctl->xs, t, parent, &names, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	free(names);
	return count == 0 ? remove_dir(ctl, t, parent) : 0;
}

static int remove_nodes(struct ctl *ctl, uint32_t t, void *arg)
{
	const struct closing *c = arg;
	int ret;

	if (!is_ours(ctl, t, c))
		return 0;
	ret = remove_dir(ctl, t, c->back);
	if (ret >= 0)
		ret = remove_dir(ctl, t, c->front);
	if (ret >= 0)
		ret = remove_empty_parent(ctl, t, c->back);
	if (ret >= 0)
		ret = remove_empty_parent(ctl, t, c->front);
	return ret;
}

/* Of an agent that never came, or is closed; of a guest that is gone. */
static bool frontend_is_closed(struct ctl *ctl, struct dom_conn *dom, const struct closing *c)
{
	enum xenbus_state state = ctl_read_state(ctl, XS_NO_TXN, c->front, KEY_FRONT_STATE);
	struct dom_info info;

	if (state == XenbusStateClosed || state == XenbusStateInitialising ||
	    !xs_conn_exists(ctl->xs, XS_NO_TXN, c->front))
		return true;
	return dom_info(dom, c->target.domid, &info) == 0 && (!info.exists || info.dying);
}

/* Sleep until a watch fires, or a moment passes, or end comes. */
static void await(struct ctl *ctl, uint64_t end)
{
	struct pollfd fd = {.fd = xs_conn_fd(ctl->xs), .events = POLLIN};
	uint64_t now = now_ns(), left_ms = now < end ? (end - now) / 1000000 + 1 : 0;
	struct xs_event event;

	poll(&fd, 1, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
	while (xs_conn_next(ctl->xs, &event))
		xs_event_free(&event);
}

/* Wait for both sides, as long as the options say. 0 or -errno. */
static int wait_closed(struct ctl *ctl, struct dom_conn *dom, struct closing *c, bool served)
{
	uint64_t start = now_ns(), end = start + ctl->timeout_ns;
	uint64_t patience = served ? start + ctl->timeout_ns / 2 : start;

	for (;;) {
		enum xenbus_state back = ctl_read_state(ctl, XS_NO_TXN, c->back, KEY_BACK_STATE);
		uint64_t now = now_ns();
		int ret;

		if (!is_ours(ctl, XS_NO_TXN, c) || back == XenbusStateUnknown) {
			c->clean = true; /* removed by the backend, or attached anew */
			return 0;
		}
		if (back == XenbusStateClosed && frontend_is_closed(ctl, dom, c)) {
			c->clean = !c->in_place || !served;
			return 0;
		}
		if (now >= end)
			return 0;
		if (back != XenbusStateClosed && now >= patience) {
			ret = ctl_transaction(ctl, close_in_place, c);
			if (ret < 0)
				return ret;
			continue;
		}
		await(ctl, end);
	}
}

static int watch(struct ctl *ctl, const struct closing *c)
{
	int ret = xs_conn_watch(ctl->xs, c->back, "back");

	return ret < 0 ? ret : xs_conn_watch(ctl->xs, c->front, "front");
}

static int report(struct ctl *ctl, const struct closing *c)
{
	struct json_object *object;

	if (!c->clean)
		log_warning("device %u of domain %u was removed, but %s did not close it in time",
			    c->target.id, c->target.domid,
			    c->in_place ? "dmvl-back" : "the guest's agent");
	if (!ctl->json)
		return 0;
	object = json_object_new_object();
	json_object_object_add(object, "domid", json_object_new_int64(c->target.domid));
	json_object_object_add(object, "id", json_object_new_int64(c->target.id));
	json_object_object_add(object, "clean", json_object_new_boolean(c->clean));
	return json_print(object);
}

/* From the question to the removal. 0 or -errno. */
static int detach(struct ctl *ctl, struct dom_conn *dom, struct closing *c)
{
	char uplink[SCHEMA_GUEST_VALUE_MAX];
	int ret = ctl_transaction(ctl, ask, c);

	if (ret < 0)
		return ret;
	if (ctl_read_key(ctl, XS_NO_TXN, c->back, KEY_BACK_UPLINK, uplink, sizeof(uplink)) < 0)
		snprintf(uplink, sizeof(uplink), "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
	ret = watch(ctl, c);
	if (ret >= 0)
		ret = wait_closed(ctl, dom, c, ctl_uplink_is_served(ctl, uplink));
	return ret < 0 ? ret : ctl_transaction(ctl, remove_nodes, c);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct closing c = {.clean = false};
	struct dom_conn *dom;
	int ret = target_find(ctl, argv[0], &c.target);

	(void)argc;
	if (ret)
		return ret;
	ret = schema_backend_dir(c.back, sizeof(c.back), ctl->backend_domid, c.target.domid,
				 c.target.id);
	if (ret >= 0)
		ret = schema_frontend_dir(c.front, sizeof(c.front), c.target.domid, c.target.id);
	if (ret < 0)
		return ctl_fail_xs(ret, "name", argv[0]);
	ret = dom_open(&dom);
	if (ret < 0)
		return ctl_fail(EXIT_WRONG_USE,
				"cannot ask the hypervisor (%s): run as root in Dom0",
				strerror(-ret));
	ret = detach(ctl, dom, &c);
	dom_close(dom);
	if (ret == -ENOENT)
		return ctl_fail(EXIT_FAILED, "domain %u has no device %u: dmvlctl list shows all",
				c.target.domid, c.target.id);
	return ret < 0 ? ctl_fail_xs(ret, "remove", c.back) : report(ctl, &c);
}

const struct command detach_command = {
	.name = "detach",
	.args = "DOM[/ID]",
	.summary = "close a device and remove it",
	.details = "Waits until both sides have closed, at most --timeout (10s).\n",
	.min_args = 1,
	.max_args = 1,
	.has_timeout = true,
	.run = run,
};
