/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of dmvlctl share. */
#ifndef DMVL_CTL_H
#define DMVL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/xs.h"
#include "xenstore-schema/schema.h"

/* One run of dmvlctl: the options, and the connection once ctl_connect() has made it. */
struct ctl {
	struct xs_conn *xs;
	unsigned backend_domid;
	bool backend_given; /* by -B; else ctl_connect() finds it */
	bool json;
	bool follow;
	uint64_t timeout_ns;
};

/*
 * Connect to xenstored, and find the domain this runs in unless -B said it. Returns 0 or an exit
 * status, with the reason on stderr.
 */
int ctl_connect(struct ctl *ctl);

/* Print one error and return status. */
int ctl_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a xenstore call on path that returned the negative errno ret. Returns EXIT_FAILED.
 */
int ctl_fail_xs(int ret, const char *doing, const char *path);

/*
 * Run fn in a transaction, again as long as others interfere (bounded). fn returns 0 to commit or
 * a negative errno to abort, which is then returned.
 */
int ctl_transaction(struct ctl *ctl, int (*fn)(struct ctl *ctl, uint32_t t, void *arg), void *arg);

/* Children of dir that are numbers up to max, ascending. The caller frees *out. Count or -errno. */
int ctl_list_ids(struct ctl *ctl, uint32_t t, const char *dir, unsigned max, unsigned **out);

/* Does a dmvl-back that is up serve this uplink of the backend domain? */
bool ctl_uplink_is_served(struct ctl *ctl, const char *uplink);

#endif
