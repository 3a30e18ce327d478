/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif_holder.h: which process serves a vif that was taken. */
#ifndef DMVL_VIF_HOLDER_H
#define DMVL_VIF_HOLDER_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VIF_HOLDER_NAME_MAX 16

/* A vif that was taken. */
struct vif_taken {
	dev_t device; /* its macvtap's: tap_macvtap_device() */
	char vif[IFNAMSIZ];
};

/* Who has it. */
struct vif_holder {
	const struct vif_taken *taken;
	pid_t pid;
	char name[VIF_HOLDER_NAME_MAX]; /* of the program; "": it cannot be read */
};

/*
 * Does a process other than this one have the macvtap of one of them open? Looks once at the
 * descriptors of all processes, so only root sees all.
 */
bool vif_holder_find(const struct vif_taken *taken, size_t count, struct vif_holder *out);

#endif
