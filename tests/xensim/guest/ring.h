/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's end of the xenstore ring: whole messages in and out. */
#ifndef XENSIM_RING_H
#define XENSIM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

struct message {
	struct xsd_sockmsg hdr;
	char body[XENSTORE_PAYLOAD_MAX + 1]; /* always terminated */
};

/*
 * Share a new ring page with Dom0 over the SIM_KERNEL connection, with an event channel; an older
 * one is given up.  Returns the port for xs_introduce_domain, or -1.
 */
int ring_attach(int kernel_conn);

/* What to poll for POLLIN, or -1 before ring_attach. */
int ring_fd(void);

/* Queue a message: hdr, then hdr->len bytes. */
void ring_send(const struct xsd_sockmsg *hdr, const void *body);

/* Move what can be moved. On POLLIN (event: true) and after ring_send. */
void ring_pump(bool event);

/* Take a message that has arrived completely. False: none. */
bool ring_receive(struct message *m);

/* Nothing queued that xenstored has not taken? */
bool ring_idle(void);

#endif
