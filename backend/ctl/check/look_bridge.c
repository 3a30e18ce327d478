/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_bridge.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/ctl/check/look_port.h"
#include "backend/ctl/check/vlans.h"
#include "backend/ctl/standing.h"
#include "backend/frame/frame_check.h"
#include "backend/uplink/neigh.h"
#include "backend/uplink/netdev.h"
#include "backend/uplink/portmap.h"
#include "backend/vif/vif_vlan.h"

#define READS_MAX 64u /* of a table that changes all the time */

/* --- VLANs of the ports ----------------------------------------------------------------------- */

/* What the devices of the uplink may send and get; [0]: frames without a tag. */
static void wanted_vlans(const struct look *look, bool want[VLANS])
{
	for (int i = 0; i < look->devices.count; i++) {
		const struct ldp_view *d = &look->devices.view[i];
		const char *text = d->keys.value[KEY_BACK_VLAN];
		struct vlan_policy vlan = {.mode = VLAN_NONE};

		if (!look_is_of(d, look->uplink->name))
			continue;
		if (text)
			vlan_policy_parse(text, &vlan, NULL, 0);
		/* A trunk may have any, and none is sure to be used. */
		want[0] |= vlan.mode == VLAN_NONE || (vlan.mode == VLAN_LIST && (vlan.ids[0] & 1));
		for (unsigned id = 1; vlan.mode == VLAN_LIST && id < VLANS; id++)
			want[id] |= vlan.ids[id / 64] >> id % 64 & 1;
	}
}

static void tell_untagged(struct look *look, const char *bridge, const char *port)
{
	struct finding_row *f = look_found(look);

	finding_text(f,
		     "the bridge %s filters VLANs, and its port %s has none for untagged frames: "
		     "those of guests, or to them, are lost",
		     bridge, port);
	finding_do(f, "bridge vlan add dev %s vid 1 pvid untagged    # or another VLAN than 1",
		   port);
}

static void tell_not_in(struct look *look, const char *bridge, const char *port, unsigned id,
			const char *as)
{
	struct finding_row *f = look_found(look);

	finding_text(f,
		     "the bridge %s filters VLANs, and its port %s is not in VLAN %u, in which "
		     "guests send: their frames are lost there",
		     bridge, port, id);
	finding_do(f, "bridge vlan add dev %s vid %u%s", port, id, as);
}

/* What was read of an uplink's ports. */
struct reading {
	struct vlan_ports vlans;
	char first[IFNAMSIZ]; /* of the exits */
	bool failed;
};

static void read_vlans(struct reading *r, struct vlans *out, const char *port)
{
	char text[VIF_VLANS_MAX];
	unsigned ifindex = if_nametoindex(port);

	if (!ifindex || vif_vlan_read(ifindex, text) < 0)
		r->failed = true;
	else
		vlans_parse(out, text);
}

static void read_exit(struct look *look, const char *tap, const char *bridge, const char *exit,
		      void *arg)
{
	struct reading *r = arg;

	(void)look;
	(void)tap;
	if (r->vlans.exits == VLANS_EXITS || !netdev_is_port_of(exit, bridge))
		return;
	if (r->vlans.exits == 0)
		snprintf(r->first, sizeof(r->first), "%s", exit);
	read_vlans(r, &r->vlans.exit[r->vlans.exits++], exit);
}

static void look_at_vlan(struct look *look, const char *bridge, const char *tap,
			 const struct reading *r, unsigned id)
{
	unsigned vid;

	switch (vlans_judge(&r->vlans, id, &vid)) {
	case VLAN_LACKS_UNTAGGED:
		tell_untagged(look, bridge, tap);
		break;
	case VLAN_LACKS_TAP:
		tell_not_in(look, bridge, tap, vid, "");
		break;
	case VLAN_LACKS_EXIT:
		tell_not_in(look, bridge, r->first, vid,
			    id == 0 ? " pvid untagged    # tagged without these two words" : "");
		break;
	case VLAN_LACKS_NOTHING:
		break;
	}
}

bool look_vlans(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ];
	bool want[VLANS] = {false};
	static struct reading r;

	if (!look_bridge_of(look, device, bridge) ||
	    !look_port_says(bridge, "bridge/vlan_filtering", '1'))
		return true;
	wanted_vlans(look, want);
	r.vlans.exits = 0;
	r.failed = false;
	read_vlans(&r, &r.vlans.tap, device);
	look_each_exit(look, device, bridge, read_exit, &r);
	for (unsigned id = 0; !r.failed && id < VLANS; id++) {
		if (want[id])
			look_at_vlan(look, bridge, device, &r, id);
	}
	return true;
}

/* --- guests' addresses ------------------------------------------------------------------------ */

/* The bridge's table; NULL: it cannot be read. */
static struct portmap *read_table(unsigned bridge)
{
	struct portmap *m = portmap_new();
	struct pollfd p = {.fd = m ? neigh_open() : -1, .events = POLLIN};
	int ret = p.fd < 0 ? -1 : 0;

	for (unsigned i = 0; ret == 0 && i < READS_MAX && poll(&p, 1, 0) > 0; i++)
		ret = neigh_read(p.fd, bridge, m);
	if (p.fd >= 0)
		close(p.fd);
	if (ret == 0)
		return m;
	if (m)
		portmap_free(m);
	return NULL;
}

static void tell_elsewhere(struct look *look, const struct ldp_view *d, const uint8_t mac[6],
			   const char *bridge, const char *tap, unsigned port)
{
	char name[IFNAMSIZ], target[FINDING_WHERE_MAX], text[FRAME_MAC_STR];
	struct finding_row *f;

	if (!if_indextoname(port, name))
		return;
	look_target(d, target);
	frame_mac_format(mac, text);
	f = look_found(look);
	finding_where(f, "%s", target);
	if (strcmp(name, bridge) == 0) {
		finding_text(f,
			     "its MAC %s is an address of this host too: the bridge %s passes the "
			     "guest no frames",
			     text, bridge);
		finding_do(f, "bridge fdb show br %s | grep %s    # give it, or the guest, another",
			   bridge, text);
		return;
	}
	finding_text(f,
		     "the bridge %s sends frames for its MAC %s to %s, and not to %s: another "
		     "machine has this address, or an entry was made by hand",
		     bridge, text, name, tap);
	finding_do(f, "bridge fdb del %s dev %s master    # one that is learnt comes back", text,
		   name);
}

/* Is a guest's address behind another port than the TAP? */
bool look_elsewhere(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ];
	struct portmap *m;
	unsigned tap;

	if (!look_bridge_of(look, device, bridge) || !(tap = if_nametoindex(device)))
		return true;
	m = read_table(if_nametoindex(bridge));
	for (int i = 0; m && i < look->devices.count; i++) {
		const struct ldp_view *d = &look->devices.view[i];
		uint8_t mac[6];
		uint32_t port;

		if (!look_is_of(d, look->uplink->name) || !ldp_view_is_connected(d) ||
		    !look_mac_of(d, mac))
			continue;
		port = portmap_find(m, mac, 0);
		if (port != PORTMAP_NONE && port != tap)
			tell_elsewhere(look, d, mac, bridge, device, port);
	}
	if (m)
		portmap_free(m);
	return true;
}
