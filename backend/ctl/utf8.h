/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h: text of unknown origin as UTF-8, which JSON must be. */
#ifndef DMVL_CTL_UTF8_H
#define DMVL_CTL_UTF8_H

#include <stdio.h>

/*
 * Prints the text and a line end. A guest's name may be any bytes: U+FFFD stands for each byte that
 * belongs to no character.
 */
void utf8_puts(const char *text, FILE *out);

#endif
