/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_help.h: the keys that a command takes, for its -h. */
#ifndef DMVL_CTL_KEY_HELP_H
#define DMVL_CTL_KEY_HELP_H

#include "backend/ctl/commands.h"

/* Prints a line for each KEY that may be given to the command; nothing if it takes none. */
void key_help(const struct command *command);

/* Which keys does it take: those of devices, of groups, .. False: none. */
bool key_help_area(const struct command *command, enum schema_area *out);

/* May the command set this key? */
bool key_help_takes(const struct command *command, enum schema_key key);

#endif
