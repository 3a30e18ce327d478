/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl's command line: the command may stand anywhere among the options. */
#include "backend/ctl/argv.h"

#include <getopt.h>

#include "tests/unit/tap.h"

static const struct option options[] = {
	{"backend", required_argument, NULL, 'B'},
	{"json", no_argument, NULL, 256},
	{"timeout", required_argument, NULL, 257},
	{NULL, 0, NULL, 0},
};

#define WORDS 8

static const struct {
	const char *line, *wanted; /* NULL: there is no command */
} rows[] = {
	{"list", "list"},
	{"list --json", "list --json"},
	{"--json list", "list --json"},
	{"-B 3 list --json", "list -B 3 --json"},
	{"-B3 list", "list -B3"},
	{"--backend=3 list", "list --backend=3"},
	{"--backend 3 --json list x", "list --backend 3 --json x"},
	{"--time 1s detach g1", "detach --time 1s g1"},
	{"--frob list", "list --frob"},
	{"complete -- set g1", "complete -- set g1"},
	{"--json", NULL},
	{"-B list", NULL},
	{"-- list", NULL},
	{"", NULL},
};

static void check_row(const char *line, const char *wanted)
{
	char text[128], got[128] = "", *argv[WORDS + 1] = {"dmvlctl"};
	int argc = 1;
	bool found;

	snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok(text, " "); word && argc < WORDS; word = strtok(NULL, " "))
		argv[argc++] = word;
	found = argv_begin_with_command(argc, argv, options);
	for (int i = 1; i < argc; i++) {
		strcat(got, i > 1 ? " " : "");
		strcat(got, argv[i]);
	}
	ok(found == (wanted != NULL), "the line \"%s\" has %s command", line, wanted ? "a" : "no");
	is_str(got, wanted ? wanted : line, "the line \"%s\" is put in order", line);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(rows[i].line, rows[i].wanted);
	return done_testing();
}
