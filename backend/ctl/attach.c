/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl attach: gives a guest a device. backend/xen/nodes.c creates the nodes. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/remembered.h"
#include "backend/ctl/device_json.h"
#include "backend/ctl/slow_rate.h"
#include "backend/ctl/table.h"
#include "backend/ctl/view.h"
#include "backend/policy/setting.h"
#include "backend/xen/attach.h"
#include "backend/xen/dom.h"
#include "backend/xen/libxl_vif.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

struct attaching {
	struct settings settings; /* the operator's words, then what the policy adds */
	struct target target;
	uint8_t uuid[16];
	struct node_value values[SETTINGS_MAX]; /* the settings */
	struct attachment attachment;
	char mac[FRAME_MAC_STR];
	int lock;		     /* of what is remembered; -1: none */
	char vif_mac[FRAME_MAC_STR]; /* agentless: as xenstore has it now; "": not yet */
};

/* Checks that the guest exists, and gets its UUID. 0 or an exit status. */
static int check_domain(struct ctl *ctl, struct attaching *a)
{
	unsigned domid = a->target.domid;
	char text[TARGET_TEXT_MAX];
	struct dom_conn *dom;
	struct dom_info info;
	int ret;

	target_text(&a->target, text);
	if (domid == ctl->backend_domid)
		return ctl_fail(EXIT_FAILED, "%s serves devices and cannot have one", text);
	ret = dom_open(&dom);
	if (ret < 0)
		return ctl_fail_hypervisor(ret);
	ret = dom_info(dom, domid, &info);
	dom_close(dom);
	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "cannot ask the hypervisor about %s: %s", text,
				strerror(-ret));
	if (!info.exists || info.dying)
		return ctl_fail(EXIT_FAILED, "%s %s", text,
				info.exists ? "is dying" : "does not exist");
	memcpy(a->uuid, info.uuid, sizeof(a->uuid));
	return 0;
}

static const char *uplink_of(const struct attaching *a)
{
	const char *uplink = settings_find(&a->settings, KEY_BACK_UPLINK);

	return uplink ? uplink : schema_entry(KEY_BACK_UPLINK)->dflt;
}

/* Xen keeps a guest apart by its UUID, an operator by its name. */
static void hint(struct ctl *ctl, const struct attaching *a, const char *name, const char *uuid)
{
	char other[UUID_TEXT_LEN + 1];

	if (remembered_elsewhere(ctl, uplink_of(a), name, uuid, other))
		log_notice("%s had the UUID %s before, and what was set for it then is not used: "
			   "without uuid= in its configuration, xl makes another UUID at each "
			   "create",
			   name, other);
}

/* Whoever makes a device of what is remembered locks that. 0 or an exit status. */
static int lock(struct ctl *ctl, struct attaching *a, const char *uplink)
{
	char dir[PATH_MAX];

	return remembered_dir(ctl, uplink, dir) ? remembered_lock(dir, &a->lock) : 0;
}

/* What was set before. 0 or an exit status. */
static int add_remembered(struct ctl *ctl, struct attaching *a, const char *name,
			  const struct policy_match *match, const char *uplink)
{
	char uuid[UUID_TEXT_LEN + 1], said[REMEMBERED_MAX];
	int ret = lock(ctl, a, uplink);

	uuid_format(a->uuid, uuid);
	if (!ret)
		ret = remembered_add(ctl, uplink, uuid, a->target.id, match, &a->settings, said);
	if (ret)
		return ret;
	if (said[0])
		log_notice("what was set for this guest before holds too:%s", said);
	else
		hint(ctl, a, name, uuid);
	return 0;
}

/*
 * The operator's words count more than what was set before, and that more than the policy. 0 or an
 * exit status.
 */
static int add_others(struct ctl *ctl, struct attaching *a)
{
	const char *uplink = settings_find(&a->settings, KEY_BACK_UPLINK);
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];
	struct policy *policy = ctl_policy_load(ctl, uplink_of(a));
	struct policy_match match;
	bool named;
	int ret;

	target_identity(ctl, a->target.domid, name, uuid);
	named = policy_find(policy, uplink, uuid, name, a->target.id, &match);
	ret = add_remembered(ctl, a, name, &match,
			     uplink || !named ? uplink_of(a) : policy_uplink(&match));
	if (!ret && named)
		ctl_policy_add(ctl, &match, &a->settings);
	policy_free(policy);
	return ret;
}

/* What to create of it. */
static void settle(struct ctl *ctl, struct attaching *a)
{
	a->attachment = (struct attachment){
		.backend_domid = ctl->backend_domid,
		.domid = a->target.domid,
		.id = a->target.id,
		.values = a->values,
		.n = a->settings.count,
	};
	memcpy(a->attachment.uuid, a->uuid, sizeof(a->uuid));
	for (unsigned i = 0; i < a->settings.count; i++)
		a->values[i] =
			(struct node_value){a->settings.item[i].key, a->settings.item[i].value};
	attach_mac(&a->attachment, a->mac);
}

/* Does this device with the same MAC belong to another guest on the same uplink? */
static bool is_rival(const struct attaching *a, const struct ldp_view *v)
{
	char uplink[SCHEMA_GUEST_VALUE_MAX];
	uint8_t uuid[16];

	view_text(&v->keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
	if (strcmp(uplink_of(a), uplink) != 0)
		return false;
	/* The device itself: nodes_create() reports that it exists. */
	if (v->domid == a->target.domid)
		return v->id != a->target.id;
	/* A guest that migrates within one host exists twice, with the same UUID and MAC. */
	return !uuid_parse(v->uuid, uuid) || memcmp(uuid, a->uuid, sizeof(uuid)) != 0;
}

static bool has_mac(struct ctl *ctl, unsigned domid, unsigned id, const char *mac)
{
	char dir[SCHEMA_PATH_MAX], text[SCHEMA_VALUE_MAX + 1];
	uint8_t ours[6], theirs[6];

	return schema_backend_dir(dir, sizeof(dir), ctl->backend_domid, domid, id) >= 0 &&
	       xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_MAC, text, sizeof(text)) >= 0 &&
	       schema_parse_mac(KEY_BACK_MAC, text, theirs, NULL) == 0 &&
	       schema_parse_mac(KEY_BACK_MAC, mac, ours, NULL) == 0 &&
	       memcmp(ours, theirs, sizeof(ours)) == 0;
}

/* Reads one key of each device, because there may be hundreds, and more if the MAC is the same. */
static int refuse_rival(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	struct attaching *a = arg;
	struct ldp_view view;
	int ret;

	if (!has_mac(ctl, domid, id, a->mac))
		return 0;
	ret = ldp_view_read(ctl, domid, id, &view);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret; /* removed since it was listed */
	if (is_rival(a, &view))
		ret = ctl_fail(EXIT_FAILED,
			       "%s %s belongs to device %u of domain %u: give another one",
			       schema_name(KEY_BACK_MAC), a->mac, id, domid);
	ldp_view_free(&view);
	return ret;
}

static void read_vif_mac(struct ctl *ctl, struct attaching *a)
{
	char dir[SCHEMA_PATH_MAX], text[TARGET_TEXT_MAX];
	uint8_t mac[6];

	libxl_vif_dir(dir, sizeof(dir), ctl->backend_domid, a->target.domid, a->target.id);
	if (libxl_vif_mac(ctl->xs, dir, mac))
		frame_mac_format(mac, a->vif_mac);
	else
		log_notice("%s has no vif %u now: the device waits for it",
			   target_text(&a->target, text), a->target.id);
}

/*
 * A MAC address that was given must not be another device's. One that was made from the guest's
 * UUID is not compared with hundreds of devices each time: if two guests' addresses are the same,
 * dmvl-back refuses the second one in its key `error`. 0 or an exit status.
 */
static int check_mac(struct ctl *ctl, struct attaching *a)
{
	int ret = 0;

	if (!a->mac[0])
		read_vif_mac(ctl, a);
	else if (attach_given(&a->attachment, KEY_BACK_MAC))
		ret = ldp_each(ctl, refuse_rival, a);
	return ret < 0 ? ctl_fail_xs(ret, "read", "the devices") : ret;
}

static const char *mac_of(const struct attaching *a)
{
	return a->mac[0] ? a->mac : a->vif_mac;
}

static int report(struct ctl *ctl, const struct attaching *a)
{
	char text[TARGET_TEXT_MAX];

	if (!ctl_uplink_is_served(ctl, uplink_of(a)) && xs_conn_lives(ctl->xs))
		log_notice("no dmvl-back runs for uplink %s now: the device waits for it",
			   uplink_of(a));
	slow_rate_hint(&a->settings);
	if (ctl->json)
		return device_print_json(ctl, a->target.domid, a->target.id);
	printf("attached device %u to %s: ", a->target.id, target_text(&a->target, text));
	if (attach_is_via_vif(&a->attachment))
		printf("it stands for vif%u.%u%s%s\n", a->target.domid, a->target.id,
		       mac_of(a)[0] ? ", mac " : "", mac_of(a));
	else
		printf("%s %s\n", schema_name(KEY_BACK_MAC), a->mac);
	return output_end();
}

/* It has the nodes already. Whose they are depends on who had the domid when they were made. */
static int refuse_existing(struct ctl *ctl, const struct attaching *a)
{
	char dir[SCHEMA_PATH_MAX], text[UUID_TEXT_LEN + 1], who[TARGET_TEXT_MAX];
	unsigned domid = a->target.domid, id = a->target.id;
	uint8_t uuid[16];

	if (schema_backend_dir(dir, sizeof(dir), ctl->backend_domid, domid, id) >= 0 &&
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_GUEST_UUID, text, sizeof(text)) >= 0 &&
	    uuid_parse(text, uuid) && memcmp(uuid, a->uuid, sizeof(uuid)) != 0)
		return ctl_fail(EXIT_FAILED,
				"device %u of domain %u is that of an earlier guest with this "
				"domid: dmvl-back removes it when it runs, dmvlctl detach %u/%u at "
				"once",
				id, domid, domid, id);
	return ctl_fail(EXIT_FAILED,
			"%s has a device %u already (one that is remembered or in the "
			"policy comes by itself): change it with dmvlctl set, detach it first, or "
			"name another one with DOM/ID",
			target_text(&a->target, who), id);
}

/* 0 or an exit status. */
static int create(struct ctl *ctl, struct attaching *a)
{
	int ret = add_others(ctl, a);

	if (ret)
		return ret;
	settle(ctl, a);
	ret = check_mac(ctl, a);
	if (ret)
		return ret;
	ret = attach_create(ctl->xs, &a->attachment);
	if (ret == -EEXIST)
		return refuse_existing(ctl, a);
	return ret < 0 ? ctl_fail_xs(ret, "create", "the device") : 0;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct attaching a = {.lock = -1}; /* static: settings are large */
	char err[SCHEMA_ERR_MAX];
	int ret;

	if (settings_parse(&a.settings, SCHEMA_BACK, argc - 1, argv + 1, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	ret = target_find(ctl, argv[0], &a.target);
	if (!ret)
		ret = check_domain(ctl, &a);
	if (!ret)
		ret = create(ctl, &a);
	remembered_unlock(a.lock);
	return ret ? ret : report(ctl, &a);
}

const struct command attach_command = {
	.name = "attach",
	.args = "DOM[/ID] [KEY=VALUE..]",
	.summary = "give a guest a device",
	.details = "Rates take units (10mbit, 1gbit, 5mbps = bytes, 10Mb/s), sizes too (64kib).\n"
		   "What is not given is as the policy says, see dmvl-policy(5).\n"
		   "via=vif: the guest has no agent; the device stands for its vif number ID.\n",
	.min_args = 1,
	.max_args = 1 + SETTINGS_MAX,
	.makes_device = true,
	.run = run,
};
