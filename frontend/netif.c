/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/netif.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/log.h"
#include "common/tap_if.h"

#define IPV6_MTU_MIN 1280u

const char *netif_name(int tap_fd, char name[IFNAMSIZ])
{
	if (tap_if_name(tap_fd, name) < 0)
		strcpy(name, "the interface");
	return name;
}

const char *netif_strerror(int err)
{
	if (err == -EOPNOTSUPP)
		return "the interface was moved to another network namespace, and this kernel "
		       "cannot tell to which: set it by hand there";
	return strerror(-err);
}

static int configure_mac(const struct tap_if *t, const uint8_t *mac)
{
	uint8_t is[6];
	int ret;

	if (tap_if_get_mac(t, is) == 0 && memcmp(is, mac, 6) == 0)
		return 0;
	ret = tap_if_set_mac(t, mac);
	if (ret < 0)
		log_warning("%s: cannot set the MAC address: %s", t->name, netif_strerror(ret));
	return ret;
}

static int configure_mtu(const struct tap_if *t, uint32_t mtu)
{
	int ret = tap_if_set_mtu(t, mtu);

	if (ret < 0)
		log_warning("%s: cannot set the MTU to %u: %s", t->name, mtu, netif_strerror(ret));
	return ret;
}

int netif_configure(int tap_fd, const uint8_t *mac, uint32_t mtu)
{
	struct tap_if t;
	int ret = tap_if_open(&t, tap_fd), ret_mtu;

	if (ret < 0) {
		log_warning("cannot set MAC address and MTU: the interface was removed");
		return ret;
	}
	if (mac)
		ret = configure_mac(&t, mac);
	ret_mtu = configure_mtu(&t, mtu);
	tap_if_close(&t);
	return ret < 0 ? ret : ret_mtu;
}

void netif_forget_limit(int tap_fd, uint32_t was)
{
	struct tap_if t;
	uint32_t is;

	if (tap_if_open(&t, tap_fd) < 0)
		return;
	/*
	 * The kernel keeps what an answer told it of a destination for minutes. What is equal to
	 * the interface's MTU it raises with that. Below 1280, IPv6 would end.
	 */
	if (tap_if_get_mtu(&t, &is) == 0 && was >= IPV6_MTU_MIN && was < is) {
		if (tap_if_set_mtu(&t, was) == 0)
			configure_mtu(&t, is);
		log_info("%s: packets of more than %u bytes leave the host now", t.name, was);
	}
	tap_if_close(&t);
}

void netif_report(int tap_fd)
{
	struct tap_if t;
	uint8_t mac[6];
	uint32_t mtu;
	int queue, ret = tap_if_open(&t, tap_fd);
	const char *where;

	if (ret < 0) {
		log_notice("report: the interface was removed");
		return;
	}
	where = t.moved ? " in another network namespace" : "";
	ret = tap_if_get_mac(&t, mac);
	if (ret == 0)
		ret = tap_if_get_mtu(&t, &mtu);
	if (ret == 0)
		ret = tap_if_get_queue(&t, &queue);
	if (ret < 0)
		log_notice("report: interface %s%s: %s", t.name, where, netif_strerror(ret));
	else
		log_notice("report: interface %s%s: MAC address %02x:%02x:%02x:%02x:%02x:%02x, "
			   "MTU %u, queue length %d",
			   t.name, where, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mtu,
			   queue);
	tap_if_close(&t);
}
