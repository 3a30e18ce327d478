/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h: the subcommands of dmvlctl, each in the .c file of its name. */
#ifndef DMVL_CTL_COMMANDS_H
#define DMVL_CTL_COMMANDS_H

#include "backend/ctl/ctl.h"

/*
 * One subcommand. main.c checks the number of arguments against min_args..max_args, then calls
 * run() with the argc arguments that follow the options. run() returns the exit status; when that
 * is not 0, run() has printed the reason on stderr.
 */
struct command {
	const char *name;
	const char *args;    /* for the usage line */
	const char *summary; /* one line */
	const char *details; /* for -h; "" or text that ends with a newline */
	int min_args, max_args;
	bool has_batch;		 /* takes --batch */
	bool has_timeout;	 /* takes --timeout */
	bool has_all;		 /* takes --all */
	bool has_capture;	 /* takes --count, --for, --snap and --write */
	bool has_follow;	 /* takes --follow */
	bool has_changes;	 /* takes --changes */
	bool has_raw;		 /* takes --raw */
	bool has_remove;	 /* takes --remove */
	const char *uplink_help; /* takes --uplink, and what -h says of it; NULL: does not */
	bool has_save;		 /* takes --save */
	bool has_grace;		 /* takes --grace */
	bool has_nagios;	 /* takes --nagios */
	bool has_interval;	 /* takes --interval */
	bool has_since;		 /* takes --since */
	bool has_until;		 /* takes --until */
	bool has_for;		 /* takes --for */
	bool has_plot;		 /* takes what only plot does, and --size, in pixels */
	bool has_size;		 /* takes --size, in bytes */
	bool makes_device;	 /* its DOM has no such device yet */
	bool prints_words;	 /* for a shell: takes no --json */
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* check_command is in check/. */
extern const struct command admit_command, attach_command, capture_command, check_command,
	complete_command, detach_command, doctor_command, export_command, forget_command,
	forget_uplink_command, group_command, groups_command, import_command, list_command,
	log_command, plot_command, record_command, release_vifs_command, report_command,
	saved_command, set_command, show_command, stat_command, top_command, uplink_command,
	uplinks_command, whatif_command;

/* Does the command take this long option of main.c's? */
bool command_takes(const struct command *command, const char *option);

#endif
