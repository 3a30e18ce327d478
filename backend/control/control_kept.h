/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_kept.h: what is remembered of guests: on disk, and in memory while the disk refuses it.
 */
#ifndef DMVL_CONTROL_KEPT_H
#define DMVL_CONTROL_KEPT_H

#include <stdint.h>

struct control;
struct kept;

/*
 * Makes the directory, takes over what an earlier version left in xenstore, and says in xenstore
 * where the directory is. What is wrong with it is in c->kept.error, and traffic goes on.
 */
void control_kept_open(struct control *c);

/* Says again in xenstore where the directory is. */
void control_kept_publish(struct control *c);
void control_kept_close(struct control *c);

/*
 * Reads what is remembered of a guest into *out, which holds nothing; the caller clears it.
 * -ENOENT: nothing is. Any other error is logged, once.
 */
int control_kept_read(struct control *c, const char *uuid, struct kept *out);

/*
 * Replaces what is remembered of a guest. It takes what *k holds. If the disk refuses it, it stays
 * in memory, and is tried again.
 */
void control_kept_write(struct control *c, struct kept *k);

/* Tries again what the disk refused. Returns when next, in nanoseconds; UINT64_MAX: all is there.
 */
uint64_t control_kept_step(struct control *c);

#endif
