/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_keys.h: what a key does in dmvlctl top. Pure. */
#ifndef DMVL_CTL_TOP_KEYS_H
#define DMVL_CTL_TOP_KEYS_H

#include "backend/ctl/top_model.h"

/* `key` is a character or an enum top_key. A key without a meaning has no effect. */
void top_keys_press(struct top_model *m, int key);

#endif
