/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ctl.h: what the subcommands of dmvlctl share: options, connection, errors. */
#ifndef DMVL_CTL_H
#define DMVL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/xs.h"
#include "xenstore-schema/schema.h"

struct command;
struct option; /* of getopt_long() */

/* The options of dmvlctl plot, as they were typed; NULL: not given. plot_options.c reads them. */
struct ctl_plot {
	const char *what, *dir, *output, *pixels;
	bool data, from_log;
};

/*
 * One run of dmvlctl. main.c writes it; ctl_connect() sets xs, own_domid and, without -B,
 * backend_domid.
 */
struct ctl {
	struct xs_conn *xs;
	unsigned own_domid; /* where dmvlctl runs */
	unsigned backend_domid;
	bool backend_given; /* by -B */
	bool json;
	bool all;
	bool batch;
	bool follow;
	bool changes;
	bool raw;
	bool remove;
	bool save;
	bool nagios;
	bool grace_given;
	const char *uplink;	   /* by --uplink; NULL: any */
	const char *write;	   /* by --write; NULL: not given */
	const char *since, *until; /* as typed, for since_parse(); NULL: all */
	uint64_t count;		   /* by --count; 0: no end */
	uint64_t for_ns;	   /* by --for; 0: no end */
	uint32_t snap;		   /* by --snap, bytes; 0: all */
	uint64_t timeout_ns;
	uint64_t grace_ns;    /* by --grace, if it was given */
	uint64_t interval_ns; /* by --interval; 0: once */
	uint64_t size_bytes;  /* by --size; 0: not given */
	struct ctl_plot plot;
	const struct command *const *commands; /* all; NULL behind the last one */
	const struct option *options; /* of all commands; a name NULL behind the last one */
};

/*
 * Connects to xenstored, once; without -B finds out the domid of this domain. 0, or an exit status
 * with the reason on stderr.
 */
int ctl_connect(struct ctl *ctl);
/* The same without a word: 0 or -errno. */
int ctl_reach(struct ctl *ctl);

/*
 * From now on an error is what a monitoring system reads, as it does what a plugin prints: one line
 * on stdout, and the status "unknown".
 */
#define CTL_UNKNOWN 3
void ctl_as_plugin(void);

/*
 * A command begins, with this connection, and has come to its end with `status`. Between the two
 * ctl_fail() says so if xenstored went away, whatever else would be told: what could not be read is
 * not missing for that. ctl_end() says so too, once, whatever the status is, and returns
 * EXIT_FAILED, of a plugin CTL_UNKNOWN.
 */
void ctl_begin(const struct ctl *ctl);
int ctl_end(int status);

/* Prints one error and returns `status`; of a plugin CTL_UNKNOWN. */
int ctl_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the error `ret` (-errno) of a xenstore call on `path`. Returns EXIT_FAILED. */
int ctl_fail_xs(int ret, const char *doing, const char *path);

/* Prints that there is no such uplink, and what shows all. Returns EXIT_FAILED. */
int ctl_fail_no_uplink(const char *name);

/* Prints that libxenctrl does not answer: `ret` (-errno). Returns EXIT_WRONG_USE. */
int ctl_fail_hypervisor(int ret);

/* The hint ": run as root", for whoever is not; "" for root. */
const char *ctl_as_root(void);

/*
 * Runs fn in a transaction, again while other clients interfere (bounded). fn returns 0 to commit,
 * or -errno to abort, which is then the result.
 */
int ctl_transaction(struct ctl *ctl, int (*fn)(struct ctl *ctl, uint32_t t, void *arg), void *arg);

/* Lists the children of `dir` that are numbers <= max, ascending. Count or -errno; free *out. */
int ctl_list_ids(struct ctl *ctl, uint32_t t, const char *dir, unsigned max, unsigned **out);

/*
 * The names below the uplinks' directory, of the backend domain: none if that does not exist. 0 or
 * -errno. After 0 free *out.
 */
int ctl_list_uplinks(struct ctl *ctl, char ***out, unsigned *count);

/* Is a dmvl-back running that serves this uplink of the backend domain? */
bool ctl_uplink_is_served(struct ctl *ctl, const char *uplink);

#endif
