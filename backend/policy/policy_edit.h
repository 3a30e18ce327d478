/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_edit.h: changes one key in the text of a policy file, and nothing else. Pure. */
#ifndef DMVL_POLICY_EDIT_H
#define DMVL_POLICY_EDIT_H

#include <stddef.h>

/*
 * The text (`len` bytes) with `key` = `value` in the section [`head`], terminated; free it. A value
 * that is there is replaced, with the lines in which it goes on; all comments stay, also those
 * between these lines and behind them. Otherwise the key comes behind the section's last one. A
 * section that is missing is added at the end. Long lists take several lines. NULL: no memory, or
 * `head` is no name of a section.
 */
char *policy_edit(const char *text, size_t len, const char *head, const char *key,
		  const char *value);

#endif
