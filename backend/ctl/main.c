/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl, the operator's tool: finds the subcommand, parses its options, runs it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/argv.h"
#include "backend/ctl/commands.h"
#include "backend/ctl/key_help.h"
#include "backend/ctl/option_help.h"
#include "backend/ctl/since.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "common/log.h"
#include "common/quote.h"
#include "common/units.h"
#include "common/version.h"

#define TIME_MAX_NS	(UINT64_C(3600) * 1000000000)
#define SIZE_MIN	4096u		    /* of a recording */
#define INTERVAL_MIN_NS UINT64_C(100000000) /* the statistics are written so often */
#define FOR_MAX_NS	(UINT64_C(365) * 86400 * 1000000000)
#define SNAP_MAX	131072 /* no frame is longer */

static int run_help(struct ctl *ctl, int argc, char **argv);

static const struct command help_itself = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "what there is, or what a command does",
	.details = "",
	.max_args = 1,
	.prints_words = true,
	.run = run_help,
};

static const struct command *const commands[] = {
	&admit_command,
	&attach_command,
	&capture_command,
	&check_command,
	&complete_command,
	&detach_command,
	&doctor_command,
	&export_command,
	&forget_command,
	&forget_uplink_command,
	&group_command,
	&groups_command,
	&help_itself,
	&import_command,
	&list_command,
	&log_command,
	&plot_command,
	&record_command,
	&release_vifs_command,
	&report_command,
	&saved_command,
	&set_command,
	&show_command,
	&stat_command,
	&top_command,
	&uplink_command,
	&uplinks_command,
	&whatif_command,
	NULL,
};

enum {
	OPT_ALL = 256,
	OPT_BATCH,
	OPT_CHANGES,
	OPT_COUNT,
	OPT_DATA,
	OPT_DIR,
	OPT_FOLLOW,
	OPT_FOR,
	OPT_GRACE,
	OPT_INTERVAL,
	OPT_JSON,
	OPT_LOG,
	OPT_NAGIOS,
	OPT_RAW,
	OPT_REMOVE,
	OPT_SAVE,
	OPT_SINCE,
	OPT_SIZE,
	OPT_SNAP,
	OPT_TIMEOUT,
	OPT_UNTIL,
	OPT_UPLINK,
	OPT_WHAT,
};

static const struct option options[] = {
	{"all", no_argument, NULL, OPT_ALL},
	{"backend", required_argument, NULL, 'B'},
	{"batch", no_argument, NULL, OPT_BATCH},
	{"changes", no_argument, NULL, OPT_CHANGES},
	{"count", required_argument, NULL, OPT_COUNT},
	{"data", no_argument, NULL, OPT_DATA},
	{"dir", required_argument, NULL, OPT_DIR},
	{"follow", no_argument, NULL, OPT_FOLLOW},
	{"for", required_argument, NULL, OPT_FOR},
	{"grace", required_argument, NULL, OPT_GRACE},
	{"help", no_argument, NULL, 'h'},
	{"interval", required_argument, NULL, OPT_INTERVAL},
	{"json", no_argument, NULL, OPT_JSON},
	{"log", no_argument, NULL, OPT_LOG},
	{"nagios", no_argument, NULL, OPT_NAGIOS},
	{"output", required_argument, NULL, 'o'},
	{"raw", no_argument, NULL, OPT_RAW},
	{"remove", no_argument, NULL, OPT_REMOVE},
	{"save", no_argument, NULL, OPT_SAVE},
	{"since", required_argument, NULL, OPT_SINCE},
	{"size", required_argument, NULL, OPT_SIZE},
	{"snap", required_argument, NULL, OPT_SNAP},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"until", required_argument, NULL, OPT_UNTIL},
	{"uplink", required_argument, NULL, OPT_UPLINK},
	{"what", required_argument, NULL, OPT_WHAT},
	{"write", required_argument, NULL, 'w'},
	{NULL, 0, NULL, 0},
};

static int help(void)
{
	printf("usage: dmvlctl COMMAND [OPTION..] [ARG..]\n\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-12s %-24s %s\n", commands[i]->name, commands[i]->args,
		       commands[i]->summary);
	printf("\nDOM is a domid, a name or a UUID; ID is the device, 0 if not given.\n"
	       "dmvlctl COMMAND -h says more; so does dmvlctl(8).\n");
	return output_end();
}

static int help_command(const struct command *command)
{
	printf("usage: dmvlctl %s [OPTION..]%s%s\n\n%s%s%s", command->name,
	       *command->args ? " " : "", command->args, command->summary, ".\n", command->details);
	option_help(command);
	printf("  -h, --help           print this\n");
	key_help(command);
	return output_end();
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int no_command(const char *name)
{
	char shown[QUOTE_MAX];

	return ctl_fail(EXIT_WRONG_USE, "no command %s: dmvlctl help lists them",
			quote_text(shown, name));
}

static int run_help(struct ctl *ctl, int argc, char **argv)
{
	const struct command *command = argc > 0 ? find_command(argv[0]) : NULL;

	(void)ctl;
	if (argc > 0 && !command)
		return no_command(argv[0]);
	return command ? help_command(command) : help();
}

static int parse_timeout(struct ctl *ctl, const char *text)
{
	char err[UNITS_ERR_MAX];

	if (units_parse_time(text, &ctl->timeout_ns, err, sizeof(err)) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--timeout %s", err);
	/* So that sums of times do not overflow. */
	if (ctl->timeout_ns > TIME_MAX_NS)
		return ctl_fail(EXIT_WRONG_USE, "--timeout %s: expected at most 3600s", text);
	return 0;
}

static int parse_grace(struct ctl *ctl, const char *text)
{
	char err[UNITS_ERR_MAX];

	if (units_parse_time(text, &ctl->grace_ns, err, sizeof(err)) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--grace %s", err);
	ctl->grace_given = true;
	return 0;
}

static int parse_interval(struct ctl *ctl, const char *text)
{
	char err[UNITS_ERR_MAX];

	if (units_parse_time(text, &ctl->interval_ns, err, sizeof(err)) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--interval %s", err);
	if (ctl->interval_ns < INTERVAL_MIN_NS || ctl->interval_ns > TIME_MAX_NS)
		return ctl_fail(EXIT_WRONG_USE, "--interval %s: expected 100ms to 3600s", text);
	return 0;
}

/* As typed: what it counts from is known to the command. */
static int parse_since(const char *name, const char *text, const char **out)
{
	char err[SINCE_ERR_MAX];
	uint64_t ms;

	if (since_parse(text, since_now_ms(), &ms, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--%s %s", name, err);
	*out = text;
	return 0;
}

static int parse_size(struct ctl *ctl, const struct command *command, const char *text)
{
	char err[UNITS_ERR_MAX];

	if (command->has_plot) {
		ctl->plot.pixels = text;
		return 0;
	}
	if (units_parse_size(text, &ctl->size_bytes, err, sizeof(err)) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--size %s", err);
	if (ctl->size_bytes < SIZE_MIN)
		return ctl_fail(EXIT_WRONG_USE, "--size %s: expected at least 4kib", text);
	return 0;
}

/* Prints why getopt refused an option; opterr is 0, so getopt does not. */
static int bad_option(const struct command *command, int option, char **argv)
{
	char shown[QUOTE_MAX];

	quote_text(shown, argv[optind - 1]);
	if (option == ':')
		return ctl_fail(EXIT_WRONG_USE, "option %s needs a value: dmvlctl %s -h", shown,
				command->name);
	/* In a cluster of short options optind has not moved on. */
	if (optopt > 0 && optopt < 256)
		snprintf(shown, sizeof(shown), "\"-%c\"", optopt);
	return ctl_fail(EXIT_WRONG_USE, "no option %s: dmvlctl %s -h lists them", shown,
			command->name);
}

static int parse_uplink(struct ctl *ctl, const char *text)
{
	char err[SCHEMA_ERR_MAX];

	if (schema_check(KEY_BACK_UPLINK, text, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--%s", err);
	ctl->uplink = text;
	return 0;
}

/* NULL: getopt_long() refused it. */
static const struct option *option_of(int value)
{
	for (const struct option *o = options; o->name; o++)
		if (o->val == value)
			return o;
	return NULL;
}

/* A number of 1 to `max`. */
static int parse_number(const char *name, const char *text, uint64_t max, uint64_t *out)
{
	char shown[QUOTE_MAX], *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *out < 1 || *out > max)
		return ctl_fail(EXIT_WRONG_USE, "--%s %s: expected 1 to %" PRIu64, name,
				quote_text(shown, text), max);
	return 0;
}

static int parse_for(struct ctl *ctl, const char *text)
{
	char shown[QUOTE_MAX];
	uint64_t ms = 0;

	if (since_duration(text, &ms) && ms <= FOR_MAX_NS / 1000000)
		ctl->for_ns = ms * 1000000;
	else if (ms || units_parse_time(text, &ctl->for_ns, NULL, 0) < 0)
		ctl->for_ns = 0;
	if (ctl->for_ns > 0 && ctl->for_ns <= FOR_MAX_NS)
		return 0;
	return ctl_fail(EXIT_WRONG_USE,
			"--for %s: expected a time like 500ms, 90s, 10min or 2h, "
			"at most 365d",
			quote_text(shown, text));
}

/* plot reads them itself. */
static int take_of_plot(struct ctl *ctl, const struct command *command, int option, char **argv)
{
	switch (option) {
	case OPT_DATA:
		ctl->plot.data = true;
		return 0;
	case OPT_LOG:
		ctl->plot.from_log = true;
		return 0;
	case OPT_DIR:
		ctl->plot.dir = optarg;
		return 0;
	case OPT_WHAT:
		ctl->plot.what = optarg;
		return 0;
	case 'o':
		ctl->plot.output = optarg;
		return 0;
	default:
		return bad_option(command, option, argv);
	}
}

/* Options that end what runs for a while. */
static int take_bounds(struct ctl *ctl, const struct command *command, int option, char **argv)
{
	uint64_t snap = 0;
	int ret;

	switch (option) {
	case OPT_COUNT:
		return parse_number("count", optarg, UINT64_MAX, &ctl->count);
	case OPT_FOR:
		return parse_for(ctl, optarg);
	case OPT_SIZE:
		return parse_size(ctl, command, optarg);
	case OPT_SNAP:
		ret = parse_number("snap", optarg, SNAP_MAX, &snap);
		ctl->snap = (uint32_t)snap;
		return ret;
	case 'w':
		ctl->write = optarg;
		return 0;
	default:
		return take_of_plot(ctl, command, option, argv);
	}
}

/* What an option without a value switches on; NULL: it has one, or is help. */
static bool *flag_of(struct ctl *ctl, int option)
{
	bool *const flags[] = {
		[OPT_ALL - OPT_ALL] = &ctl->all,	 [OPT_BATCH - OPT_ALL] = &ctl->batch,
		[OPT_CHANGES - OPT_ALL] = &ctl->changes, [OPT_FOLLOW - OPT_ALL] = &ctl->follow,
		[OPT_JSON - OPT_ALL] = &ctl->json,	 [OPT_NAGIOS - OPT_ALL] = &ctl->nagios,
		[OPT_RAW - OPT_ALL] = &ctl->raw,	 [OPT_REMOVE - OPT_ALL] = &ctl->remove,
		[OPT_SAVE - OPT_ALL] = &ctl->save,
	};
	size_t at = (size_t)(option - OPT_ALL);

	return option >= OPT_ALL && at < sizeof(flags) / sizeof(flags[0]) ? flags[at] : NULL;
}

/* 0, an exit status, or -1: help was printed. */
static int take(struct ctl *ctl, const struct command *command, int option, char **argv)
{
	bool *flag = flag_of(ctl, option);
	int ret = 0;

	if (flag) {
		*flag = true;
		return 0;
	}
	switch (option) {
	case 'B':
		ret = target_backend(ctl, optarg);
		break;
	case 'h':
		ret = help_command(command);
		return ret ? ret : -1;
	case OPT_GRACE:
		ret = parse_grace(ctl, optarg);
		break;
	case OPT_INTERVAL:
		ret = parse_interval(ctl, optarg);
		break;
	case OPT_SINCE:
		ret = parse_since("since", optarg, &ctl->since);
		break;
	case OPT_TIMEOUT:
		ret = parse_timeout(ctl, optarg);
		break;
	case OPT_UNTIL:
		ret = parse_since("until", optarg, &ctl->until);
		break;
	case OPT_UPLINK:
		ret = parse_uplink(ctl, optarg);
		break;
	default:
		ret = take_bounds(ctl, command, option, argv);
	}
	return ret;
}

/* Parses the options of the command; each that has a value once. As take(). */
static int parse_options(struct ctl *ctl, const struct command *command, int argc, char **argv)
{
	uint32_t given = 0;
	int option, ret = 0;

	opterr = 0;
	while (ret == 0 && (option = getopt_long(argc, argv, ":B:ho:w:", options, NULL)) != -1) {
		const struct option *o = option_of(option);
		uint32_t bit = o && o->has_arg ? UINT32_C(1) << (o - options) : 0;

		if (o && !command_takes(command, o->name))
			return ctl_fail(EXIT_WRONG_USE, "%s takes no --%s", command->name, o->name);
		if (given & bit)
			return ctl_fail(EXIT_WRONG_USE, "--%s is given twice", o->name);
		given |= bit;
		ret = take(ctl, command, option, argv);
	}
	return ret;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct ctl ctl = {
		.timeout_ns = UINT64_C(10) * 1000000000,
		.commands = commands,
		.options = options,
	};
	int ret = parse_options(&ctl, command, argc, argv);

	if (ret) {
		xs_conn_close(ctl.xs);
		return ret < 0 ? 0 : ret;
	}
	argc -= optind;
	argv += optind;
	ctl_begin(&ctl);
	if (argc < command->min_args || argc > command->max_args)
		ret = ctl_fail(EXIT_WRONG_USE, "too %s arguments: dmvlctl %s%s%s",
			       argc < command->min_args ? "few" : "many", command->name,
			       *command->args ? " " : "", command->args);
	else
		ret = command->run(&ctl, argc, argv);
	ret = ctl_end(ret);
	xs_conn_close(ctl.xs);
	return ret;
}

/* Also where other words are wrong: who asks reads one line and the exit status only. */
static bool is_for_plugin(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t len = strlen(argv[i]);

		if (len > strlen("--") && strncmp(argv[i], "--nagios", len) == 0)
			return true;
	}
	return false;
}

/* No command is there: one of the two options that need none, or an error. */
static int run_without(int argc, char **argv)
{
	char shown[QUOTE_MAX];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return help();
		if (strcmp(argv[i], "--version") == 0) {
			printf("dmvlctl %s\n", dmvl_version);
			return output_end();
		}
	}
	if (argc < 2 || argv_takes(argv[1], options))
		return ctl_fail(EXIT_WRONG_USE, "no command: dmvlctl help lists them");
	return ctl_fail(EXIT_WRONG_USE, "no option %s: dmvlctl -h lists commands",
			quote_text(shown, argv[1]));
}

int main(int argc, char **argv)
{
	const struct command *command;

	log_init("dmvlctl", LOG_NOTICE);
	if (is_for_plugin(argc, argv))
		ctl_as_plugin();
	if (!argv_begin_with_command(argc, argv, options))
		return run_without(argc, argv);
	command = find_command(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : no_command(argv[1]);
}
