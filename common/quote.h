/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quoting of untrusted values for messages: one line, printable, bounded. Pure. */
#ifndef DMVL_QUOTE_H
#define DMVL_QUOTE_H

/* The quotes, at most 32 characters of value, "..." where it was cut, and the NUL. */
#define QUOTE_MAX 38

/*
 * Write text into out in double quotes. Quotes, backslashes and everything outside printable ASCII
 * are escaped (\" \\ \xNN); an escape is never cut in half. text is borrowed and not NULL.
 * Returns out.
 */
const char *quote_text(char out[QUOTE_MAX], const char *text);

#endif
