/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_locked.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "backend/ctl/check/ask.h"
#include "backend/ctl/check/look_port.h"
#include "backend/uplink/netdev.h"
#include "backend/uplink/portmap.h"
#include "backend/vif/rtlink.h"

/*
 * A locked port passes a frame if the bridge has its sender's address at this port, and learns none
 * there. What was learnt before the port was locked is forgotten one day, and what was entered by
 * hand, or by a program that admits hosts, is not.
 */
struct entered {
	uint32_t port;
	struct portmap *map;
	unsigned count;
};

static int take_mac(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NDA_LLADDR && mnl_attr_get_payload_len(a) == 6)
		*(const uint8_t **)arg = mnl_attr_get_payload(a);
	return MNL_CB_OK;
}

static int take_entry(const struct nlmsghdr *n, void *arg)
{
	struct entered *e = arg;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(n);
	const uint8_t *mac = NULL;

	if (n->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(n) < sizeof(*ndm) ||
	    (uint32_t)ndm->ndm_ifindex != e->port ||
	    !(ndm->ndm_state & NUD_NOARP || ndm->ndm_flags & NTF_EXT_LEARNED))
		return MNL_CB_OK;
	mnl_attr_parse(n, sizeof(*ndm), take_mac, &mac);
	if (!mac)
		return MNL_CB_OK;
	portmap_set(e->map, mac, 0, e->port);
	e->count++;
	return MNL_CB_OK;
}

/* False: the kernel does not tell. portmap_free() ends it. */
static bool read_entered(struct entered *e, uint32_t port)
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	*e = (struct entered){port, portmap_new(), 0};
	if (!e->map)
		return false;
	n->nlmsg_type = RTM_GETNEIGH;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ndm = mnl_nlmsg_put_extra_header(n, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	if (rtlink_ask(NETLINK_ROUTE, n, take_entry, e) == 0)
		return true;
	portmap_free(e->map);
	return false;
}

/* How many devices have an address that was not entered, and the first of them. */
static unsigned count_strangers(const struct look *look, uint32_t tap, const struct ldp_view **one)
{
	struct entered e;
	unsigned count = 0;

	if (!read_entered(&e, tap))
		return 0;
	for (int i = 0; i < look->devices.count; i++) {
		const struct ldp_view *d = &look->devices.view[i];
		uint8_t mac[6];

		if (!look_is_of(d, look->uplink->name) || !look_mac_of(d, mac) ||
		    portmap_find(e.map, mac, 0) == tap)
			continue;
		if (count++ == 0)
			*one = d;
	}
	portmap_free(e.map);
	return count;
}

/* Were hosts outside, as a router, entered at all? */
static bool has_entered(const char *port)
{
	struct entered e;

	if (!read_entered(&e, if_nametoindex(port)))
		return true;
	portmap_free(e.map);
	return e.count > 0;
}

static bool is_locked(const char *port)
{
	uint32_t ifindex = if_nametoindex(port);
	struct ask_port p = {.locked = false};

	if (ifindex)
		ask_port(ifindex, &p);
	return p.locked;
}

static void look_at_tap(struct look *look, const char *tap, const char *bridge)
{
	char target[FINDING_WHERE_MAX], others[32] = "";
	const struct ldp_view *one = NULL;
	struct finding_row *f;
	unsigned count;

	if (!is_locked(tap))
		return;
	count = count_strangers(look, if_nametoindex(tap), &one);
	if (count == 0)
		return;
	look_target(one, target);
	if (count > 1)
		snprintf(others, sizeof(others), " and %u more", count - 1);
	f = look_found(look);
	finding_text(f,
		     "the bridge %s has its port %s locked, and the MAC of %s%s was not entered "
		     "there: frames of such guests are lost, at the latest when the bridge forgets "
		     "what it learnt",
		     bridge, tap, target, others);
	finding_do(f, "bridge link set dev %s locked off", tap);
}

static void look_at_exit(struct look *look, const char *tap, const char *bridge, const char *exit,
			 void *arg)
{
	struct finding_row *f;

	(void)tap;
	(void)arg;
	if (!netdev_is_port_of(exit, bridge) || !is_locked(exit))
		return;
	f = look_found(look);
	if (has_entered(exit))
		f->gravity = GRAVITY_NOTE;
	finding_text(f,
		     "the bridge %s has its port %s locked, by which frames leave the host: frames "
		     "from outside are lost unless their sender was entered there",
		     bridge, exit);
	finding_do(f, "bridge link set dev %s locked off", exit);
}

bool look_locked(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ];

	if (!look_bridge_of(look, device, bridge))
		return true;
	look_at_tap(look, device, bridge);
	look_each_exit(look, device, bridge, look_at_exit, NULL);
	return true;
}
