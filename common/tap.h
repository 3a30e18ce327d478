/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.h: TAP and macvtap devices, whose frames have a virtio_net_hdr_v1 in front. */
#ifndef DMVL_TAP_H
#define DMVL_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/offload.h"

/*
 * Is this a name that the kernel gives an interface unchanged? The kernel refuses '/', ':' and
 * blanks, and replaces "%d" by a number. Control characters and all but ASCII are refused here too.
 */
bool tap_name_ok(const char *name);

/*
 * Opens the TAP `name` (1..15 characters). Creates it if necessary; the kernel then deletes it when
 * the last fd is closed. Each read() and write() is one frame behind a 12-byte little-endian
 * virtio_net_hdr_v1. The fd is non-blocking and close-on-exec. Returns the fd or -errno: -EINVAL (a
 * device of another type has this name), -EBUSY (another process holds the TAP), -EPERM, -ENOENT
 * (no /dev/net/tun), -ENAMETOOLONG.
 */
int tap_open(const char *name);

/*
 * Opens the TAP as tap_open() does, or, if it exists, a further queue of it: at most 256. Each
 * queue has a send buffer of its own. All have the size that tap_set_sndbuf() set last, but a new
 * one has no limit until that is set again. -EINVAL too: the TAP was created without queues.
 */
int tap_open_queue(const char *name);

/* Was the TAP created with queues? */
bool tap_has_queues(int fd);

/*
 * Has all frames that the TAP receives come in on the queue that was opened first. 0, or -errno
 * where the kernel cannot do that.
 */
int tap_receive_on_first(int fd);

/* Opens the character device of an existing macvtap interface. Otherwise like tap_open(). */
int tap_open_macvtap(const char *name);

/* The number of that character device, from sysfs; 0: there is no such macvtap. */
dev_t tap_macvtap_device(const char *name);

/*
 * Tells the kernel which offloads (enum tap_offload) the reader of this fd takes. Returns the
 * subset that the kernel accepted: it knows USO since Linux 6.2.
 */
uint32_t tap_set_offloads(int fd, uint32_t offloads);

/* Whether the interface stays when its last fd is closed. 0 or -errno. */
int tap_set_persistent(int fd, bool on);
bool tap_is_persistent(int fd);

/* Sets how many bytes may wait behind the device before write() fails with EAGAIN. 0 or -errno. */
int tap_set_sndbuf(int fd, int bytes);

/* Interface settings: 0 or -errno. */
int tap_set_up(const char *name, bool up);
int tap_set_mtu(const char *name, uint32_t mtu);
int tap_get_mtu(const char *name, uint32_t *mtu);
int tap_set_carrier(int fd, bool on);
int tap_join_bridge(const char *name, const char *bridge); /* -EBUSY: it is in another one */
bool tap_exists(const char *name);

#endif
