/* SPDX-License-Identifier: GPL-2.0-or-later */
/* label.h: names of guests, which may be any bytes, as text of a picture and of a table. Pure. */
#ifndef DMVL_CTL_PLOT_LABEL_H
#define DMVL_CTL_PLOT_LABEL_H

#include <stddef.h>

/*
 * Copies text of any bytes; each that is not printable ASCII becomes '?', and what does not fit
 * `size` (at least 1) is left out. Returns `out`.
 */
const char *label_clean(char *out, size_t size, const char *text);

/* Cuts a clean text to at most `width` (at least 9) characters: ".." stands for its middle. */
void label_cut(char *text, size_t width);

/*
 * A clean text as a string of gnuplot's, in single quotes: nothing within them is expanded, and a
 * quote is two. `size` is at least 3; what does not fit is left out. Returns `out`.
 */
const char *label_quote(char *out, size_t size, const char *text);

#endif
