/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xs.h: xenstore. The only user of <xenstore.h>. */
#ifndef DMVL_XS_H
#define DMVL_XS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every call blocks until xenstored answers, so none is made on a thread that moves frames. All
 * return 0 or -errno unless they say otherwise; -EACCES, -ENOENT and -EAGAIN are xenstored's own
 * words. `t` is a transaction or XS_NO_TXN. A connection belongs to one thread at a time.
 */
struct xs_conn;

#define XS_NO_TXN    0u
#define XS_VALUE_MAX 4096u

/* -ENOENT when xenstored cannot be reached. */
int xs_conn_open(struct xs_conn **out);
void xs_conn_close(struct xs_conn *c); /* NULL is fine */

/* Copies the value, with a NUL behind it. Returns its length; -E2BIG if it has `size` bytes or
 * more, -EILSEQ if there is a NUL in it. */
int xs_conn_read(struct xs_conn *c, uint32_t t, const char *path, char *buf, size_t size);
int xs_conn_write(struct xs_conn *c, uint32_t t, const char *path, const char *value);
int xs_conn_mkdir(struct xs_conn *c, uint32_t t, const char *path);
int xs_conn_rm(struct xs_conn *c, uint32_t t, const char *path);
bool xs_conn_exists(struct xs_conn *c, uint32_t t, const char *path);

/* Names of the children; the caller frees *names with one free(). */
int xs_conn_list(struct xs_conn *c, uint32_t t, const char *path, char ***names, unsigned *count);

/* The node belongs to domain `owner`; `reader` (a domid, or -1) may read it; nobody else. */
int xs_conn_set_perms(struct xs_conn *c, uint32_t t, const char *path, unsigned owner, int reader);

/* A part of a transaction t: 0, or -errno to have no effect. -EAGAIN: all of it once more. */
typedef int xs_txn_fn(struct xs_conn *c, uint32_t t, void *arg);

/*
 * Runs fn in a transaction, and again while somebody else changes meanwhile what it read. 0, or
 * -errno of fn or of xenstored, without effect then; -EAGAIN after a hundred times.
 */
int xs_txn(struct xs_conn *c, xs_txn_fn *fn, void *arg);

/*
 * Watches. The first one starts a thread of libxenstore's own, with all signals blocked. The fd is
 * readable while events wait; xs_conn_next() hands them out one at a time.
 */
int xs_conn_watch(struct xs_conn *c, const char *path, const char *token);
int xs_conn_unwatch(struct xs_conn *c, const char *path, const char *token);
int xs_conn_fd(struct xs_conn *c);

struct xs_event {
	char *path; /* as watched: relative if the watch was */
	char *token;
	void *mem;
};
/* True with *ev filled, for xs_event_free(); false when none waits. */
bool xs_conn_next(struct xs_conn *c, struct xs_event *ev);
void xs_event_free(struct xs_event *ev);

/* After xs_conn_next() said false: xenstored went away and this connection is of no more use. */
bool xs_conn_dead(const struct xs_conn *c);

#endif
