/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept_file.h: what was set for guests, on disk: a directory for an uplink, a file for a guest. */
#ifndef DMVL_KEPT_FILE_H
#define DMVL_KEPT_FILE_H

#include <limits.h>

#include "backend/kept/kept.h"

/* Bytes of any sentence of these functions: it names the file. */
#define KEPT_FILE_ERR_MAX (PATH_MAX + KEPT_ERR_MAX + 64)
#define KEPT_DIR_DEFAULT  "/var/lib/dmvl"
#define KEPT_DAMAGED	  ".damaged" /* behind the UUID: see kept_file_put_aside() */

/*
 * Writes the path of an uplink's directory below `state_dir`. 0, or -EINVAL: too long, or the
 * uplink's name is no name of a file.
 */
int kept_dir_path(char out[PATH_MAX], const char *state_dir, const char *uplink);

/* All return -errno with one sentence in err (KEPT_FILE_ERR_MAX bytes), which names the file. */

/* Creates the directory, and the one above, with mode 0700. Fails too if it cannot be written. */
int kept_dir_make(const char *dir, char *err);

/*
 * Takes the lock of the directory, and waits for it for `wait_ms` at most. Whoever changes a file,
 * or makes a device of what one says, has the lock from reading to writing; reading alone needs
 * none, since files are replaced as a whole. Returns an fd, and closing it gives up the lock.
 * -ENOENT, without a sentence: there is no directory. -EWOULDBLOCK: another program has the lock.
 */
int kept_dir_lock(const char *dir, unsigned wait_ms, char *err);

/*
 * Reads a guest's file into *out, which holds nothing. -ENOENT, without a sentence: there is none.
 * -EBADMSG: it is damaged, and *out holds what its good lines say (kept_parse()).
 */
int kept_file_read(const char *dir, const char *uuid, struct kept *out, char *err);

/*
 * Replaces a guest's file, at once and as a whole: after a power cut it is the old one or the new
 * one. That it is the new one is certain after kept_dir_sync(). One without devices is removed.
 */
int kept_file_write(const char *dir, const struct kept *k, char *err);

/*
 * For a damaged file that will be replaced: it gets a second name, UUID.damaged, or with a number
 * behind that, and nothing removes it there. So what its damaged lines said can still be seen.
 */
int kept_file_put_aside(const char *dir, const char *uuid, char *err);

/* Removes a guest's file; certain after kept_dir_sync(). -ENOENT, without a sentence: there is
 * none. */
int kept_file_remove(const char *dir, const char *uuid, char *err);

/* What was written and removed outlives a power cut. One call does for many files. */
int kept_dir_sync(const char *dir, char *err);

/* The guest was seen: its file gets another time (kept_unseen.h). There may be no file. */
void kept_file_touch(const char *dir, const char *uuid);

/*
 * Calls fn with the UUID of each file, in the order of names, until it returns another value than
 * 0, which is the result. There may be no directory.
 */
typedef int kept_file_fn(const char *uuid, void *arg);
int kept_file_each(const char *dir, kept_file_fn *fn, void *arg, char *err);

/*
 * Calls fn with the name and the directory of each other uplink that has one beside `dir`, in no
 * order, until it returns another value than 0, which is the result; else 0.
 */
typedef int kept_dir_fn(const char *uplink, const char *dir, void *arg);
int kept_dir_each_other(const char *dir, kept_dir_fn *fn, void *arg);

/* The same as kept_file_each(), with the names of damaged files that were put aside. */
int kept_file_each_damaged(const char *dir, kept_file_fn *fn, void *arg, char *err);

#endif
