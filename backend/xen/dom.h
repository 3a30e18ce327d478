/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom.h: asks the hypervisor about domains. The only user of <xenctrl.h>. */
#ifndef DMVL_DOM_H
#define DMVL_DOM_H

#include <stdbool.h>
#include <stdint.h>

struct dom_conn;

/* Written by dom_info() and dom_list(). */
struct dom_info {
	bool exists;
	bool dying;	/* being destroyed; it stays a zombie while its pages are mapped */
	bool suspended; /* shut down for a save or a migration: it may go on */
	bool stopped;	/* shut down for anything else: off, reboot, crash, watchdog, soft reset */
	bool paused;
	bool resetting; /* stopped by a soft reset: the same domain gets another kernel */
	unsigned domid;
	uint8_t uuid[16];
};

/* 0 or -errno: -EACCES or -ENOENT without access to the hypervisor. End with dom_close(). */
int dom_open(struct dom_conn **out);
void dom_close(struct dom_conn *c); /* no effect on NULL */

/* Both return -EPERM or -EACCES in a driver domain, and without a connection (NULL). */
/* Asks about one domain. 0, with exists false if there is no such domain, or -errno. */
int dom_info(struct dom_conn *c, unsigned domid, struct dom_info *out);

/* Lists up to `max` domains by domid, from `first` on. Returns their number or -errno. */
int dom_list(struct dom_conn *c, unsigned first, struct dom_info *out, unsigned max);

/* What a domain gets of the processors. Written by dom_cpu(). */
struct dom_cpu {
	unsigned weight;	   /* 0: the scheduler in use has none */
	unsigned cap;		   /* per cent of one CPU that it gets at most; 0: no limit */
	bool credit2;		   /* of the scheduler Credit2; else of Credit */
	unsigned vcpus;		   /* that the domain uses */
	unsigned may_use, of_host; /* CPUs that these may run on, and all; 0: not known */
};

/* 0, -ENOENT (no such domain) or -errno, as above. */
int dom_cpu(struct dom_conn *c, unsigned domid, struct dom_cpu *out);

#endif
