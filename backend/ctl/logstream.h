/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logstream.h: the credit logs of the uplinks, read batch by batch while they are written. */
#ifndef DMVL_CTL_LOGSTREAM_H
#define DMVL_CTL_LOGSTREAM_H

#include "backend/credit/batch.h"
#include "backend/credit/logfile.h"
#include "backend/ctl/ctl.h"

/* The log of one uplink and direction. Only logstream.c writes it, but for batch_drop(). */
struct logstream {
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];
	char path[LOGFILE_PATH_MAX + 1];
	unsigned dir; /* 0: transmission */
	bool open;
	struct mapfile file;
	struct ldplog_reader reader;
	struct batch batch;
	uint64_t missed, damaged; /* how many were reported */
};

/*
 * Prints that the logs of another backend domain than this one are not here. 0 or an exit status.
 */
int logstream_check_domain(struct ctl *ctl);

/*
 * The logs of all uplinks, or of the one of --uplink, two each; none is open. Returns their number
 * or -errno. After that free *out, and end each with logstream_free().
 */
int logstreams_find(struct ctl *ctl, struct logstream **out);

/* Begins with the oldest record. 0 or -errno: -EINVAL: it is no credit log, or damaged. */
int logstream_open(struct logstream *s);

/* The same; an error is printed, and an exit status is returned. */
int logstream_open_or_say(struct logstream *s);
void logstream_free(struct logstream *s);

/*
 * Reads until s->batch is whole, or there is no more. False: records were lost, which is said on
 * stderr.
 */
bool logstream_fill(struct logstream *s);

/*
 * Opens the log again if another file has taken the place of the one that is open, or none is.
 * True: it is a fresh one.
 */
bool logstream_renew(struct logstream *s);

#endif
