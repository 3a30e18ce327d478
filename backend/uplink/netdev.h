/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netdev.h: what sysfs says about a network interface and those around it. */
#ifndef DMVL_NETDEV_H
#define DMVL_NETDEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/* `sysfs` is this folder, or in a test one that looks like it. */
#define NETDEV_SYSFS "/sys/class/net"

/*
 * Are there descriptors to look at the host with, or to run tc(8)? Where there are none, all that
 * follows here says "no", which means nothing.
 */
bool netdev_readable(void);

/*
 * Does a device of a bus (PCI, virtio, a guest's netfront) stand behind the interface? A vif,
 * Dom0's end of a guest's interface, is none: it leads to that guest.
 */
bool netdev_is_hardware(const char *sysfs, const char *ifname);

/* Is it a vif? */
bool netdev_is_vif(const char *sysfs, const char *ifname);

/* Is it a bridge of the kernel? An Open vSwitch bridge is none. */
bool netdev_is_bridge(const char *ifname);

/* The bridge of the kernel that the interface is a port of; false: it is in none. */
bool netdev_bridge(const char *ifname, char bridge[IFNAMSIZ]);

/* Is it a port of this bridge of the kernel? */
bool netdev_is_port_of(const char *ifname, const char *bridge);

/* Called with the name of one interface. */
typedef void netdev_visit(const char *ifname, void *arg);

/* Visits all ports of a bridge but `but`. Returns how many. */
unsigned netdev_ports(const char *bridge, const char *but, netdev_visit *visit, void *arg);

/* Visits the interfaces directly below one: of a VLAN, bond, macvtap. Returns how many. */
unsigned netdev_lowers(const char *sysfs, const char *ifname, netdev_visit *visit, void *arg);

/*
 * Has the interface a link? Many virtual devices and some drivers cannot tell, and count as if they
 * had.
 */
bool netdev_has_link(const char *sysfs, const char *ifname);

/*
 * The first line of the interface's file `entry`, without its end. "" and false: it cannot be read.
 */
bool netdev_text(const char *sysfs, const char *ifname, const char *entry, char *out, size_t size);

#endif
