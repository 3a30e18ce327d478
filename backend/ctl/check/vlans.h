/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlans.h: whether ports of a bridge that filters VLANs pass those in which guests send. Pure. */
#ifndef DMVL_CTL_VLANS_H
#define DMVL_CTL_VLANS_H

#include <stdbool.h>

#define VLANS	    4096u
#define VLANS_EXITS 8u

/* Of one port. Written by vlans_parse(). */
struct vlans {
	bool in[VLANS];
	unsigned untagged; /* the VLAN of untagged frames, both ways; 0: none */
};

/* The text of vif_vlan_read(): "1pu,10,20-29u". */
void vlans_parse(struct vlans *p, const char *text);

/* The TAP, and the ports by which frames leave. */
struct vlan_ports {
	struct vlans tap, exit[VLANS_EXITS];
	unsigned exits;
};

enum vlan_lack {
	VLAN_LACKS_NOTHING,
	VLAN_LACKS_UNTAGGED, /* the TAP has no VLAN for untagged frames */
	VLAN_LACKS_TAP,	     /* the TAP is not in *vid */
	VLAN_LACKS_EXIT,     /* no exit is in *vid */
};

/* Of the frames in VLAN `id` as guests send them; 0: without a tag. */
enum vlan_lack vlans_judge(const struct vlan_ports *p, unsigned id, unsigned *vid);

#endif
