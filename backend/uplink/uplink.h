/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.h: the device that carries all LDPs' traffic out of the host: a TAP or a macvtap. */
#ifndef DMVL_UPLINK_H
#define DMVL_UPLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum uplink_kind {
	UPLINK_TAP,	/* in a bridge, or used by itself */
	UPLINK_MACVTAP, /* passthru over a lower device, which it takes whole */
};

#define UPLINK_NAME_MAX 32

/* Where to, as --uplink has it. */
struct uplink_spec {
	enum uplink_kind kind;
	char device[IFNAMSIZ]; /* the TAP, or the lower device */
	char bridge[IFNAMSIZ]; /* UPLINK_TAP: to join; empty: none */
	bool take_over;
};

/* Reads "tap:IF[,bridge=BR]" or "macvtap:LOWER". -EINVAL with one sentence in err. */
int uplink_parse(const char *text, struct uplink_spec *out, char *err, size_t errlen);

struct uplink {
	int fd;
	enum uplink_kind kind;
	char ifname[IFNAMSIZ]; /* the TAP, or the macvtap that was made */
	bool made;	       /* a macvtap that goes when we do */
};

/*
 * Makes and opens the device, up and with room for frames of any LDP's MTU. `name` is the
 * instance's: a macvtap is called after it. On error -errno and one sentence in err; what was made
 * is undone.
 */
int uplink_open(struct uplink *u, const struct uplink_spec *spec, const char *name, char *err,
		size_t errlen);
void uplink_close(struct uplink *u);

/*
 * How large the device's send buffer should be for a capacity in bits per second that is known, so
 * that its queue and not a deeper one is where frames wait.
 */
uint32_t uplink_sndbuf_bytes(uint64_t capacity_bps);

/* Makes it that large: more than this behind the device, and write() says EAGAIN. */
void uplink_set_sndbuf(struct uplink *u, uint32_t bytes);

#endif
