/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_term.h: the terminal of dmvlctl top: draws lines, reads keys. */
#ifndef DMVL_CTL_TOP_TERM_H
#define DMVL_CTL_TOP_TERM_H

#include "backend/ctl/top_lines.h"

/* Takes the terminal. NULL, or why not; NULL must be followed by top_term_end(). */
const char *top_term_begin(void);
void top_term_end(void);

/* The size and the style of the terminal; s->line has as many lines. False: no memory. */
bool top_term_size(struct top_screen *s);

void top_term_draw(const struct top_screen *s);

/* Waits for a key until timeout_ms have passed. A character, or an enum top_key. */
int top_term_key(int timeout_ms);

/* Was the terminal hung up? */
bool top_term_is_gone(void);

#endif
