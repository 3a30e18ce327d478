/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_device.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "backend/frame/frame.h"
#include "backend/ctl/doctor_find.h"

/* Without the hypervisor's word nothing is said. */
static bool is_gone(struct look *look, unsigned domid)
{
	struct dom_info info;

	return dom_info(look->dom, domid, &info) == 0 && (!info.exists || info.dying);
}

bool look_phantom(struct look *look)
{
	const struct ldp_view *d = look->device;
	struct finding_row *f;

	if (!is_gone(look, d->domid))
		return true;
	f = look_found(look);
	finding_text(f, "there is no domain %u, and its device is still there", d->domid);
	finding_do(f, "dmvlctl detach %u/%u", d->domid, d->id);
	return false;
}

bool look_no_uplink(struct look *look)
{
	const struct ldp_view *d = look->device;
	char uplink[VIEW_TEXT_MAX], command[DOCTOR_COMMAND_MAX], target[FINDING_WHERE_MAX];
	struct finding_row *f;

	if (look_uplink_of(look, d))
		return true;
	view_text(&d->keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
	look_target(d, target);
	f = look_found(look);
	finding_text(f, "no dmvl-back has served its uplink %s since boot", uplink);
	if (!view_is_malformed(&d->keys, KEY_BACK_UPLINK)) {
		doctor_restart_uplink(&(struct doctor){.root = ""}, uplink, command);
		finding_do(f, "%s", command);
	}
	finding_do(f, "dmvlctl detach %s    # if the name is wrong; then attach it again", target);
	return true;
}

/* Each pair is told once, of the one that comes later. */
bool look_same_mac(struct look *look)
{
	const struct ldp_view *d = look->device, *o;
	char uplink[VIEW_TEXT_MAX], own[FINDING_WHERE_MAX], other[FINDING_WHERE_MAX];
	uint8_t mac[6], theirs[6], uuid[16];
	char text[FRAME_MAC_STR];
	struct finding_row *f;

	if (!look_mac_of(d, mac))
		return true;
	view_text(&d->keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
	for (o = look->devices.view; o < d; o++) {
		if (!look_is_of(o, uplink) || !look_mac_of(o, theirs) ||
		    memcmp(mac, theirs, 6) != 0 || is_gone(look, o->domid))
			continue;
		look_target(o, other);
		look_target(d, own);
		f = look_found(look);
		finding_text(f, "its MAC %s is that of %s too: one of them gets the frames of both",
			     frame_mac_format(mac, text), other);
		if (uuid_parse(d->uuid, uuid))
			frame_mac_default(mac, uuid, d->id);
		if (memcmp(mac, theirs, 6) == 0)
			mac[5] ^= 1;
		finding_do(f, "dmvlctl set %s %s=%s    # in force when it connects again", own,
			   schema_name(KEY_BACK_MAC), frame_mac_format(mac, text));
		return true;
	}
	return true;
}

/* Then one finding is enough. */
static bool is_uplinks_fault(const struct look *look)
{
	const struct uplink_view *u = look_uplink_of(look, look->device);

	return u && finding_exists(look->found, "uplink-mtu", "uplink ", u->name);
}

bool look_device_mtu(struct look *look)
{
	const struct ldp_view *d = look->device;
	uint64_t mtu = view_number(&d->keys, KEY_BACK_MTU);
	uint64_t most = view_number(&d->keys, KEY_BACK_UPLINK_MTU);
	char target[FINDING_WHERE_MAX];
	struct finding_row *f;

	if (most == 0 || mtu <= most || is_uplinks_fault(look))
		return true;
	look_target(d, target);
	f = look_found(look);
	finding_text(f,
		     "its MTU is %" PRIu64 ", and packets of at most %" PRIu64
		     " bytes leave the host: larger ones reach other guests alone",
		     mtu, most);
	finding_do(f, "dmvlctl set %s %s=%" PRIu64 "    # in force when it connects again", target,
		   schema_name(KEY_BACK_MTU), most);
	return true;
}
