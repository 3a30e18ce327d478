/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/commands.h"

#include <string.h>

bool command_takes(const struct command *command, const char *option)
{
	const struct {
		const char *name;
		bool taken;
	} some[] = {
		{"all", command->has_all},
		{"batch", command->has_batch},
		{"count", command->has_capture},
		{"changes", command->has_changes},
		{"data", command->has_plot},
		{"dir", command->has_plot},
		{"follow", command->has_follow},
		{"for", command->has_for},
		{"grace", command->has_grace},
		{"interval", command->has_interval},
		{"json", !command->prints_words},
		{"log", command->has_plot},
		{"nagios", command->has_nagios},
		{"output", command->has_plot},
		{"raw", command->has_raw},
		{"remove", command->has_remove},
		{"save", command->has_save},
		{"since", command->has_since},
		{"size", command->has_size || command->has_plot},
		{"snap", command->has_capture},
		{"timeout", command->has_timeout},
		{"until", command->has_until},
		{schema_name(KEY_BACK_UPLINK), command->uplink_help != NULL},
		{"what", command->has_plot},
		{"write", command->has_capture},
	};

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (strcmp(option, some[i].name) == 0)
			return some[i].taken;
	return true;
}
