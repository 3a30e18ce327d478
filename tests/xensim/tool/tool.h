/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the xensim command. */
#ifndef XENSIM_TOOL_H
#define XENSIM_TOOL_H

#include "../proto.h"

/*
 * The toolstack, for a process in Dom0.  All return 0, or -1 with errno.  Domains are made, moved
 * and removed in xenstore as libxl does it.
 */
int toolstack_open(void);

/* Make a domain and its guest, in two steps so that many can start together. uuid: 16 bytes. */
int toolstack_begin(const char *name, const uint8_t *uuid, unsigned int *domid, unsigned int *nr);
int toolstack_finish(unsigned int domid, unsigned int nr, const char *name, const uint8_t *uuid);

int toolstack_destroy(unsigned int domid);

/*
 * Suspend: the guest stops, its domain stays; then resume() in place, or restore() in a new domain.
 * shutdown: the same with another reason, SHUTDOWN_*.
 */
int toolstack_suspend(unsigned int domid);
int toolstack_shutdown(unsigned int domid, unsigned int reason);
int toolstack_resume(unsigned int domid);
int toolstack_restore(unsigned int domid, unsigned int *new_domid);

/* Live migration to this machine: for a while both domains exist, the new one as NAME--incoming. */
int toolstack_migrate(unsigned int domid, unsigned int *new_domid);
int toolstack_rename(unsigned int domid, const char *name);

/* Domain 0's own nodes, once in an instance. */
int toolstack_dom0(void);

/* The domain that a word names: a domid or a name. -1: none. *info may be NULL. */
int toolstack_lookup(const char *word, struct sim_dominfo *info);

/* All domains: their number, *info is the caller's to free. -1 on failure. */
int toolstack_list(struct sim_dominfo **info);

/* One request to the broker about a domain; val (6 words) may be NULL. */
int toolstack_request(enum sim_op op, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
		      uint32_t *val);

/* Print "xensim: ..." and end with status 1 resp. 2. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* run [--guests N] CMD..: never returns. */
_Noreturn void instance_run(int argc, char **argv);

/* in-guest DOM CMD..: never returns. */
_Noreturn void in_guest(int argc, char **argv);
_Noreturn void guest_shell(int argc, char **argv);

/* A version 4 UUID, and its text (37 bytes). */
void uuid_make(uint8_t *uuid);
void uuid_text(const uint8_t *uuid, char *text);

#endif
