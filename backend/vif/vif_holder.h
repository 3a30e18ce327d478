/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif_holder.h: which process serves a vif that was taken. */
#ifndef DMVL_VIF_HOLDER_H
#define DMVL_VIF_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#define VIF_HOLDER_NAME_MAX 16

struct vif_holder {
	pid_t pid;
	char name[VIF_HOLDER_NAME_MAX]; /* of its program; "": it cannot be read */
};

/*
 * Does a process have the macvtap open, other than this one? Looks at the descriptors of all
 * processes, so only root sees all.
 */
bool vif_holder_find(const char *tap, struct vif_holder *out);

#endif
