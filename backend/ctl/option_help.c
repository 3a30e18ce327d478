/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/option_help.h"

#include <stdio.h>

/* In the order in which they are printed. --size and --uplink say something else of each command.
 */
static const struct {
	const char *name, *typed, *text;
} helps[] = {
	{"json", "    --json", "print JSON"},
	{"all", "    --all", "print every key too"},
	{"batch", "    --batch", "print text, for pipes"},
	{"write", "-w, --write FILE", "write frames there, in the format pcapng; -: to stdout"},
	{"count", "    --count N", "end after N frames"},
	{"snap", "    --snap BYTES", "copy at most so much of a frame"},
	{"output", "-o, --output OUT",
	 "what to make: a picture, *.svg or *.png, or a table, *.tsv"},
	{"data", "    --data", "print the numbers as a table; no picture, no gnuplot"},
	{"log", "    --log", "plot the credit log of this host, in place of FILE"},
	{"what", "    --what KIND", "shares (the default), rates, loans or delay"},
	{"dir", "    --dir tx|rx", "what guests send (the default), or receive"},
	{"changes", "    --changes", "only weights, groups, and devices that came or went"},
	{"follow", "    --follow", "print new records until stopped"},
	{"for", "    --for TIME", "end after TIME, like 500ms, 10s or 2h"},
	{"grace", "    --grace TIME",
	 "how long a guest's agent may be away or still (default: 60s)"},
	{"interval", "    --interval TIME", "print again each TIME, like 1s, until stopped"},
	{"nagios", "    --nagios", "print one line, and end with 0 to 3, as a plugin"},
	{"raw", "    --raw", "print each record, not what passed in each second"},
	{"remove", "    --remove", "remove all keys"},
	{"save", "    --save", "write it into the policy too"},
	{"since", "    --since TIME", "only what came since then, like 10min, 2h, 3d or 14:03"},
	{"until", "    --until TIME", "only what came before then; likewise"},
	{"timeout", "    --timeout TIME", "how long to wait, like 500ms or 10s"},
};

static void line(const char *typed, const char *text)
{
	printf("  %-20s %s\n", typed, text);
}

void option_help(const struct command *command)
{
	printf("\n");
	line("-B, --backend DOM", "the domain that serves the devices (default: this one)");
	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++)
		if (command_takes(command, helps[i].name))
			line(helps[i].typed, helps[i].text);
	if (command->has_size)
		line("    --size SIZE", "end when FILE is so long (default: 1gib)");
	if (command->has_plot)
		line("    --size WxH", "of the picture, in pixels (default: 960x540)");
	if (command->uplink_help)
		line("    --uplink NAME", command->uplink_help);
}
