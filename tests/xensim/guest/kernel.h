/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's kernel, as far as a process there needs one: namespaces and the way to xenstore. */
#ifndef XENSIM_KERNEL_H
#define XENSIM_KERNEL_H

#include <stdint.h>
#include <sys/types.h>

#define KERNEL_XENSTORE "/run/xenstored/socket" /* libxenstore's default, in the guest */
#define KERNEL_LOG	"/run/xensim/log"	/* the instance's, Dom0's /run */
#define KERNEL_CONTROL	"/run/xensim/kernel"	/* "attach", "drain", "run", one word a message */

/*
 * Fork the kernel of guest number nr: its own network, mount and UTS namespaces, its own /run.
 * Returns its pid when its sockets are there, or -1.
 */
pid_t kernel_start(unsigned int nr, const char *name);

/*
 * Say a word to the kernel of guest nr, from Dom0.  "attach" shares a xenstore ring with Dom0 and
 * returns its event channel's port; "drain" stops reading from processes and waits until nothing is
 * under way; "run" goes on, registering all watches again after an attach.  -1 on failure.
 */
int kernel_tell(unsigned int nr, const char *word);

/* Give the caller's mount namespace a /sys that shows its network namespace. */
void kernel_mount_sys(void);

/* Set the loopback device of this network namespace up. */
void kernel_loopback_up(void);

#endif
