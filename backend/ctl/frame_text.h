/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_text.h: a frame in a few words: from where to where, and what. Pure. */
#ifndef DMVL_CTL_FRAME_TEXT_H
#define DMVL_CTL_FRAME_TEXT_H

#include <stdint.h>

#define FRAME_TEXT_MAX 256

/*
 * Writes what the frame of `len` bytes, of which the first `captured` are there, is: its MAC
 * addresses, VLAN, and the addresses and ports of IP. Returns `out`.
 */
const char *frame_text(char out[FRAME_TEXT_MAX], const uint8_t *frame, uint32_t captured,
		       uint32_t len);

#endif
