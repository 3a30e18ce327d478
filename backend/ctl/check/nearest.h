/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nearest.h: which key was meant by a name that is none. Pure. */
#ifndef DMVL_CTL_NEAREST_H
#define DMVL_CTL_NEAREST_H

#include "xenstore-schema/schema.h"

/*
 * The key of the area, of those that an operator may set, whose name is nearest: a letter that is
 * missing, another, one too many, or beside its place. -ENOENT: none is near enough.
 */
int nearest_key(enum schema_area area, const char *name);

#endif
