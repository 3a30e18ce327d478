/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audit.h: keeps in a mapped file how well the promise to each LDP was kept:
 * backend/stats/windows.h.
 */
#ifndef DMVL_AUDIT_H
#define DMVL_AUDIT_H

#include <stdbool.h>

#include "backend/datapath/dpath.h"
#include "backend/msg/ldp_conf.h"

struct ldp;

void audit_init(struct dpath *dp, const struct dpath_conf *conf);
void audit_fini(struct dpath *dp);

/* A window of ns ends now: what is known of the uplink, the loop and the guests in it. */
void audit_window(struct dpath *dp, uint64_t ns);

/*
 * Frames of the LDP waited nearly all the time. due_bytes were due to it, of which it had
 * had_bytes. Writes nothing if there is no file.
 */
void audit_judge(struct dpath *dp, struct ldp *l, enum ldp_dir dir, uint64_t due_bytes,
		 uint64_t had_bytes);

/* Is it the guest that keeps its frames waiting, because it stands still? */
bool audit_guest_still(const struct ldp *l, enum ldp_dir dir);

/* They did not wait all the time. */
void audit_pass(struct dpath *dp, struct ldp *l, enum ldp_dir dir);

/* The LDP goes. */
void audit_leave(struct dpath *dp, const struct ldp *l);

#endif
