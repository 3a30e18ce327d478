/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xs.h: a connection to xenstore. The only user of <xenstore.h>. */
#ifndef DMVL_XS_H
#define DMVL_XS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every call blocks until xenstored answers, so no thread that moves frames may call one. All
 * return 0 or -errno unless noted; -EACCES, -ENOENT and -EAGAIN are xenstored's answers. `t` is a
 * transaction or XS_NO_TXN. A connection belongs to one thread at a time.
 */
struct xs_conn;

#define XS_NO_TXN    0u
#define XS_VALUE_MAX 4096u

/* -ENOENT or -ECONNREFUSED when xenstored cannot be reached. */
int xs_conn_open(struct xs_conn **out);
void xs_conn_close(struct xs_conn *c); /* no effect on NULL */

/*
 * libxenstore keeps to itself that xenstored closed the connection. This is another one, on which
 * nothing is ever said: its fd becomes readable when xenstored goes away. -ENOTSOCK: xenstore is
 * reached through the kernel, which hides that.
 */
int xs_conn_lifeline(void);

/*
 * Copies the value to buf and adds a NUL. Returns the length; -E2BIG: value and NUL need more than
 * `size` bytes; -EILSEQ: the value contains a NUL.
 */
int xs_conn_read(struct xs_conn *c, uint32_t t, const char *path, char *buf, size_t size);
int xs_conn_write(struct xs_conn *c, uint32_t t, const char *path, const char *value);
int xs_conn_mkdir(struct xs_conn *c, uint32_t t, const char *path);
int xs_conn_rm(struct xs_conn *c, uint32_t t, const char *path);
/* Neither: it may not be read, or the connection is broken. */
bool xs_conn_exists(struct xs_conn *c, uint32_t t, const char *path);
bool xs_conn_missing(struct xs_conn *c, uint32_t t, const char *path);

/* Does xenstored know the domain? 1, 0 or -errno: -EACCES where only Dom0 may ask. */
int xs_conn_introduced(struct xs_conn *c, unsigned domid);

/*
 * How many nodes xenstored lets a domain have. -errno: it does not tell that: xenstored in OCaml,
 * or one before Xen 4.17, or somebody else than Dom0 asks.
 */
int xs_conn_node_quota(struct xs_conn *c);

/* Names of the children; the caller frees *names with one free(). */
int xs_conn_list(struct xs_conn *c, uint32_t t, const char *path, char ***names, unsigned *count);

/* Gives the node to domain `owner`; `reader` (a domid, or -1: none) may read it; no one else. */
int xs_conn_set_perms(struct xs_conn *c, uint32_t t, const char *path, unsigned owner, int reader);

/* What to do in transaction t. 0 commits it; -errno aborts it, -EAGAIN to run fn once more. */
typedef int xs_txn_fn(struct xs_conn *c, uint32_t t, void *arg);

/*
 * Runs fn in a transaction, again each time that another client has changed what fn read. 0, or
 * -errno of fn or xenstored, and nothing is changed; -EAGAIN after 100 attempts.
 */
int xs_txn(struct xs_conn *c, xs_txn_fn *fn, void *arg);

/*
 * Watches. The first one starts a thread of libxenstore, with all signals but SIGPIPE blocked. The
 * fd is readable while events wait; xs_conn_next() returns them one at a time.
 */
int xs_conn_watch(struct xs_conn *c, const char *path, const char *token);
int xs_conn_unwatch(struct xs_conn *c, const char *path, const char *token);
int xs_conn_fd(struct xs_conn *c);

struct xs_event {
	char *path; /* relative if the watch was */
	char *token;
	void *mem; /* for xs_event_free() */
};
/* True: *ev is the next event, for xs_event_free(). False: no event waits. */
bool xs_conn_next(struct xs_conn *c, struct xs_event *ev);
void xs_event_free(struct xs_event *ev);

/* Does xenstored answer? What was asked for just before failed for no other reason if it does not.
 */
bool xs_conn_lives(struct xs_conn *c);

/* After xs_conn_next() returned false: has the connection to xenstored ended for good? */
bool xs_conn_dead(const struct xs_conn *c);

#endif
