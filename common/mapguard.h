/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapguard.h: mapped files that others may cut. */
#ifndef DMVL_MAPGUARD_H
#define DMVL_MAPGUARD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The kernel sends SIGBUS, which ends the process, when it cannot back an access to a mapped file:
 * the file was cut, or it has a hole that a full disk has no room for. A guarded mapping becomes
 * private memory of zeros instead, as a whole and for good, and the access goes on there.
 */
struct mapguard;

/*
 * Guards `bytes` bytes at mem, a mapping that only the calling thread uses. All guarded mappings of
 * a process must be of the same thread. NULL: out of memory.
 */
struct mapguard *mapguard_new(void *mem, size_t bytes);

/* Call this before munmap(). NULL: no effect. */
void mapguard_free(struct mapguard *g);

/* Has the mapping lost its file? */
bool mapguard_hit(const struct mapguard *g);

#endif
