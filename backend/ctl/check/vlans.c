/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/vlans.h"

#include <stdlib.h>
#include <string.h>

void vlans_parse(struct vlans *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long id = first; id <= last && id < VLANS; id++)
			p->in[id] = true;
		if (strncmp(end, "pu", 2) == 0)
			p->untagged = (unsigned)first;
		text = end + strcspn(end, ",");
		text += *text == ',';
	}
}

/* One exit is enough, and a bridge without exits has no way out anyway. */
static bool leaves(const struct vlan_ports *p, unsigned vid)
{
	for (unsigned i = 0; i < p->exits; i++) {
		if (p->exit[i].in[vid])
			return true;
	}
	return p->exits == 0;
}

enum vlan_lack vlans_judge(const struct vlan_ports *p, unsigned id, unsigned *vid)
{
	*vid = id ? id : p->tap.untagged;
	if (*vid == 0)
		return VLAN_LACKS_UNTAGGED;
	if (!p->tap.in[*vid])
		return VLAN_LACKS_TAP;
	return leaves(p, *vid) ? VLAN_LACKS_NOTHING : VLAN_LACKS_EXIT;
}
