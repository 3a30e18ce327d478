/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option_help.h: what -h says of a command's options. */
#ifndef DMVL_CTL_OPTION_HELP_H
#define DMVL_CTL_OPTION_HELP_H

#include "backend/ctl/commands.h"

/* Prints a line for each option that the command takes, but for -h. */
void option_help(const struct command *command);

#endif
