/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.h: what both sides of guest-exec say to each other, and how. */
#ifndef DMVL_GUEST_EXEC_H
#define DMVL_GUEST_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

/*
 * Run commands in a guest over xenstore: `guest-exec agent` in the guest, `guest-exec NAME CMD..`
 * in Dom0, where `guest-exec domid NAME` also tells a guest's number, faster than xl. No network,
 * no console and no vchan of its own, so that it disturbs none that is under test, and it lives
 * through xl save and restore.
 *
 * Theory of operation. One directory per command, data/exec/<id> in the guest's home:
 *
 *	cmd     Dom0    'i' or '-' (with standard input or without), then the command for sh -c
 *	in      Dom0    "<seq> " and bytes of standard input, none at its end
 *	inack   guest   the last seq of `in` that was passed on
 *	out     guest   "<seq> " and 'o' or 'e' and bytes of stdout or stderr, or 'x' and the status
 *	outack  Dom0    the last seq of `out` that was passed on
 *	signal  Dom0    a signal for the command and its children
 *
 * Each direction is stop-and-wait: one value is under way, and is written again as often as needed.
 * A restore empties data/ and changes the domid. The agent sees it because each watch fires then,
 * and writes its values again; Dom0's side sees that its directory is gone, finds the domain by
 * name and does the same. The agent knows the ids that it runs, so nothing is done twice, and
 * data/exec-ready carries the guest's boot id, so that a command is not repeated after a reboot.
 *
 * Both sides block in a watch; only Dom0's looks again every second, for a domain that went away.
 */
#define DIR_REL	  "data/exec"
#define READY_REL "data/exec-ready"
/* xenstored's default bound for a value that a guest writes is 2048 bytes. */
#define CHUNK 1900

/* Opened by main(). */
extern struct xs_handle *xs;

/* Status 125, with errno's words. */
_Noreturn void die(const char *what);

/* Values of `key` below `dir`. put() tells whether it could; the caller frees get()'s, NULL if
 * there is none. */
bool put(const char *dir, const char *key, const void *value, size_t len);
char *get(const char *dir, const char *key, unsigned *len);
bool put_number(const char *dir, const char *key, unsigned long n);
unsigned long get_number(const char *dir, const char *key); /* 0: none */

/* A value under way: "<seq> " and payload. */
struct message {
	char text[CHUNK + 32];
	size_t len;
	unsigned long seq;
	bool pending; /* not acknowledged yet */
};

/* The next number, `kind` unless it is 0, and at most CHUNK bytes of data. */
void message_set(struct message *m, char kind, const void *data, size_t len);

/* The payload of a value, within it, and its length; NULL if it is not number `want`. */
const char *message_parse(const char *text, unsigned len, unsigned long want, size_t *left);

void write_all(int fd, const char *data, size_t len);

/* agent.c: the guest's side. */
_Noreturn void agent(void);

/* call.c: Dom0's side. */

/* The number of the domain of that name, -1: there is none. */
int find_domain(const char *name);

/*
 * Runs the words, joined, in the guest and passes on what it says, for at most that many seconds.
 * Its exit status; 124: no end in time, 125: it could not be run.
 */
int call(const char *name, bool with_input, int seconds, char **words);

#endif
