/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvlctl complete: prints how the last word of a command line may go on, for the shell's
 * completion.
 *
 * Nothing is listed here twice: commands and options come from the tables that main.c parses with,
 * the kinds of arguments from each command's own usage line, keys and their words from the schema,
 * and names from xenstore.
 */
#include "backend/ctl/commands.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/candidates.h"
#include "backend/ctl/key_help.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "common/log.h"

/* What was typed before the last word. */
struct line {
	bool has_command;	       /* or a word in its place */
	const struct command *command; /* NULL: there is none of that name */
	const char *backend;	       /* by -B; NULL: not given */
	const struct option *option;   /* the last word is its value; NULL: it is not */
	int position;		       /* of the last word among the command's arguments */
};

static const struct option *find_option(const struct ctl *ctl, const char *word)
{
	for (const struct option *o = ctl->options; o->name; o++) {
		if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, o->name) == 0)
			return o;
		if (word[0] == '-' && word[1] == o->val && !word[2])
			return o;
	}
	return NULL;
}

static const struct command *find_command(const struct ctl *ctl, const char *name)
{
	for (const struct command *const *c = ctl->commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/* An option whose value is words[*i + 1], which may be the last word. */
static void read_option(const struct option *o, int count, char **words, int *i, struct line *line)
{
	if (++*i == count - 1)
		line->option = o;
	else if (o->val == 'B')
		line->backend = words[*i];
}

/* Reads all words but the last. Options may stand before the command. */
static void read_line(const struct ctl *ctl, int count, char **words, struct line *line)
{
	for (int i = 0; i < count - 1; i++) {
		const struct option *o = find_option(ctl, words[i]);

		if (o && o->has_arg == required_argument) {
			read_option(o, count, words, &i, line);
		} else if (words[i][0] == '-') {
			continue;
		} else if (line->has_command) {
			line->position++;
		} else {
			line->has_command = true;
			line->command = find_command(ctl, words[i]);
		}
	}
}

/* The usage of an argument: "DOM[/ID]", "KEY=VALUE..]"; "" if the command takes no further one. */
static const char *argument(const struct command *command, int position)
{
	const char *usage = command->args, *next;

	for (; position > 0 && (next = strchr(usage, ' ')); position--)
		usage = next + 1;
	if (position > 0 && !strstr(usage, ".."))
		return "";
	return usage + strspn(usage, "[");
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int complete_commands(struct ctl *ctl, const char *word)
{
	const struct beginning b = {ctl, word, ""};

	for (const struct command *const *c = ctl->commands; *c; c++)
		candidate(&b, (*c)->name);
	return 0;
}

/* Before the command: all options. */
static int complete_option(struct ctl *ctl, const struct command *command, const char *word)
{
	const struct beginning b = {ctl, word, "--"};

	for (const struct option *o = ctl->options; o->name; o++)
		if (!command || command_takes(command, o->name))
			candidate(&b, o->name);
	if (!command)
		candidate(&b, "version");
	return 0;
}

static void complete_words(const struct beginning *b, const char *words)
{
	char text[64];

	for (size_t len; *words; words += len, words += strspn(words, " ")) {
		len = strcspn(words, " ");
		snprintf(text, sizeof(text), "%.*s", (int)len, words);
		candidate(b, text);
	}
}

/* The value of an option. */
static int complete_option_value(struct ctl *ctl, const struct option *option, const char *word)
{
	const struct beginning b = {ctl, word, ""};

	if (strcmp(option->name, "what") == 0)
		complete_words(&b, "shares rates loans delay");
	if (strcmp(option->name, "dir") == 0)
		complete_words(&b, "tx rx");
	if (strcmp(option->name, schema_name(KEY_BACK_UPLINK)) == 0)
		return candidate_uplinks(&b);
	return option->val == 'B' ? candidate_guests(&b) : 0;
}

static int complete_value(struct ctl *ctl, enum schema_area area, const char *word)
{
	size_t len = strcspn(word, "=");
	char prefix[64];
	const struct beginning b = {ctl, word, prefix};
	int key;

	snprintf(prefix, sizeof(prefix), "%.*s", (int)len, word);
	key = schema_lookup(area, prefix);
	if (key < 0)
		return 0;
	snprintf(prefix, sizeof(prefix), "%.*s=", (int)len, word);
	if (key == KEY_BACK_UPLINK)
		return candidate_uplinks(&b);
	if (key == KEY_BACK_GROUP)
		return candidate_groups(&b);
	if (schema_entry((enum schema_key)key)->type == SCHEMA_BOOL)
		complete_words(&b, "0 1");
	else if (schema_entry((enum schema_key)key)->type == SCHEMA_ENUM)
		complete_words(&b, schema_entry((enum schema_key)key)->values);
	return 0;
}

static int complete_setting(struct ctl *ctl, const struct command *command, const char *word)
{
	const struct beginning b = {ctl, word, ""};
	enum schema_area area;
	char text[64];

	if (!key_help_area(command, &area))
		return 0;
	if (strchr(word, '='))
		return complete_value(ctl, area, word);
	for (int i = 0; i < KEY_COUNT; i++) {
		if (!key_help_takes(command, (enum schema_key)i))
			continue;
		snprintf(text, sizeof(text), "%s=", schema_name((enum schema_key)i));
		candidate(&b, text);
	}
	return 0;
}

static int complete_argument(struct ctl *ctl, const struct line *line, const char *word)
{
	const char *usage = argument(line->command, line->position);
	const struct beginning b = {ctl, word, ""};

	if (begins(usage, "COMMAND"))
		return complete_commands(ctl, word);
	if (begins(usage, "DOM"))
		return line->command->makes_device ? candidate_guests(&b) : candidate_devices(&b);
	if (begins(usage, "KEY="))
		return complete_setting(ctl, line->command, word);
	if (begins(usage, "UPLINK"))
		return candidate_uplinks(&b);
	if (begins(usage, "GROUP"))
		return candidate_groups(&b);
	if (begins(usage, "UUID"))
		return candidate_uuids(&b);
	return 0;
}

static int complete_word(struct ctl *ctl, int argc, char **argv)
{
	const char *word = argc > 0 ? argv[argc - 1] : "";
	struct line line = {.command = NULL};

	read_line(ctl, argc, argv, &line);
	if (line.has_command && !line.command)
		return 0;
	if (line.backend && target_backend(ctl, line.backend) != 0)
		return 0;
	if (line.option)
		return complete_option_value(ctl, line.option, word);
	if (word[0] == '-')
		return complete_option(ctl, line.command, word);
	return line.command ? complete_argument(ctl, &line, word) : complete_commands(ctl, word);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	int ret = complete_word(ctl, argc, argv);

	return ret ? ret : output_end();
}

const struct command complete_command = {
	.name = "complete",
	.args = "-- [WORD..]",
	.summary = "how the last WORD of a command line may go on",
	.details = "One possible word a line, for the shell's completion.\n",
	.max_args = INT_MAX,
	.prints_words = true,
	.run = run,
};
