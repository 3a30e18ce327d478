/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_section.h: what the head of a section means, and whether sections agree. Pure. */
#ifndef DMVL_POLICY_SECTION_H
#define DMVL_POLICY_SECTION_H

#include "backend/policy/policy.h"

/* Bytes of the longest line, without its end: what libinih has room for. */
#define POLICY_LINE_MAX 199
/* Bytes that hold any sentence, with file and line in front. */
#define POLICY_SAID_MAX 512

/* Is told of a mistake: "FILE:LINE: sentence". */
typedef void policy_say(void *arg, const char *sentence);

/* The ']' that ends the head of a section; `head` is what is behind its '['. NULL: there is none.
 */
char *policy_head_end(char *head);

/*
 * What the name between the brackets of a section means. 0, or -EINVAL with one sentence in err
 * (POLICY_SAID_MAX bytes). After 0, free out->name.
 */
int policy_parse_section(const char *text, struct policy_section *out, char *err);

/*
 * When all texts are read: a minimum above its maximum, where the two come from different sections.
 * Returns the number of mistakes.
 */
unsigned policy_check(const struct policy *p, policy_say *say, void *arg);

/*
 * The same for one section, where only the capacity tells: one of the two is a percentage. And a
 * minimum above what the capacity admits for all. A capacity that is 0 tells nothing.
 */
unsigned policy_check_parts(const struct policy *p, const struct policy_section *s,
			    const struct policy_capacity *of, policy_say *say, void *arg);

#endif
