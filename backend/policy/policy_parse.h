/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_parse.h: reads the lines of a policy file. Pure. */
#ifndef DMVL_POLICY_PARSE_H
#define DMVL_POLICY_PARSE_H

#include "backend/policy/policy_section.h"

/* Of one text; what is wrong behind these is counted and not said. */
#define POLICY_MISTAKES_MAX 20

/* The length of the byte order mark of UTF-8 at the beginning, which some editors write; else 0. */
size_t policy_bom(const char *text, size_t len);

/*
 * Adds to *p what `text` (`len` bytes, not terminated) says; `file` is its name, for messages.
 * Lines that are wrong are left out. Returns the number of mistakes.
 */
unsigned policy_parse(struct policy *p, const char *file, const char *text, size_t len,
		      policy_say *say, void *arg);

#endif
