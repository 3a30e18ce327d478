/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_control.h: frames with which switches and network cards talk to each other. Pure. */
#ifndef DMVL_BACKEND_FRAME_CONTROL_H
#define DMVL_BACKEND_FRAME_CONTROL_H

#include "backend/frame/frame.h"

/*
 * Is it a control frame? Such are, whatever their tags:
 * - to 01:80:c2:00:00:00 .. 0f, which no bridge forwards (spanning tree, pause, LACP, EAPOL, LLDP),
 *   and 20 .. 2f (GVRP, MVRP and their like);
 * - to any group of Cisco's, 01:00:0c:.. (CDP, VTP, DTP, UDLD, PVST, ISL);
 * - to any address, with ethertype 0x8808 (pause, PFC), 0x8809 (slow protocols: LACP, OAM), 0x888e
 *   (EAPOL) or 0x88cc (LLDP), also in an LLC/SNAP header;
 * - to any address, with the LLC header of spanning tree, or a SNAP header of Cisco's or of the
 *   IEEE's bridging group;
 * - with more tags than the copy has room for: what they hide is not known.
 * @hdr, @hdr_len and @fi are those of frame_parse(), and of frame_unwrap() where that says true.
 */
bool frame_is_control(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len);

#endif
