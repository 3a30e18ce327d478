/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom.h: what the hypervisor says of domains. The only user of <xenctrl.h>. */
#ifndef DMVL_DOM_H
#define DMVL_DOM_H

#include <stdbool.h>
#include <stdint.h>

struct dom_conn;

struct dom_info {
	bool exists;
	bool dying;	/* destroyed, or about to be: what is mapped keeps it a zombie */
	bool suspended; /* shut down to be saved or migrated */
	bool rebooting; /* shut down to be built again */
	unsigned domid;
	uint8_t uuid[16];
};

/* -errno, -EACCES or -ENOENT where there is no hypervisor to ask. */
int dom_open(struct dom_conn **out);
void dom_close(struct dom_conn *c); /* NULL is fine */

/* One domain; 0 with exists false where there is none of that domid. */
int dom_info(struct dom_conn *c, unsigned domid, struct dom_info *out);

/* Up to `max` domains with domids from `first` on, ascending; how many, or -errno. */
int dom_list(struct dom_conn *c, unsigned first, struct dom_info *out, unsigned max);

#endif
