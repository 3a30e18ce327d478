/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.h: TAP and macvtap devices, opened for frames with a virtio_net_hdr_v1 in front. */
#ifndef DMVL_TAP_H
#define DMVL_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/offload.h"

/*
 * Would the kernel give an interface this name as it stands? It refuses '/', ':' and blanks, and
 * makes a number of "%d"; control characters and what is not ASCII are refused here as well.
 */
bool tap_name_ok(const char *name);

/*
 * Opens the TAP `name` (1..15 characters), creating it if there is none; it vanishes with the last
 * fd. Frames are read and written whole, each with a 12-byte little-endian virtio_net_hdr_v1; the
 * fd is non-blocking and close-on-exec. Returns the fd, or -errno: -EINVAL (the name belongs to a
 * device of another type), -EBUSY (another process holds it), -EPERM, -ENOENT (no /dev/net/tun),
 * -ENAMETOOLONG.
 */
int tap_open(const char *name);

/* Opens the character device of the existing macvtap interface `name`; as tap_open(). */
int tap_open_macvtap(const char *name);

/*
 * Says which offloads the reader of this fd takes (enum tap_offload). Returns the subset in force:
 * the kernel refuses combinations that it does not know (USO before Linux 6.2).
 */
uint32_t tap_set_offloads(int fd, uint32_t offloads);

/* Bytes that may wait below the device before write() says EAGAIN. */
int tap_set_sndbuf(int fd, int bytes);

/* Interface settings; all return 0 or -errno. */
int tap_set_up(const char *name, bool up);
int tap_set_mtu(const char *name, uint32_t mtu);
int tap_get_mtu(const char *name, uint32_t *mtu);
int tap_set_carrier(int fd, bool on);
int tap_join_bridge(const char *name, const char *bridge); /* -ENODEV, -EBUSY: in another one */
bool tap_exists(const char *name);

#endif
