/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/argv.h"

#include <getopt.h>
#include <string.h>

/* A long option may be cut short as far as it stays clear; getopt_long() says so if it does not. */
static const struct option *find(const char *word, const struct option *options)
{
	size_t len = strlen(word);

	for (const struct option *o = options; o->name; o++) {
		if (word[1] == '-' && len > 2 && strncmp(word + 2, o->name, len - 2) == 0)
			return o;
		if (word[1] == o->val && !word[2])
			return o;
	}
	return NULL;
}

bool argv_takes(const char *word, const struct option *options)
{
	return word[0] == '-' && find(word, options);
}

/* Is the next word the value of this one? */
static bool takes_next(const char *word, const struct option *options)
{
	const struct option *o = strchr(word, '=') ? NULL : find(word, options);

	return o && o->has_arg == required_argument;
}

bool argv_begin_with_command(int argc, char **argv, const struct option *options)
{
	int at = 1;
	char *command;

	while (at < argc && argv[at][0] == '-' && strcmp(argv[at], "--") != 0)
		at += 1 + takes_next(argv[at], options);
	if (at >= argc || argv[at][0] == '-')
		return false;
	command = argv[at];
	memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof(*argv));
	argv[1] = command;
	return true;
}
