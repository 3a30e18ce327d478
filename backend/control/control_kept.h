/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_kept.h: what is remembered of guests: on disk, and in memory while the disk refuses it.
 */
#ifndef DMVL_CONTROL_KEPT_H
#define DMVL_CONTROL_KEPT_H

#include <stdbool.h>
#include <stdint.h>

struct control;
struct kept;

/*
 * Makes the directory, and says in xenstore where it is. What is wrong with it is in c->kept.error,
 * and traffic goes on.
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

/* The same; an error is not logged, but in err (KEPT_FILE_ERR_MAX bytes). */
int control_kept_try(struct control *c, const char *uuid, struct kept *out, char *err);

/* The guest is there, or was until now: what is remembered of it is not too old. */
void control_kept_seen(struct control *c, const uint8_t uuid[16]);

/*
 * Remembers the devices of *k, in the place of those of before, and the guest's name; its other
 * devices stay as they are. What cannot be written now stays in memory, and is tried again.
 */
void control_kept_write(struct control *c, const struct kept *k);

/* The device is not remembered any more; the same. */
void control_kept_drop(struct control *c, const char *uuid, unsigned id);

/* Is something of the guest only in memory, because it could not be written? */
bool control_kept_is_late(struct control *c, const char *uuid);

/*
 * Takes the lock of the files, or has it already, or goes on without it, because another program
 * has kept it for too long. False: another program keeps it. Who makes a device of what a file says
 * has the lock from reading the file until the device is there.
 */
bool control_kept_lock(struct control *c);
void control_kept_unlock(struct control *c);

/* Tries again what could not be written. Returns when next, in nanoseconds; UINT64_MAX: all is
 * there.
 */
uint64_t control_kept_step(struct control *c);

#endif
