/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl detach: removes a device.
 *
 * Theory of operation: online=0 and state 5 in the backend directory ask both sides to close. The
 * backend closes first: it unmaps the guest's pages and writes state 6. Then the guest's agent
 * closes, and the nodes are removed. No wait is endless:
 *   - a guest that is gone or dying, or whose agent never opened the device, counts as closed;
 *   - if no dmvl-back answers within half of the timeout, no page is mapped any more, and detach
 *     writes state 6 itself, so that the agent can close;
 *   - after the timeout the nodes are removed in any state, with a warning.
 * A device that was attached again in the meantime has another generation and is not touched.
 */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/clock.h"
#include "backend/ctl/remembered.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/vif/vif.h"
#include "backend/vif/vif_holder.h"
#include "backend/xen/dom.h"
#include "backend/xen/nodes.h"
#include "common/log.h"
#include "common/tap.h"
#include "xenstore-schema/xskey.h"

/* How often to check that the guest still exists: no watch reports that. */
#define LOOK_MS 250
/* nodes_create() writes 16 digits. */
#define GENERATION_MAX 32

struct closing {
	struct target target;
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	char generation[GENERATION_MAX]; /* "" when there is none */
	char uuid[UUID_TEXT_LEN + 1];	 /* of the guest; "": not known */
	char uplink[SCHEMA_GUEST_VALUE_MAX];
	bool served;		    /* a dmvl-back is running */
	bool back_late, front_late; /* this side did not close in time */
};

/* Reads the device's generation, "": it has none. 0 or -errno. */
static int read_generation(struct ctl *ctl, uint32_t t, const struct closing *c,
			   char out[GENERATION_MAX])
{
	int ret = xskey_read(ctl->xs, t, c->back, KEY_BACK_GENERATION, out, GENERATION_MAX);

	if (ret == -ENOENT || ret == -E2BIG) {
		out[0] = '\0';
		return 0;
	}
	return ret < 0 ? ret : 0;
}

/* Is this still the device that detach began to close? 1, 0 or -errno. */
static int is_ours(struct ctl *ctl, uint32_t t, const struct closing *c)
{
	char generation[GENERATION_MAX];
	int ret = read_generation(ctl, t, c, generation);

	return ret < 0 ? ret : strcmp(generation, c->generation) == 0;
}

/* Who serves it, and whose it is: as soon as the device is asked to close, dmvl-back may remove it.
 */
static void read_keys(struct ctl *ctl, uint32_t t, struct closing *c)
{
	if (xskey_read(ctl->xs, t, c->back, KEY_BACK_SERVED_BY, c->uplink, sizeof(c->uplink)) < 0 &&
	    xskey_read(ctl->xs, t, c->back, KEY_BACK_UPLINK, c->uplink, sizeof(c->uplink)) < 0)
		snprintf(c->uplink, sizeof(c->uplink), "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
	if (xskey_read(ctl->xs, t, c->back, KEY_BACK_GUEST_UUID, c->uuid, sizeof(c->uuid)) < 0)
		c->uuid[0] = '\0';
}

static int ask(struct ctl *ctl, uint32_t t, void *arg)
{
	struct closing *c = arg;
	int ret;

	if (!xs_conn_exists(ctl->xs, t, c->back))
		return xs_conn_exists(ctl->xs, t, c->front) ? 0 : -ENOENT;
	ret = read_generation(ctl, t, c, c->generation);
	if (ret < 0)
		return ret;
	read_keys(ctl, t, c);
	ret = xskey_write(ctl->xs, t, c->back, KEY_BACK_ONLINE, "0");
	if (ret < 0 || xskey_read_state(ctl->xs, t, c->back, KEY_BACK_STATE) == XenbusStateClosed)
		return ret;
	return xskey_write_state(ctl->xs, t, c->back, KEY_BACK_STATE, XenbusStateClosing);
}

static int close_in_place(struct ctl *ctl, uint32_t t, void *arg)
{
	struct closing *c = arg;
	int ret = is_ours(ctl, t, c);

	if (ret <= 0 || xskey_read_state(ctl->xs, t, c->back, KEY_BACK_STATE) == XenbusStateClosed)
		return ret;
	c->back_late = c->served;
	return xskey_write_state(ctl->xs, t, c->back, KEY_BACK_STATE, XenbusStateClosed);
}

/* True also when the guest is gone or its agent never opened the device. */
static bool frontend_is_closed(struct ctl *ctl, struct dom_conn *dom, const struct closing *c)
{
	enum xenbus_state state = xskey_read_state(ctl->xs, XS_NO_TXN, c->front, KEY_FRONT_STATE);
	struct dom_info info;

	if (state == XenbusStateClosed || state == XenbusStateInitialising ||
	    !xs_conn_exists(ctl->xs, XS_NO_TXN, c->front))
		return true;
	return dom_info(dom, c->target.domid, &info) == 0 && (!info.exists || info.dying);
}

/* Waits until a watch fires, a short time has passed, or `end` is reached. */
static void await(struct ctl *ctl, uint64_t end)
{
	struct pollfd fd = {.fd = xs_conn_fd(ctl->xs), .events = POLLIN};
	uint64_t now = clock_now_ns(), left_ms = now < end ? (end - now) / 1000000 + 1 : 0;
	struct xs_event event;

	poll(&fd, 1, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
	while (xs_conn_next(ctl->xs, &event))
		xs_event_free(&event);
}

/* Waits for both sides until the timeout. 0 or -errno. */
static int wait_closed(struct ctl *ctl, struct dom_conn *dom, struct closing *c)
{
	uint64_t start = clock_now_ns(), end = start + ctl->timeout_ns;
	uint64_t patience = c->served ? start + ctl->timeout_ns / 2 : start;

	for (;;) {
		enum xenbus_state back =
			xskey_read_state(ctl->xs, XS_NO_TXN, c->back, KEY_BACK_STATE);
		int ret = is_ours(ctl, XS_NO_TXN, c);

		/* 0: someone else removed it, or attached it again. */
		if (ret <= 0 || back == XenbusStateUnknown)
			return ret < 0 ? ret : 0;
		if (back != XenbusStateClosed && clock_now_ns() >= patience) {
			ret = ctl_transaction(ctl, close_in_place, c);
			if (ret < 0)
				return ret;
			continue;
		}
		if (back == XenbusStateClosed && frontend_is_closed(ctl, dom, c))
			return 0;
		if (clock_now_ns() >= end) {
			c->front_late = true;
			return 0;
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
	bool clean = !c->back_late && !c->front_late;
	char text[TARGET_TEXT_MAX];
	struct json_object *object;

	if (!clean)
		log_warning("device %u of %s was removed before %s%s%s had closed it", c->target.id,
			    target_text(&c->target, text), c->back_late ? "dmvl-back" : "",
			    c->back_late && c->front_late ? " and " : "",
			    c->front_late ? "the guest's agent" : "");
	if (!ctl->json)
		return 0;
	object = json_object_new_object();
	json_object_object_add(object, "domid", json_object_new_int64(c->target.domid));
	json_object_object_add(object, "id", json_object_new_int64(c->target.id));
	json_object_object_add(object, "clean", json_object_new_boolean(clean));
	return json_print(object);
}

static void release_port(const char *tap)
{
	const struct vif_taken taken = {.device = tap_macvtap_device(tap)};
	struct vif_holder by;

	/* A daemon that is only late puts it back itself. */
	if (taken.device && !vif_holder_find(&taken, 1, &by))
		vif_release(tap);
}

/* A daemon that was killed has not put it back. Now it is nobody's. */
static void release_vif(const struct ctl *ctl, const struct closing *c)
{
	char tap[IFNAMSIZ];

	if (ctl->backend_given) /* its interfaces are in another domain */
		return;
	vif_tap_name(c->target.domid, c->target.id, tap);
	release_port(tap);
	vif_tap_name_emu(c->target.domid, c->target.id, tap);
	release_port(tap);
}

/* Are the nodes those of an earlier guest with the same domid? That one was not detached. */
static bool is_replaced(struct dom_conn *dom, const struct closing *c)
{
	struct dom_info info;
	uint8_t uuid[16];

	return uuid_parse(c->uuid, uuid) && dom_info(dom, c->target.domid, &info) == 0 &&
	       info.exists && memcmp(info.uuid, uuid, sizeof(uuid)) != 0;
}

/*
 * dmvl-back does it before it closes the device. One that is not there cannot; the device would
 * come back with its next start.
 */
static void forget(struct ctl *ctl, struct dom_conn *dom, const struct closing *c)
{
	char dir[PATH_MAX], err[KEPT_FILE_ERR_MAX];
	int ret;

	if (!kept_is_uuid(c->uuid) || !remembered_dir(ctl, c->uplink, dir))
		return;
	if (is_replaced(dom, c)) {
		log_notice("the device was that of an earlier guest with this domid, UUID %s: what "
			   "was set for that guest stays remembered",
			   c->uuid);
		return;
	}
	if (!c->served || c->back_late)
		ret = remembered_forget(dir, c->uuid, c->target.id, err);
	else
		ret = remembered_has(dir, c->uuid, c->target.id, err);
	if (ret < 0)
		log_warning("%s: the device may come back when the guest does", err);
	else if (ret > 0)
		log_warning("dmvl-back could not remove it from %s/%s: the device may come back "
			    "when the guest does",
			    dir, c->uuid);
}

/* Asks both sides to close, waits, and removes the nodes. 0 or -errno. */
static int detach(struct ctl *ctl, struct dom_conn *dom, struct closing *c)
{
	int ret = ctl_transaction(ctl, ask, c);

	if (ret < 0)
		return ret;
	c->served = ctl_uplink_is_served(ctl, c->uplink);
	ret = watch(ctl, c);
	if (ret >= 0)
		ret = wait_closed(ctl, dom, c);
	if (ret >= 0)
		ret = is_ours(ctl, XS_NO_TXN, c);
	/* Unless it was attached again in the meantime. */
	if (ret > 0 || (ret == 0 && !xs_conn_exists(ctl->xs, XS_NO_TXN, c->back)))
		forget(ctl, dom, c);
	/* A frontend directory without a backend directory counts too: both generations are "". */
	if (ret <= 0)
		return ret;
	release_vif(ctl, c);
	ret = nodes_remove(ctl->xs, ctl->backend_domid, c->target.domid, c->target.id,
			   c->generation);
	return ret == -ESTALE ? 0 : ret; /* attached again in the meantime: another device */
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct closing c = {.served = false};
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
		return ctl_fail_hypervisor(ret);
	ret = detach(ctl, dom, &c);
	dom_close(dom);
	if (ret == -ENOENT)
		return target_missing(&c.target);
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
