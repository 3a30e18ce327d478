/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many processes on one xenstore ring, as Linux's /dev/xen/xenbus has it. */
#ifndef XENSIM_RELAY_H
#define XENSIM_RELAY_H

#include <poll.h>
#include <stdbool.h>

/* Serve libxenstore's socket: its listening descriptor. */
void relay_init(int listen_fd);

/* What to poll, into p (room for max). Returns the number. Processes are not read while stopped. */
unsigned int relay_poll(struct pollfd *p, unsigned int max, bool stopped);

/* Handle what poll() found. */
void relay_handle(const struct pollfd *p, unsigned int n);

/* Deal with everything that has come over the ring. */
void relay_replies(void);

/* Requests that xenstored has not answered? */
bool relay_idle(void);

/* The ring leads to another xenstored connection: register all watches there, forget transactions.
 */
void relay_reattached(void);

#endif
