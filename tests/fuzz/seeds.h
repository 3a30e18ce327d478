/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seeds.h: inputs to begin with. The program `seeds DIR` writes them to DIR/TARGET, from where
 * merging takes into the corpora what reaches something new.
 */
#ifndef DMVL_TESTS_FUZZ_SEEDS_H
#define DMVL_TESTS_FUZZ_SEEDS_H

#include <stddef.h>
#include <stdint.h>

#include "tests/unit/mkframe.h"

/* An input is begun, added to, and written as DIR/target/name-variant. */
void seeds_begin(void);
void seeds_add(const void *p, uint32_t n);
void seeds_end(const char *target, const char *name, unsigned variant);

/* Of a frame: what its header asks for, or what is wrong with it. */
enum variant { PLAIN, SUMMED, SEGMENTED, SUMMED_OVER_IP, CUT, VARIANTS };

/* Makes frame number i, below SEEDS_FRAMES, in seeds_mk. Returns the header for it. */
#define SEEDS_FRAMES 25
extern struct mk seeds_mk;
struct virtio_net_hdr_v1 seeds_frame(size_t i, enum variant variant);
const char *seeds_frame_name(size_t i);

/* Frames to groups. */
void seeds_mcasts(void);

/* Those that are text. */
void seeds_texts(void);

#endif
