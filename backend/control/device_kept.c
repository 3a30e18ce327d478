/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/control_kept_other.h"
#include "backend/control/device_list.h"
#include "backend/control/device_make.h"
#include "backend/control/device_state.h"
#include "backend/control/policy_guests.h"
#include "backend/kept/kept_account.h"
#include "backend/kept/kept_file.h"
#include "backend/xen/guest.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * Whenever the keys of a device were read, what was accepted of them goes to the guest's file, if
 * that says anything else. A key that was refused keeps what the file says.
 *
 * A guest that comes back has the same UUID and another domid, or, after a soft reset, the same
 * domid. Its devices are made as the file says, when those of the old domain are gone. The file
 * stays: it is true of the new domain too.
 */
/* --- remembering ------------------------------------------------------------------------------ */

/*
 * What attach writes without anybody's word; NULL: nothing. Whatever else is there was set, be it
 * the default. A vif's MAC and MTU are the vif's.
 */
static const char *default_of(const struct device *d, enum schema_key key, char mac[FRAME_MAC_STR])
{
	uint8_t addr[6];

	if (key == KEY_BACK_WEIGHT)
		return schema_entry(key)->dflt;
	if (d->settings.via_vif || (key != KEY_BACK_MAC && key != KEY_BACK_MTU))
		return NULL;
	if (key == KEY_BACK_MTU)
		return schema_entry(key)->dflt;
	frame_mac_default(addr, d->uuid, d->id);
	return frame_mac_format(addr, mac);
}

/*
 * What the policy says of the device: the one by which its nodes were written last. Only what is
 * meant for `uplink`; NULL: for any.
 */
static void find_policy(const struct control *c, const char *uplink, const uint8_t uuid[16],
			const char *name, unsigned id, struct policy_match *out)
{
	const struct policy *policy = c->policy.started ? c->policy.now : c->policy.earlier;
	char text[UUID_TEXT_LEN + 1], plain[GUEST_NAME_MAX];

	uuid_format(uuid, text);
	policy_guest_name(name, plain, sizeof(plain));
	policy_find(policy, uplink, text, plain, id, out);
}

/* The other uplink to which the policy attaches the device; NULL: none. */
static const char *other_uplink(const struct control *c, const uint8_t uuid[16], const char *name,
				unsigned id)
{
	struct policy_match any;

	find_policy(c, NULL, uuid, name, id, &any);
	if (!any.attach || strcmp(policy_uplink(&any), c->conf.name) == 0)
		return NULL;
	return policy_uplink(&any);
}

/* A percentage that could not be worked out when the key was set, and can be by now. */
static bool is_worked_out(const struct policy_item *item, const char *policy, const char *then)
{
	return policy && then && item->part_ppm && strcmp(then, item->value) == 0;
}

/*
 * Of one key: what is in force, and what the policy says of it; `policy` is `item` worked out, NULL
 * if that cannot be done. False: no memory.
 */
static bool gather_key(struct kept_device *out, enum schema_key key, const char *text,
		       const char *policy, const struct policy_item *item,
		       const struct kept_device *old)
{
	bool known = policy || !item;
	bool stands = old && old->set[key] && (!known || strcmp(old->set[key], text) == 0);
	const char *then = known ? policy : item->value;

	if (policy && strcmp(text, policy) == 0)
		return true;
	if (stands && !is_worked_out(item, policy, old->policy[key]))
		then = old->policy[key];
	/* It dies when the policy says something else than when it was set. */
	return kept_put(&out->set[key], text) && kept_put(&out->policy[key], then);
}

/*
 * The policy said something of the key when it was set, and says nothing any more: then the key got
 * its default, which may be what had been set.
 */
static bool has_died(const struct policy_match *m, enum schema_key key, const char *text,
		     const struct kept_device *old)
{
	const char *dflt = schema_entry(key)->dflt;

	return !m->item[key] && old && old->policy[key] && dflt && strcmp(text, dflt) == 0;
}

/* An account that waits in its key is remembered: a guest may end before it has connected. */
static bool gather_account(const struct device *d, const struct settings_text *texts,
			   struct kept_device *out)
{
	const char *text = texts->of[KEY_BACK_ACCOUNT_BROUGHT];
	struct kept_account a;

	return d->slot != LDP_SLOT_NONE || !text || !kept_account_parse(text, &a) ||
	       kept_put(&out->account, text);
}

/* `old`: what is remembered; if that is not `known`, a refused key stays as it is. False: no
 * memory. */
static bool gather(const struct control *c, const struct device *d, const struct policy_match *m,
		   const struct settings_text *texts, const struct kept_device *old, bool known,
		   struct kept_device *out)
{
	char mac[FRAME_MAC_STR], buf[SCHEMA_VALUE_MAX + 1];

	out->by_policy = old ? old->by_policy : m->attach;
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		const char *text = texts->refused[i] ? (old ? old->set[i] : NULL) : texts->of[i];
		const char *dflt = default_of(d, key, mac);
		const char *policy = device_policy_value(c, m, key, buf);

		out->stays[i] = texts->refused[i] && !known && kept_is_key(key);
		if (!kept_is_key(key) || !text || (!policy && dflt && strcmp(text, dflt) == 0) ||
		    has_died(m, key, text, old))
			continue;
		if (!gather_key(out, key, text, policy, m->item[key], old))
			return false;
	}
	return gather_account(d, texts, out);
}

/* Attached by hand while the policy gives it to another uplink: that holds until it says another.
 */
static bool gather_uplink(const struct control *c, const struct device *d, const char *name,
			  const struct kept_device *old, struct kept_device *out)
{
	return kept_put(&out->policy[KEY_BACK_UPLINK],
			old ? old->policy[KEY_BACK_UPLINK] : other_uplink(c, d->uuid, name, d->id));
}

/* Of a file that is damaged its good lines count. *damaged may be NULL. */
static int read_of(struct control *c, const struct device *d, struct kept *k, bool *damaged)
{
	char uuid[UUID_TEXT_LEN + 1];
	int ret;

	uuid_format(d->uuid, uuid);
	*k = (struct kept){.count = 0};
	ret = control_kept_read(c, uuid, k);
	memcpy(k->uuid, uuid, sizeof(uuid));
	if (damaged)
		*damaged = ret == -EBADMSG;
	return ret == -ENOENT || ret == -EBADMSG ? 0 : ret;
}

/* The guest's name; that of before if the domain is gone, or is another guest's by now. */
static void name_of(struct control *c, const struct device *d, const struct kept *k,
		    char out[GUEST_NAME_MAX])
{
	struct dom_info info;

	out[0] = '\0';
	if (dom_info(c->dom, d->domid, &info) < 0 ||
	    (info.exists && memcmp(info.uuid, d->uuid, sizeof(d->uuid)) == 0))
		guest_name(c->xs, d->domid, out, GUEST_NAME_MAX);
	if (!out[0])
		snprintf(out, GUEST_NAME_MAX, "%s", k->name);
}

/* Where there is nothing for it to be read with, it may be read soon. */
static bool is_short_of(int ret)
{
	return ret == -EMFILE || ret == -ENFILE || ret == -ENOMEM;
}

/* Is the guest there? Its nodes may have outlived it. 1, 0, or -errno: a driver domain cannot know.
 */
static int has_guest(struct control *c, const struct device *d)
{
	struct dom_info info;
	int ret = dom_info(c->dom, d->domid, &info);

	if (ret < 0)
		return ret;
	return info.exists && !info.dying && memcmp(info.uuid, d->uuid, sizeof(d->uuid)) == 0;
}

/* Nodes that outlived their guest say what was before another uplink got the device. */
static bool is_of_before(struct control *c, const struct device *d, const struct kept *k,
			 const char *uuid)
{
	struct kept other = {.count = 0};
	bool is = !kept_find(k, d->id) && has_guest(c, d) == 0 &&
		  control_kept_other(c, uuid, d->id, &other);

	kept_clear(&other);
	return is;
}

/*
 * Writes the only device of *fresh, if the file, as *k has it, says anything else. No device would
 * come back from a file that is damaged, even if its good lines say all that was set.
 */
static void write_changed(struct control *c, const struct device *d, const struct kept *k,
			  bool damaged, const char *name, struct kept *fresh)
{
	const struct kept_device *old = kept_find(k, d->id);

	if (!damaged && old && kept_same(old, &fresh->device[0]) && strcmp(k->name, name) == 0) {
		control_kept_seen(c, d->uuid);
		return;
	}
	uuid_format(d->uuid, fresh->uuid);
	if (is_of_before(c, d, k, fresh->uuid))
		return;
	snprintf(fresh->name, sizeof(fresh->name), "%s", name);
	control_kept_write(c, fresh);
	if (!control_kept_is_late(c, fresh->uuid) && has_guest(c, d) > 0)
		control_kept_drop_other(c, fresh->uuid, d->id);
}

int device_kept_remember(struct control *c, struct device *d, const struct settings_text *texts)
{
	struct kept fresh = {.count = 0}, k;
	struct kept_device *now;
	struct policy_match match;
	char name[GUEST_NAME_MAX];
	const char *by;
	bool no_memory = false, damaged;
	int ret;

	d->forgotten = false;
	if (uuid_is_null(d->uuid))
		return 0;
	ret = read_of(c, d, &k, &damaged);
	if (is_short_of(ret))
		return ret;
	now = kept_add(&fresh, d->id);
	name_of(c, d, &k, name);
	/* It may have another name since: the keys are those of the policy of before yet. */
	by = policy_guests_name(c, d->domid, d->uuid);
	if (!by)
		by = name;
	find_policy(c, c->conf.name, d->uuid, by, d->id, &match);
	if (now && gather(c, d, &match, texts, kept_find(&k, d->id), ret == 0, now) &&
	    gather_uplink(c, d, by, kept_find(&k, d->id), now))
		write_changed(c, d, &k, damaged, name, &fresh);
	else
		no_memory = true;
	kept_clear(&k);
	kept_clear(&fresh);
	return no_memory ? -ENOMEM : 0;
}

/* Writes *kd without its account. */
static void drop_account(struct control *c, const char *uuid, struct kept_device *kd)
{
	struct kept fresh = {.device = kd, .count = 1};

	kept_put(&kd->account, NULL);
	memcpy(fresh.uuid, uuid, sizeof(fresh.uuid));
	control_kept_write(c, &fresh);
}

/* What is only in memory is lost if this daemon is killed, and then the file says the old thing. */
bool device_kept_taken(struct control *c, const struct device *d)
{
	struct kept_device *kd;
	struct kept k, now;
	bool gone;

	if (uuid_is_null(d->uuid))
		return true;
	if (read_of(c, d, &k, NULL) < 0)
		return false;
	kd = kept_find(&k, d->id);
	if (kd && kd->account)
		drop_account(c, k.uuid, kd);
	gone = !control_kept_is_late(c, k.uuid) && read_of(c, d, &now, NULL) == 0;
	if (gone) {
		kd = kept_find(&now, d->id);
		gone = !kd || !kd->account;
		kept_clear(&now);
	}
	kept_clear(&k);
	return gone;
}

bool device_kept_has(struct control *c, const struct device *d)
{
	struct kept k;
	bool has;

	if (uuid_is_null(d->uuid) || read_of(c, d, &k, NULL) < 0)
		return false;
	has = kept_find(&k, d->id);
	kept_clear(&k);
	return has;
}

/* The nodes outlived their guest, and another one has its domid: nobody detached the guest's. */
static bool is_replaced(struct control *c, const struct device *d)
{
	struct dom_info info;

	return dom_info(c->dom, d->domid, &info) == 0 && info.exists &&
	       memcmp(info.uuid, d->uuid, sizeof(d->uuid)) != 0;
}

/*
 * Another domain that runs has the UUID too, by mistake, and has this device: what is remembered is
 * that one's as well, and is read from it again.
 */
static bool is_shared(struct control *c, struct device *d)
{
	struct device *twin = device_elsewhere(c, d->uuid, d->domid, d->id);

	if (!twin || twin->gone || has_guest(c, twin) <= 0)
		return false;
	device_mark(twin, DEVICE_READ);
	if (!d->unforgotten)
		log_notice("%s: it is detached, and %s has the same UUID: what is set there stays "
			   "remembered",
			   d->name, twin->name);
	d->unforgotten = true;
	return true;
}

void device_kept_forget(struct control *c, struct device *d)
{
	char uuid[UUID_TEXT_LEN + 1], err[KEPT_FILE_ERR_MAX];
	struct kept k = {.count = 0};
	int ret;

	if (d->forgotten || uuid_is_null(d->uuid) || is_replaced(c, d) || is_shared(c, d))
		return;
	uuid_format(d->uuid, uuid);
	ret = control_kept_try(c, uuid, &k, err);
	if (ret == -EBADMSG && kept_find(&k, d->id))
		ret = 0;
	if (ret < 0 && ret != -ENOENT && !d->unforgotten)
		log_warning("%s: it is detached, but what was set for it cannot be forgotten, so "
			    "it may come back with its guest: %s",
			    d->name, err);
	d->unforgotten = ret < 0 && ret != -ENOENT;
	/* A damaged file may tell an operator something of the guest's other devices. */
	if ((d->unforgotten && ret != -EBADMSG) || kept_find(&k, d->id))
		control_kept_drop(c, uuid, d->id);
	/* dmvlctl import may bring it back before the device has left. */
	d->forgotten = !d->unforgotten && !control_kept_is_late(c, uuid);
	kept_clear(&k);
}

/* --- coming back ------------------------------------------------------------------------------ */

/* The policy has given it to another uplink since it was set: the daemon of that one makes it. */
static bool has_moved(const struct control *c, const struct dom_info *dom, const char *name,
		      const struct kept_device *kd)
{
	const char *then = kd->policy[KEY_BACK_UPLINK];
	const char *now = other_uplink(c, dom->uuid, name, kd->id);

	return now && (!then || strcmp(then, now) != 0);
}

/* The guest has the device, and another uplink serves it: what is remembered here is of before. */
static void forget_others(struct control *c, const struct dom_info *dom, const char *name,
			  unsigned id)
{
	char dir[SCHEMA_PATH_MAX], text[SCHEMA_VALUE_MAX + 1], uuid[UUID_TEXT_LEN + 1];

	uuid_format(dom->uuid, uuid);
	if (schema_backend_dir(dir, sizeof(dir), c->domid, dom->domid, id) < 0 ||
	    xskey_read(c->xs, XS_NO_TXN, dir, KEY_BACK_GUEST_UUID, text, sizeof(text)) < 0 ||
	    strcmp(text, uuid) != 0 ||
	    xskey_read(c->xs, XS_NO_TXN, dir, KEY_BACK_SERVED_BY, text, sizeof(text)) < 0 ||
	    strcmp(text, c->conf.name) == 0)
		return;
	log_notice("%s/%u: it is on the uplink %s now: it is forgotten here", name, id, text);
	control_kept_drop(c, uuid, id);
}

/* The device of a guest that is back. `name` is the guest's. False: try again. */
static bool attach_one(struct control *c, const struct dom_info *dom, const char *name,
		       const struct kept_device *kd, const struct policy_match *match, bool again)
{
	struct device_plan plan = {
		.domid = dom->domid, .id = kd->id, .uuid = dom->uuid, .set = kd, .match = match};
	char said[DEVICE_MADE_MAX];
	int ret = device_make(c, &plan, said);

	if (ret == 0)
		log_notice("%s/%u: the guest is back as domain %u, and so is its device; what was "
			   "set:%s",
			   name, kd->id, dom->domid, said[0] ? said : " nothing");
	else if (ret != -EEXIST && !again)
		log_error("%s/%u: the guest is back as domain %u, but its device is not: %s; this "
			  "is tried again each second",
			  name, kd->id, dom->domid, strerror(-ret));
	if (ret == -EEXIST)
		forget_others(c, dom, name, kd->id);
	return ret == 0 || ret == -EEXIST;
}

/* The policy named it, and does so no more: it was not set by hand. */
static void forget_one(struct control *c, const char *uuid, const char *name, unsigned id)
{
	log_notice("%s/%u: the policy does not name it any more: it is forgotten", name, id);
	control_kept_drop(c, uuid, id);
}

static bool attach_all(struct control *c, const struct dom_info *dom, const struct kept *k,
		       const char *name, bool again)
{
	struct policy_match match;
	bool good = true;

	for (unsigned i = 0; i < k->count; i++) {
		const struct kept_device *kd = &k->device[i];

		if (device_elsewhere(c, dom->uuid, dom->domid, kd->id) ||
		    device_is_known(c, dom->domid, kd->id) || has_moved(c, dom, name, kd))
			continue;
		find_policy(c, c->conf.name, dom->uuid, name, kd->id, &match);
		if (!kd->by_policy || match.attach)
			good &= attach_one(c, dom, name, kd, &match, again);
		else if (name[0] && !c->policy.refused)
			forget_one(c, k->uuid, name, kd->id);
		/* else the policy may name it: not all of it, or not the name, could be read */
	}
	return good;
}

bool device_kept_attach(struct control *c, const struct dom_info *dom, const struct kept *k,
			bool again)
{
	struct dom_info now;
	char name[GUEST_NAME_MAX];
	int ret;

	guest_name(c->xs, dom->domid, name, sizeof(name));
	ret = dom_info(c->dom, dom->domid, &now);
	if (ret < 0 || !now.exists || now.dying ||
	    memcmp(now.uuid, dom->uuid, sizeof(now.uuid)) != 0)
		return ret == 0; /* it ended meanwhile, and the name may be another guest's */
	return attach_all(c, dom, k, name, again);
}
