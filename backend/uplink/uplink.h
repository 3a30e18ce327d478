/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.h: the device that carries all LDPs' traffic out of the host: a TAP or a macvtap. */
#ifndef DMVL_UPLINK_H
#define DMVL_UPLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum uplink_kind {
	UPLINK_TAP,	/* in a bridge, or alone */
	UPLINK_MACVTAP, /* mode passthru: it takes over its lower device completely */
};

#define UPLINK_NAME_MAX 32

/* What --uplink names. */
struct uplink_spec {
	enum uplink_kind kind;
	char device[IFNAMSIZ]; /* the TAP, or the lower device */
	char bridge[IFNAMSIZ]; /* UPLINK_TAP: the bridge to join; empty: none */
	bool take_over;	       /* UPLINK_MACVTAP: even if `device` has addresses or routes */
};

/* Parses "tap:IF[,bridge=BR]" or "macvtap:LOWER". 0, or -EINVAL with one sentence in err. */
int uplink_parse(const char *text, struct uplink_spec *out, char *err, size_t errlen);

/*
 * Can it be opened, as far as that shows without doing it: is there the bridge, or the interface
 * below? `name` is the instance's. 0, or -errno with one sentence in err.
 */
int uplink_check(const struct uplink_spec *spec, const char *name, char *err, size_t errlen);

/* Only uplink.c writes it. */
struct uplink {
	int fd;
	enum uplink_kind kind;
	char ifname[IFNAMSIZ]; /* the TAP, or the macvtap that was created */
	bool made;	       /* uplink_close() deletes it */
	bool queues;	       /* uplink_add_queue() works: a TAP that can have several */
	uint32_t sndbuf_bytes; /* as set last; 0: not yet */
	uint32_t offloads;     /* enum tap_offload: what frames that are written may leave to it */
};

/*
 * Creates the device if necessary, opens it, gives it the MTU of its bridge or lower device, lets
 * it take all offloads, and sets it up. `name` is the instance's; a macvtap is called dmvl-NAME,
 * or, where NAME is too long for that, dmvl- and a shorter form. On error -errno with one sentence
 * in err, and nothing that was created remains; -EAGAIN: its bridge or lower device does not exist
 * yet; -EBUSY: another process holds the TAP, perhaps only until the kernel has ended it.
 */
int uplink_open(struct uplink *u, const struct uplink_spec *spec, const char *name, char *err,
		size_t errlen);
/* The same with the first queue of the TAP, `fd`, which an earlier process opened. Takes fd. */
int uplink_open_kept(struct uplink *u, const struct uplink_spec *spec, const char *name, int fd,
		     char *err, size_t errlen);

/* Likewise, in place of `old`, whose interface is gone or not where it belongs. Keeps old->fd. */
int uplink_reopen(const struct uplink *old, struct uplink *u, const struct uplink_spec *spec,
		  const char *name, char *err, size_t errlen);

/* Closes `u`, which becomes `with`, but for the size of the send buffer. */
void uplink_replace(struct uplink *u, const struct uplink *with);

/* Adds the TAP to its bridge, with the bridge's MTU. 0, or -errno with one sentence in err. */
int uplink_join(const struct uplink_spec *spec, char *err, size_t errlen);

/*
 * For a start that waits behind uplink_open(): what has gone meanwhile is made again, the interface
 * and its place in the bridge. 0, or -errno as uplink_open().
 */
int uplink_keep(struct uplink *u, const struct uplink_spec *spec, const char *name, char *err,
		size_t errlen);

void uplink_close(struct uplink *u);

/*
 * The size of the send buffer in bytes that holds what a known capacity in bits per second carries
 * in ns: little, so that frames wait in the LDPs' queues and not behind the uplink.
 */
uint32_t uplink_sndbuf_bytes(uint64_t capacity_bps, uint64_t ns);

/*
 * Sets the size of the send buffer of each queue: write() fails with EAGAIN when the queue's own is
 * full.
 */
void uplink_set_sndbuf(struct uplink *u, uint32_t bytes);

/*
 * Opens a further queue for sending: frames are received on `fd` alone. Returns its fd, which the
 * caller closes, or -errno: -ENOTSUP without `queues`, -E2BIG when the TAP has 256.
 */
int uplink_add_queue(struct uplink *u);

#endif
