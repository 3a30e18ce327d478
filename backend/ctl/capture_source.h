/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture_source.h: a device's frames, as its dmvl-back gives them. */
#ifndef DMVL_CTL_CAPTURE_SOURCE_H
#define DMVL_CTL_CAPTURE_SOURCE_H

#include <stdbool.h>

#include "backend/capture/capring.h"
#include "backend/ctl/ctl.h"
#include "backend/ctl/target.h"

/* Only capture_source.c writes it. */
struct capture_source {
	char device[TARGET_NAME_MAX + 16]; /* "web1/0" */
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];
	unsigned id;
	char uuid[UUID_TEXT_LEN + 1]; /* of the guest */
	int fd;			      /* of the connection */
	void *mem;
	struct capring_reader ring;
	uint8_t *frame; /* the bytes of the record that was taken last */
};

/*
 * Finds the device and asks for its frames, at most `snap` bytes of each (0: all). 0, or an exit
 * status with the reason on stderr. After 0 end with capture_source_close().
 */
int capture_source_open(struct ctl *ctl, const char *device, uint32_t snap,
			struct capture_source *out);
void capture_source_close(struct capture_source *s);

/* The next frame: s->frame has its bytes. 1, 0: there is none now, or -EINVAL. */
int capture_source_next(struct capture_source *s, struct capring_record *out);

/* Waits a little for more. False: dmvl-back has ended, or has closed the connection. */
bool capture_source_wait(const struct capture_source *s);

/*
 * Is the device on another uplink now? Its name goes to `now`. Not where the device is gone: it may
 * come back. Reads xenstore: not more than once a second.
 */
bool capture_source_moved(struct ctl *ctl, const struct capture_source *s,
			  char now[SCHEMA_GUEST_VALUE_MAX + 1]);

#endif
