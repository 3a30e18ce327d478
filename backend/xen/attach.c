/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/xen/attach.h"

const char *attach_given(const struct attachment *a, enum schema_key key)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->values[i].key == key)
			return a->values[i].value;
	return NULL;
}

bool attach_is_via_vif(const struct attachment *a)
{
	const char *text = attach_given(a, KEY_BACK_VIA);
	unsigned via = SCHEMA_VIA_RING;

	if (text)
		schema_parse_enum(KEY_BACK_VIA, text, &via, NULL);
	return via == SCHEMA_VIA_VIF;
}

void attach_mac(const struct attachment *a, char mac[FRAME_MAC_STR])
{
	const char *given = attach_given(a, KEY_BACK_MAC);
	uint8_t bytes[6];

	mac[0] = '\0';
	if (!given && attach_is_via_vif(a))
		return;
	if (!given || schema_parse_mac(KEY_BACK_MAC, given, bytes, NULL) < 0)
		frame_mac_default(bytes, a->uuid, a->id);
	frame_mac_format(bytes, mac);
}

int attach_create(struct xs_conn *xs, const struct attachment *a)
{
	struct node_value values[KEY_COUNT];
	char mac[FRAME_MAC_STR], uuid[UUID_TEXT_LEN + 1];
	unsigned n = 0;

	for (; n < a->n && n < KEY_COUNT - 2; n++)
		values[n] = a->values[n];
	attach_mac(a, mac);
	if (mac[0] && !attach_given(a, KEY_BACK_MAC))
		values[n++] = (struct node_value){KEY_BACK_MAC, mac};
	uuid_format(a->uuid, uuid);
	values[n++] = (struct node_value){KEY_BACK_GUEST_UUID, uuid};
	return nodes_create(xs, a->backend_domid, a->domid, a->id, values, n);
}
