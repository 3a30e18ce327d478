/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quote.h: quotes untrusted text for messages: one line, printable, bounded. Pure. */
#ifndef DMVL_QUOTE_H
#define DMVL_QUOTE_H

/* Two quotes, at most 32 characters, "..." if the text was cut, and the NUL. */
#define QUOTE_MAX 38

/*
 * Writes `text` to `out` in double quotes and returns `out`. Quotes, backslashes and all bytes that
 * are not printable ASCII become escapes (\" \\ \xNN); no escape is cut in half. `text` must not be
 * NULL.
 */
const char *quote_text(char out[QUOTE_MAX], const char *text);

#endif
