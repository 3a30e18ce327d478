/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logfile.h: the file of a credit log, mapped. */
#ifndef DMVL_CREDIT_LOGFILE_H
#define DMVL_CREDIT_LOGFILE_H

#include <sys/types.h>

#include "backend/credit/ldplog.h"

#define LOGFILE_PATH_MAX 255 /* what the uplink's key for it takes */
#define LOGFILE_ERR_MAX	 400

struct logfile {
	void *mem; /* NULL: closed */
	size_t bytes;
	dev_t dev;
	ino_t ino;
};

/* "DIR/NAME.tx.log" or "DIR/NAME.rx.log" for dir 0 or 1. -ENAMETOOLONG, else 0. */
int logfile_path(char path[LOGFILE_PATH_MAX + 1], const char *run_dir, const char *name,
		 unsigned dir);

/* This boot of the host, into out of sizeof(struct ldplog_id.boot) bytes. 0 or -errno. */
int logfile_boot_id(char *out, size_t size);

/*
 * Opens the log at `path` to be written on, or makes a fresh one of ring_bytes if there is none or
 * none that fits `id`; then `said` (LOGFILE_ERR_MAX) says what was wrong with it, else it is empty.
 * All of its space is there before this returns. On error -errno and a sentence in `said`.
 */
int logfile_open(struct logfile *f, const char *path, uint64_t ring_bytes,
		 const struct ldplog_id *id, char *said);

/* Maps a log to be read. 0, -errno, or what ldplog_check() says of it. */
int logfile_map(struct logfile *f, const char *path);

/* Whether another file is at `path` by now: the daemon has made a fresh log. */
bool logfile_replaced(const struct logfile *f, const char *path);

void logfile_close(struct logfile *f); /* closed already: fine */

#endif
