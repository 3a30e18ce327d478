/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl attach: give a guest a device.
 *
 * Theory of operation: a guest cannot create nodes under device/ itself, so both directories are
 * made here, in one transaction: parents first, each new directory with its permissions before
 * anything is written into it (xenstored gives new children the permissions of their parent), the
 * states last. Either everything is there when the backend's watch fires, or nothing is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/ctl/setting.h"
#include "backend/ctl/table.h"
#include "backend/ctl/view.h"
#include "backend/dom.h"
#include "backend/frame.h"
#include "common/log.h"

struct attachment {
	struct settings settings;
	struct target target;
	char name[TARGET_NAME_MAX], uuid[TARGET_UUID_LEN + 1];
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	char mac[FRAME_MAC_STR];
	char generation[17];
};

/* One directory; new ones get an owner and at most one other domain that may read. */
static int make_dir(struct ctl *ctl, uint32_t t, const char *path, unsigned owner, int reader)
{
	int ret;

	if (xs_conn_exists(ctl->xs, t, path))
		return 0;
	ret = xs_conn_mkdir(ctl->xs, t, path);
	return ret < 0 ? ret : xs_conn_set_perms(ctl->xs, t, path, owner, reader);
}

/* The directories above and including both of the device. */
static int make_dirs(struct ctl *ctl, uint32_t t, const struct attachment *a)
{
	unsigned b = ctl->backend_domid, domid = a->target.domid;
	const struct {
		const char *leaf; /* the parent is this path, cut at its last up '/' */
		unsigned up, owner;
		int reader;
	} dirs[] = {
		{a->back, 3, b, -1}, /* backend */
		{a->back, 2, b, -1}, /* backend/dmvl */
		{a->back, 1, b, -1}, /* backend/dmvl/<domid> */
		{a->back, 0, b, (int)domid},  {a->front, 2, 0, (int)domid}, /* device */
		{a->front, 1, 0, (int)domid},				    /* device/dmvl */
		{a->front, 0, domid, (int)b},
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && ret >= 0; i++) {
		char path[SCHEMA_PATH_MAX];

		snprintf(path, sizeof(path), "%s", dirs[i].leaf);
		for (unsigned up = dirs[i].up; up > 0; up--)
			*strrchr(path, '/') = '\0';
		ret = make_dir(ctl, t, path, dirs[i].owner, dirs[i].reader);
	}
	return ret;
}

static int write_backend(struct ctl *ctl, uint32_t t, const struct attachment *a)
{
	char domid[12];
	const struct {
		enum schema_key key;
		const char *value;
	} keys[] = {
		{KEY_BACK_FRONTEND, a->front},
		{KEY_BACK_FRONTEND_ID, domid},
		{KEY_BACK_ONLINE, "1"},
		{KEY_BACK_GENERATION, a->generation},
		{KEY_BACK_UPLINK, schema_entry(KEY_BACK_UPLINK)->dflt},
		{KEY_BACK_WEIGHT, schema_entry(KEY_BACK_WEIGHT)->dflt},
		{KEY_BACK_MTU, schema_entry(KEY_BACK_MTU)->dflt},
		{KEY_BACK_MAC, a->mac},
	};
	int ret = 0;

	snprintf(domid, sizeof(domid), "%u", a->target.domid);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && ret >= 0; i++)
		if (!settings_find(&a->settings, keys[i].key))
			ret = ctl_write_key(ctl, t, a->back, keys[i].key, keys[i].value);
	for (unsigned i = 0; i < a->settings.count && ret >= 0; i++)
		ret = ctl_write_key(ctl, t, a->back, a->settings.item[i].key,
				    a->settings.item[i].value);
	return ret;
}

static int write_frontend(struct ctl *ctl, uint32_t t, const struct attachment *a)
{
	char domid[12];
	int ret = ctl_write_key(ctl, t, a->front, KEY_FRONT_BACKEND, a->back);

	snprintf(domid, sizeof(domid), "%u", ctl->backend_domid);
	return ret < 0 ? ret : ctl_write_key(ctl, t, a->front, KEY_FRONT_BACKEND_ID, domid);
}

static int create(struct ctl *ctl, uint32_t t, void *arg)
{
	const struct attachment *a = arg;
	int ret;

	if (xs_conn_exists(ctl->xs, t, a->back) || xs_conn_exists(ctl->xs, t, a->front))
		return -EEXIST;
	ret = make_dirs(ctl, t, a);
	if (ret >= 0)
		ret = write_backend(ctl, t, a);
	if (ret >= 0)
		ret = write_frontend(ctl, t, a);
	/* Last, and the backend's last of all: who sees a state finds everything else in place. */
	if (ret >= 0)
		ret = ctl_write_state(ctl, t, a->front, KEY_FRONT_STATE, XenbusStateInitialising);
	if (ret >= 0)
		ret = ctl_write_state(ctl, t, a->back, KEY_BACK_STATE, XenbusStateInitialising);
	return ret;
}

/* Is there a guest to attach to? Gives the UUID: of xenstore, or else of the hypervisor. */
static int check_domain(struct ctl *ctl, struct attachment *a, uint8_t uuid[16])
{
	unsigned domid = a->target.domid;
	struct dom_conn *dom;
	struct dom_info info;
	int ret;

	if (domid == ctl->backend_domid)
		return ctl_fail(EXIT_FAILED, "domain %u serves devices and cannot have one", domid);
	ret = dom_open(&dom);
	if (ret < 0)
		return ctl_fail(EXIT_WRONG_USE,
				"cannot ask the hypervisor (%s): run as root in Dom0",
				strerror(-ret));
	ret = dom_info(dom, domid, &info);
	dom_close(dom);
	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "cannot ask the hypervisor about domain %u: %s", domid,
				strerror(-ret));
	if (!info.exists || info.dying)
		return ctl_fail(EXIT_FAILED, "domain %u %s", domid,
				info.exists ? "is dying" : "does not exist");
	target_identity(ctl, domid, a->name, a->uuid);
	if (!a->uuid[0] || !target_uuid_bytes(a->uuid, uuid))
		memcpy(uuid, info.uuid, sizeof(info.uuid));
	return 0;
}

/*
 * Refuse a MAC that another guest has on the same uplink: frames would go to one of the two. The
 * same guest may have it twice while it migrates on one host, under a second domid.
 */
static int check_mac(struct ctl *ctl, const struct attachment *a, const uint8_t mac[6])
{
	const char *uplink = settings_find(&a->settings, KEY_BACK_UPLINK);
	struct ldp_view *views;
	int count = ldp_views_read(ctl, &views), ret = 0;

	if (count < 0)
		return ctl_fail_xs(count, "read", "the devices");
	if (!uplink)
		uplink = schema_entry(KEY_BACK_UPLINK)->dflt;
	for (int i = 0; i < count && !ret; i++) {
		const struct ldp_view *v = &views[i];
		char other_uplink[SCHEMA_GUEST_VALUE_MAX];
		uint8_t other[6];

		if (!v->keys.value[KEY_BACK_MAC] ||
		    schema_parse_mac(KEY_BACK_MAC, v->keys.value[KEY_BACK_MAC], other, NULL) < 0 ||
		    memcmp(mac, other, sizeof(other)) != 0)
			continue;
		view_text(&v->keys, KEY_BACK_UPLINK, other_uplink, sizeof(other_uplink));
		if (strcmp(uplink, other_uplink) != 0 ||
		    (v->domid != a->target.domid && a->uuid[0] && strcmp(v->uuid, a->uuid) == 0))
			continue;
		ret = ctl_fail(EXIT_FAILED,
			       "%s %s belongs to device %u of domain %u: give another one",
			       schema_name(KEY_BACK_MAC), a->mac, v->id, v->domid);
	}
	ldp_views_free(views, count);
	return ret;
}

/* Everything that attach chooses itself: MAC and nonce. 0 or an exit status. */
static int choose(struct ctl *ctl, struct attachment *a)
{
	const char *given = settings_find(&a->settings, KEY_BACK_MAC);
	uint8_t uuid[16], mac[6];
	uint64_t nonce;
	int ret = check_domain(ctl, a, uuid);

	if (ret)
		return ret;
	if (!given || schema_parse_mac(KEY_BACK_MAC, given, mac, NULL) < 0)
		frame_mac_default(mac, uuid, a->target.id);
	frame_mac_format(mac, a->mac);
	ret = check_mac(ctl, a, mac);
	if (ret)
		return ret;
	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return ctl_fail(EXIT_FAILED, "no random numbers: %s", strerror(errno));
	snprintf(a->generation, sizeof(a->generation), "%016llx", (unsigned long long)nonce);
	return 0;
}

static int report(struct ctl *ctl, const struct attachment *a)
{
	const char *uplink = settings_find(&a->settings, KEY_BACK_UPLINK);
	struct ldp_view ldp;
	int ret;

	if (!uplink)
		uplink = schema_entry(KEY_BACK_UPLINK)->dflt;
	if (!ctl_uplink_is_served(ctl, uplink))
		log_notice("no dmvl-back runs for uplink %s now: the device waits for it", uplink);
	if (!ctl->json) {
		printf("attached device %u to domain %u: %s %s\n", a->target.id, a->target.domid,
		       schema_name(KEY_BACK_MAC), a->mac);
		return output_end();
	}
	ret = ldp_view_read(ctl, a->target.domid, a->target.id, &ldp);
	if (ret < 0)
		return ctl_fail_xs(ret, "read", a->back);
	ret = json_print(ldp_view_json(&ldp));
	ldp_view_free(&ldp);
	return ret;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	char err[SCHEMA_ERR_MAX];
	static struct attachment a;
	int ret;

	if (settings_parse(&a.settings, argc - 1, argv + 1, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	ret = target_find(ctl, argv[0], &a.target);
	if (ret)
		return ret;
	ret = choose(ctl, &a);
	if (ret)
		return ret;
	ret = schema_backend_dir(a.back, sizeof(a.back), ctl->backend_domid, a.target.domid,
				 a.target.id);
	if (ret >= 0)
		ret = schema_frontend_dir(a.front, sizeof(a.front), a.target.domid, a.target.id);
	if (ret >= 0)
		ret = ctl_transaction(ctl, create, &a);
	if (ret == -EEXIST)
		return ctl_fail(EXIT_FAILED,
				"domain %u has a device %u already: detach it first, "
				"or name another one with DOM/ID",
				a.target.domid, a.target.id);
	return ret < 0 ? ctl_fail_xs(ret, "create", a.back) : report(ctl, &a);
}

const struct command attach_command = {
	.name = "attach",
	.args = "DOM[/ID] [KEY=VALUE..]",
	.summary = "give a guest a device",
	.details = "Rates take units (10mbit, 1gbit, 5mbps = bytes, 10Mb/s), sizes too (64kib).\n",
	.min_args = 1,
	.max_args = 1 + SETTINGS_MAX,
	.run = run,
};
