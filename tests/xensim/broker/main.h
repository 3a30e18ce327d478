/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker as the tool sees it. */
#ifndef XENSIM_BROKER_MAIN_H
#define XENSIM_BROKER_MAIN_H

struct guest;

/* Serve for ever; Dom0 connects to listen_fd. Logs to stderr. */
_Noreturn void broker_run(int listen_fd);

/* Accept a guest's processes on fd. */
void guest_listen(struct guest *g, int fd);

#endif
