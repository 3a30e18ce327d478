/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_parse.h: reads the text of a policy file. Pure. */
#ifndef DMVL_POLICY_PARSE_H
#define DMVL_POLICY_PARSE_H

#include "backend/policy/policy.h"

/* Bytes of the longest line, without its end: what libinih has room for. */
#define POLICY_LINE_MAX 199
/* Of one text; what is wrong behind these is counted and not said. */
#define POLICY_MISTAKES_MAX 20
/* Bytes that hold any sentence, with file and line in front. */
#define POLICY_SAID_MAX 512

/* Is told of a mistake: "FILE:LINE: sentence". */
typedef void policy_say(void *arg, const char *sentence);

/*
 * Adds to *p what `text` (`len` bytes, not terminated) says; `file` is its name, for messages.
 * Lines that are wrong are left out. Returns the number of mistakes.
 */
unsigned policy_parse(struct policy *p, const char *file, const char *text, size_t len,
		      policy_say *say, void *arg);

/*
 * When all texts are read: a minimum above its maximum, where the two come from different sections.
 * Returns the number of mistakes.
 */
unsigned policy_check(const struct policy *p, policy_say *say, void *arg);

/* The ']' that ends the head of a section; `head` is what is behind its '['. NULL: there is none.
 */
char *policy_head_end(char *head);

/*
 * What the name between the brackets of a section means. 0, or -EINVAL with one sentence in err
 * (POLICY_SAID_MAX bytes). After 0, free out->name.
 */
int policy_parse_section(const char *text, struct policy_section *out, char *err);

#endif
