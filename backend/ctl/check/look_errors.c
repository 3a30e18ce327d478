/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_errors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/check/remedy.h"
#include "backend/ctl/words.h"
#include "backend/frame/frame.h"
#include "backend/policy/setting.h"

static bool error_of(const struct view *keys, enum schema_key key, char text[VIEW_TEXT_MAX])
{
	if (!keys->value[key] || !*keys->value[key])
		return false;
	view_text(keys, key, text, VIEW_TEXT_MAX);
	return true;
}

/* Guests without a carrier have no network. */
static bool cuts_off(const struct look *look)
{
	for (int i = 0; i < look->devices.count; i++) {
		const char *carrier = look->devices.view[i].keys.value[KEY_BACK_CARRIER];

		if (look_is_of(&look->devices.view[i], look->uplink->name) && carrier &&
		    strcmp(carrier, "0") == 0)
			return true;
	}
	return false;
}

bool look_uplink_error(struct look *look)
{
	const char *name = look->uplink->name;
	char text[VIEW_TEXT_MAX], dir[SCHEMA_PATH_MAX], command[80];
	struct finding_row *f;

	if (!error_of(&look->uplink->keys, KEY_UPLINK_ERROR, text))
		return true;
	f = look_found(look);
	f->certain = true;
	finding_text(f, "%s", text);
	if (cuts_off(look))
		f->gravity = GRAVITY_CRITICAL;
	schema_uplink_dir(dir, sizeof(dir), look->ctl->backend_domid, name);
	snprintf(command, sizeof(command), "dmvlctl uplink %s", name);
	if (!remedy_of(f, text, name) && !remedy_of_key(f, text, SCHEMA_UPLINK, command, dir))
		remedy_journal(f, name);
	return true;
}

static void tell_group(struct look *look, const struct group_view *g)
{
	char text[VIEW_TEXT_MAX], dir[SCHEMA_PATH_MAX], command[128];
	struct finding_row *f;

	if (!error_of(&g->keys, KEY_GROUP_ERROR, text))
		return;
	f = look_found(look);
	finding_where(f, "group %s of uplink %s", g->name, g->uplink);
	finding_text(f, "%s", text);
	snprintf(command, sizeof(command), "dmvlctl group --uplink %s %s", g->uplink, g->name);
	if (schema_group_dir(dir, sizeof(dir), look->ctl->backend_domid, g->uplink, g->name) < 0 ||
	    !remedy_of_key(f, text, SCHEMA_GROUP, command, dir))
		finding_do(f, "%s    # its keys and devices", command);
}

bool look_group_errors(struct look *look)
{
	struct group_view *g;
	int count = group_views_read(look->ctl, look->uplink->name, &look->devices, &g);

	for (int i = 0; i < count; i++)
		tell_group(look, &g[i]);
	group_views_free(g, count);
	return true;
}

/* It has no default in the schema: attach makes one of the guest's UUID. */
static void do_default_mac(struct finding_row *f, const struct ldp_view *d, const char *target)
{
	uint8_t uuid[16], mac[6];
	char text[FRAME_MAC_STR];

	if (!uuid_parse(d->uuid, uuid))
		return;
	frame_mac_default(mac, uuid, d->id);
	finding_do(f, "dmvlctl set %s %s=%s", target, schema_name(KEY_BACK_MAC),
		   frame_mac_format(mac, text));
}

static void do_for_device(struct look *look, struct finding_row *f, const char *text)
{
	const struct ldp_view *d = look->device;
	char target[FINDING_WHERE_MAX], dir[SCHEMA_PATH_MAX], command[FINDING_WHERE_MAX + 16];

	look_target(d, target);
	snprintf(command, sizeof(command), "dmvlctl set %s", target);
	schema_backend_dir(dir, sizeof(dir), look->ctl->backend_domid, d->domid, d->id);
	if (remedy_key(text, SCHEMA_BACK) == KEY_BACK_MAC)
		do_default_mac(f, d, target);
	else if (!remedy_of(f, text, target) && !remedy_of_key(f, text, SCHEMA_BACK, command, dir))
		finding_do(f, "dmvlctl show %s    # its keys; the log of dmvl-back says more",
			   target);
}

bool look_device_error(struct look *look)
{
	const struct ldp_view *d = look->device;
	char text[VIEW_TEXT_MAX];
	enum state_tone tone;
	struct finding_row *f;

	if (!error_of(&d->keys, KEY_BACK_ERROR, text))
		return true;
	f = look_found(look);
	finding_text(f, "%s", text);
	state_words(d, true, &tone);
	if (tone != STATE_GOOD)
		f->gravity = GRAVITY_CRITICAL;
	do_for_device(look, f, text);
	return true;
}

/* The schema does not know what a list may have. */
static bool is_refused(const struct view *keys, enum schema_key key)
{
	char out[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	return view_is_malformed(keys, key) ||
	       (keys->value[key] && schema_entry(key)->type == SCHEMA_LIST &&
		setting_convert(key, keys->value[key], out, err) < 0);
}

/* The device's error names the first that is refused; nobody names any while no daemon runs. */
bool look_refused(struct look *look)
{
	const struct view *keys = &look->device->keys;
	char error[VIEW_TEXT_MAX] = "", value[VIEW_TEXT_MAX], text[VIEW_TEXT_MAX + 64];

	error_of(keys, KEY_BACK_ERROR, error);
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		struct finding_row *f;

		if (schema_entry(key)->area != SCHEMA_BACK || !setting_is_given(key) ||
		    !is_refused(keys, key) || remedy_key(error, SCHEMA_BACK) == i)
			continue;
		view_text(keys, key, value, sizeof(value));
		snprintf(text, sizeof(text), "%s %s: it is no value of this key", schema_name(key),
			 value);
		f = look_found(look);
		finding_text(f, "%s", text);
		do_for_device(look, f, text);
	}
	return true;
}
