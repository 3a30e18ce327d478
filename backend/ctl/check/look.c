/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look.h"

#include <stdio.h>
#include <string.h>

struct finding_row *look_found(struct look *look)
{
	struct finding_row *f = finding_add(look->found, look->id, look->gravity);

	finding_where(f, "%s", look->where);
	f->domid = look->device ? look->device->domid : 0;
	return f;
}

bool look_is_of(const struct ldp_view *device, const char *uplink)
{
	char name[VIEW_TEXT_MAX];

	return strcmp(view_text(&device->keys, KEY_BACK_UPLINK, name, sizeof(name)), uplink) == 0;
}

const struct uplink_view *look_uplink_of(const struct look *look, const struct ldp_view *device)
{
	for (int i = 0; i < look->uplink_count; i++) {
		if (look_is_of(device, look->uplinks[i].name))
			return &look->uplinks[i];
	}
	return NULL;
}

void look_target(const struct ldp_view *device, char out[FINDING_WHERE_MAX])
{
	target_format(device->name, device->domid, device->id, out, FINDING_WHERE_MAX);
}

bool look_mac_of(const struct ldp_view *d, uint8_t mac[6])
{
	const char *text = d->keys.value[KEY_BACK_MAC];

	return text && schema_parse_mac(KEY_BACK_MAC, text, mac, NULL) == 0;
}
