/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argv.h: the command among the words of a command line, wherever it stands. Pure. */
#ifndef DMVL_CTL_ARGV_H
#define DMVL_CTL_ARGV_H

#include <stdbool.h>

struct option; /* of getopt_long() */

/*
 * Brings the first word that is neither an option nor the value of one to argv[1]; the order of the
 * others stays. False: there is none. `options` are those of getopt_long(), short ones among them.
 */
bool argv_begin_with_command(int argc, char **argv, const struct option *options);

/* Is the word one of these options? */
bool argv_takes(const char *word, const struct option *options);

#endif
