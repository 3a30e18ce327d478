/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/device_state.h"
#include "backend/kept/kept.h"
#include "backend/xen/nodes.h"
#include "common/log.h"

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
#define SENTENCE_MAX 512

/* --- remembering ------------------------------------------------------------------------------ */

static bool has_uuid(const struct device *d)
{
	static const uint8_t none[16];

	return memcmp(d->uuid, none, sizeof(none)) != 0;
}

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

/* False: no memory. */
static bool gather(const struct device *d, const struct settings_text *texts,
		   const struct kept_device *old, struct kept_device *out)
{
	char mac[FRAME_MAC_STR];

	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		const char *text = texts->refused[i] ? (old ? old->set[i] : NULL) : texts->of[i];
		const char *dflt = default_of(d, key, mac);

		if (!kept_is_key(key) || !text || (dflt && strcmp(text, dflt) == 0))
			continue;
		if (!kept_put(&out->set[i], text))
			return false;
	}
	return true;
}

static void read_name(struct control *c, unsigned domid, char out[KEPT_NAME_MAX])
{
	char path[SCHEMA_PATH_MAX];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	if (xs_conn_read(c->xs, XS_NO_TXN, path, out, KEPT_NAME_MAX) < 0)
		out[0] = '\0';
}

/* Puts *fresh, whose contents it takes, in the place of the device that *k may have. */
static bool replace(struct kept *k, struct kept_device *fresh)
{
	struct kept_device *d;

	kept_drop(k, fresh->id);
	d = kept_add(k, fresh->id);
	if (!d)
		return false;
	*d = *fresh;
	*fresh = (struct kept_device){.id = d->id};
	return true;
}

/* A file that is damaged is replaced. */
static int read_of(struct control *c, const struct device *d, struct kept *k)
{
	char uuid[UUID_TEXT_LEN + 1];
	int ret;

	uuid_format(d->uuid, uuid);
	*k = (struct kept){.count = 0};
	ret = control_kept_read(c, uuid, k);
	memcpy(k->uuid, uuid, sizeof(uuid));
	return ret == -ENOENT || ret == -EBADMSG ? 0 : ret;
}

void device_kept_remember(struct control *c, struct device *d, const struct settings_text *texts)
{
	struct kept fresh = {.count = 0}, k;
	struct kept_device *now = kept_add(&fresh, d->id), *old;

	if (!now || !has_uuid(d) || read_of(c, d, &k) < 0) {
		kept_clear(&fresh);
		return;
	}
	old = kept_find(&k, d->id);
	if (!gather(d, texts, old, now) || (old && kept_same(old, now)) || !replace(&k, now)) {
		kept_clear(&k);
	} else {
		read_name(c, d->domid, k.name);
		control_kept_write(c, &k);
	}
	kept_clear(&fresh);
}

bool device_kept_has(struct control *c, const struct device *d)
{
	struct kept k;
	bool has;

	if (!has_uuid(d) || read_of(c, d, &k) < 0)
		return false;
	has = kept_find(&k, d->id);
	kept_clear(&k);
	return has;
}

void device_kept_forget(struct control *c, const struct device *d)
{
	struct kept k;

	if (!has_uuid(d) || read_of(c, d, &k) < 0)
		return;
	if (kept_drop(&k, d->id))
		control_kept_write(c, &k);
	else
		kept_clear(&k);
}

/* --- coming back ------------------------------------------------------------------------------ */

struct comeback {
	struct node_value value[KEY_COUNT + 3];
	unsigned n;
	char uuid[UUID_TEXT_LEN + 1], mac[FRAME_MAC_STR];
	char said[SENTENCE_MAX]; /* what was remembered, for the log */
};

static void add(struct comeback *b, enum schema_key key, const char *value)
{
	b->value[b->n++] = (struct node_value){key, value};
}

static void say(struct comeback *b, enum schema_key key, const char *value)
{
	size_t used = strlen(b->said);

	snprintf(b->said + used, sizeof(b->said) - used, " %s=%s", schema_name(key), value);
}

static bool is_via_vif(const struct kept_device *kd)
{
	return kd->set[KEY_BACK_VIA] &&
	       strcmp(kd->set[KEY_BACK_VIA], schema_entry(KEY_BACK_VIA)->dflt) != 0;
}

static void fill(struct comeback *b, const struct control *c, const struct dom_info *dom,
		 const struct kept_device *kd)
{
	uint8_t mac[6];

	*b = (struct comeback){.n = 0};
	uuid_format(dom->uuid, b->uuid);
	add(b, KEY_BACK_GUEST_UUID, b->uuid);
	add(b, KEY_BACK_UPLINK, c->conf.name);
	for (int key = 0; key < KEY_COUNT; key++) {
		if (!kd->set[key])
			continue;
		add(b, (enum schema_key)key, kd->set[key]);
		say(b, (enum schema_key)key, kd->set[key]);
	}
	if (kd->set[KEY_BACK_MAC] || is_via_vif(kd))
		return;
	frame_mac_default(mac, dom->uuid, kd->id);
	add(b, KEY_BACK_MAC, frame_mac_format(mac, b->mac));
}

static void attach_one(struct control *c, const struct dom_info *dom, const struct kept_device *kd)
{
	struct comeback b;
	int ret;

	fill(&b, c, dom, kd);
	ret = nodes_create(c->xs, c->domid, dom->domid, kd->id, b.value, b.n);
	if (ret == -EEXIST)
		return;
	if (ret < 0)
		log_error("%u/%u: the guest is back, but its device is not: %s", dom->domid, kd->id,
			  strerror(-ret));
	else
		log_info("%u/%u: the guest is back, and so is its device, with what was set:%s",
			 dom->domid, kd->id, b.said[0] ? b.said : " nothing");
}

/* Another domain has the UUID, and the device: that of a guest that moves on this host. */
static bool is_elsewhere(const struct control *c, const struct dom_info *dom, unsigned id)
{
	const struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->id == id && d->domid != dom->domid && memcmp(d->uuid, dom->uuid, 16) == 0)
			return true;
	}
	return false;
}

void device_kept_attach(struct control *c, const struct dom_info *dom, const struct kept *k)
{
	for (unsigned i = 0; i < k->count; i++) {
		if (!is_elsewhere(c, dom, k->device[i].id))
			attach_one(c, dom, &k->device[i]);
	}
}
