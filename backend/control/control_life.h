/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_life.h: the uplink's interface goes away, comes back, or leads elsewhere. */
#ifndef DMVL_CONTROL_LIFE_H
#define DMVL_CONTROL_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct control;
struct device;

/* Begins to look, in c->loop. 0, or -errno. */
int control_life_open(struct control *c);
void control_life_close(struct control *c);

/*
 * Looks at the interface, repairs what can be repaired, and tells guests whether they have a
 * carrier. After each change of any interface.
 */
void control_life_look(struct control *c);

/*
 * Can the host's interfaces be looked at? False: there are no descriptors for it, and nothing may
 * be made of what would be read. They are looked at again when there are.
 */
bool control_life_readable(struct control *c);

/* The exits were found: if frames leave by another way, the network is told. */
void control_life_exits(struct control *c);

/* Tells all guests whether they have a carrier: it changed, or it is another xenstore. */
void control_life_tell(struct control *c);

/* Does the uplink carry frames? Devices that connect are told so. */
bool control_life_carrier(const struct control *c);

#endif
