/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h: frames as inputs have them: long ones from few bytes, and consistent where asked for.
 */
#ifndef DMVL_TESTS_FUZZ_FRAMES_H
#define DMVL_TESTS_FUZZ_FRAMES_H

#include "backend/frame/frame_check.h"
#include "backend/frame/vnet.h"
#include "tests/fuzz/fuzz.h"

#define FRAMES_FEATURES (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)

/* Gives IP and TCP or UDP headers the lengths and the checksum's seed that a kernel would write. */
void frames_mend(uint8_t *frame, uint32_t len);

/*
 * The next body of a message: a virtio header and a frame. Input: a byte of flags, a length, with
 * FRAMES_LONGER by how much it is longer, and the bytes. free() it.
 */
enum {
	FRAMES_MEND = 0x80,
	FRAMES_LONGER = 0x40,
};
uint8_t *frames_body(struct fuzz_in *in, uint8_t flags, uint32_t *len);

/* Any of these settings by two bits: none, trunk, a list. */
const struct vlan_policy *frames_vlan(uint8_t bits);
/* Some addresses of the test's guest. */
const struct ip_list *frames_allowed(void);

#endif
