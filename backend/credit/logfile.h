/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logfile.h: the file that holds a credit log, mapped into memory. */
#ifndef DMVL_CREDIT_LOGFILE_H
#define DMVL_CREDIT_LOGFILE_H

#include "backend/credit/ldplog.h"
#include "common/mapfile.h"

#define LOGFILE_PATH_MAX MAPFILE_PATH_MAX /* the uplink's key log-path takes no more */
#define LOGFILE_ERR_MAX	 400

/* "DIR/NAME.tx.log" or "DIR/NAME.rx.log" for dir 0 or 1. -ENAMETOOLONG, else 0. */
int logfile_path(char path[LOGFILE_PATH_MAX + 1], const char *run_dir, const char *name,
		 unsigned dir);

/* The host's boot id, into `out` of `size` (that of ldplog_id.boot) bytes. 0 or -errno. */
int logfile_boot_id(char *out, size_t size);

/*
 * Opens the log at `path` to append to it. Creates a new log of ring_bytes when there is none, or
 * when the one there is damaged or not of `id`; `why` (LOGFILE_ERR_MAX bytes) then says what is
 * wrong with the old one, and is empty otherwise. All disk space is allocated before this returns.
 * On error -errno with a sentence in `why`.
 */
int logfile_open(struct mapfile *f, const char *path, uint64_t ring_bytes,
		 const struct ldplog_id *id, char *why);

/*
 * Closes *f, and puts a new log in the place of whatever is at `path`. 0, or -errno with a sentence
 * in `why` and *f closed.
 */
int logfile_renew(struct mapfile *f, const char *path, uint64_t ring_bytes,
		  const struct ldplog_id *id, char *why);

/*
 * Is what was written to the log in the file at `path`? False when that file was cut, overwritten,
 * removed or replaced; the mapping can still be used, but only this process sees it.
 */
bool logfile_is_whole(const struct mapfile *f, const char *path);

/* Maps a log for reading. 0, -errno of the file, or what ldplog_check() returns. */
int logfile_map(struct mapfile *f, const char *path);

#endif
