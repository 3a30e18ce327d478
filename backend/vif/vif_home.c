/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/vif_home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uplink/netdev.h"
#include "backend/vif/rtlink.h"
#include "backend/vif/vif_vlan.h"

#define MARK "dmvl"

/* Files of a bridge port in sysfs. Their order is that of the values in vif_home.port. */
static const char *const settings[] = {
	"path_cost",
	"priority",
	"hairpin_mode",
	"bpdu_guard",
	"root_block",
	"learning",
	"unicast_flood",
	"multicast_flood",
	"broadcast_flood",
	"multicast_router",
	"multicast_fast_leave",
	"multicast_to_unicast",
	"neigh_suppress",
	"isolated",
	"proxyarp",
	"proxyarp_wifi",
	"group_fwd_mask",
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static bool write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	bool good = f && fputs(text, f) >= 0;

	if (f)
		good &= fclose(f) == 0;
	return good;
}

/* --- settings of the port --------------------------------------------------------------------- */

static bool read_setting(const char *ifname, size_t i, char out[24])
{
	char entry[48];

	snprintf(entry, sizeof(entry), "brport/%s", settings[i]);
	return netdev_text(NETDEV_SYSFS, ifname, entry, out, 24);
}

static void read_port(const char *ifname, char out[VIF_PORT_MAX])
{
	size_t len = 0;
	char value[24];

	out[0] = '\0';
	for (size_t i = 0; i < SETTINGS && len < VIF_PORT_MAX; i++)
		len += (size_t)snprintf(out + len, VIF_PORT_MAX - len, "%s%s", i ? "," : "",
					read_setting(ifname, i, value) ? value : "-");
}

/* A setting that is as it was is not written: the kernel takes some written ones for an operator's.
 */
static void restore_port(const char *ifname, const char *port)
{
	char path[96], was[24], now[24];

	for (size_t i = 0; i < SETTINGS && *port; i++) {
		size_t len = strcspn(port, ",");

		snprintf(was, sizeof(was), "%.*s", (int)len, port);
		port += len + (port[len] == ',');
		if (strcmp(was, "-") == 0 || !read_setting(ifname, i, now) || strcmp(was, now) == 0)
			continue;
		snprintf(path, sizeof(path), NETDEV_SYSFS "/%.15s/brport/%s", ifname, settings[i]);
		write_file(path, was);
	}
}

/* --- the interface ---------------------------------------------------------------------------- */

static void ipv6_path(char path[96], const char *ifname)
{
	snprintf(path, 96, "/proc/sys/net/ipv6/conf/%.15s/disable_ipv6", ifname);
}

static bool has_no_ipv6(const char *ifname)
{
	char path[96];
	FILE *f;
	bool off = false;

	ipv6_path(path, ifname);
	f = fopen(path, "re");
	if (f) {
		off = fgetc(f) == '1';
		fclose(f);
	}
	return off;
}

void vif_home_read(const char *ifname, struct vif_home *out)
{
	char text[24];
	unsigned long flags = 0;

	*out = (struct vif_home){0};
	if (netdev_text(NETDEV_SYSFS, ifname, "flags", text, sizeof(text)))
		flags = strtoul(text, NULL, 16);
	out->up = flags & IFF_UP;
	out->arp = !(flags & IFF_NOARP);
	out->no_ipv6 = has_no_ipv6(ifname);
	if (!netdev_bridge(ifname, out->bridge))
		return;
	read_port(ifname, out->port);
	vif_vlan_read(if_nametoindex(ifname), out->vlans);
}

int vif_home_restore(const char *ifname, const struct vif_home *home)
{
	uint32_t ifindex = if_nametoindex(ifname);
	char path[96];
	int ret = 0;

	if (ifindex == 0)
		return -ENODEV;
	if (home->bridge[0]) {
		uint32_t bridge = if_nametoindex(home->bridge);

		ret = bridge ? rtlink_set_master(ifindex, bridge) : -ENODEV;
		if (ret == -EBUSY) /* it was taken again meanwhile: the host stays silent there */
			return ret;
		restore_port(ifname, home->port);
		vif_vlan_restore(ifindex, home->vlans);
	}
	rtlink_set_flags(ifindex, (home->up ? IFF_UP : 0) | (home->arp ? 0 : IFF_NOARP),
			 IFF_UP | IFF_NOARP);
	ipv6_path(path, ifname);
	write_file(path, home->no_ipv6 ? "1" : "0");
	return ret;
}

/* --- as text ---------------------------------------------------------------------------------- */

void vif_home_format(const struct vif_home *home, const char *owner, char out[VIF_TEXT_MAX])
{
	int len = snprintf(out, VIF_TEXT_MAX, MARK " %s bridge=%s up=%d arp=%d no-ipv6=%d port=%s",
			   owner, home->bridge, home->up, home->arp, home->no_ipv6, home->port);

	if (home->vlans[0] && (size_t)len + 7 + strlen(home->vlans) < VIF_TEXT_MAX)
		snprintf(out + len, VIF_TEXT_MAX - (size_t)len, " vlans=%s", home->vlans);
}

static void take_word(struct vif_home *h, const char *word)
{
	if (strncmp(word, "bridge=", 7) == 0)
		snprintf(h->bridge, sizeof(h->bridge), "%s", word + 7);
	else if (strncmp(word, "up=", 3) == 0)
		h->up = word[3] == '1';
	else if (strncmp(word, "arp=", 4) == 0)
		h->arp = word[4] == '1';
	else if (strncmp(word, "no-ipv6=", 8) == 0)
		h->no_ipv6 = word[8] == '1';
	else if (strncmp(word, "port=", 5) == 0)
		snprintf(h->port, sizeof(h->port), "%s", word + 5);
	else if (strncmp(word, "vlans=", 6) == 0)
		snprintf(h->vlans, sizeof(h->vlans), "%s", word + 6);
}

bool vif_home_parse(const char *text, struct vif_home *home, char owner[VIF_OWNER_MAX])
{
	char copy[VIF_TEXT_MAX], *rest, *word;

	*home = (struct vif_home){0};
	snprintf(copy, sizeof(copy), "%s", text);
	word = strtok_r(copy, " ", &rest);
	if (!word || strcmp(word, MARK) != 0)
		return false;
	word = strtok_r(NULL, " ", &rest);
	if (!word)
		return false;
	snprintf(owner, VIF_OWNER_MAX, "%s", word);
	while ((word = strtok_r(NULL, " ", &rest)))
		take_word(home, word);
	return true;
}
