/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lower.h: may an interface be taken whole by a macvtap? */
#ifndef DMVL_LOWER_H
#define DMVL_LOWER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * 0 when `lower` carries no address (an automatic IPv6 link-local one does not count), no route, is
 * in no bridge or bond and has no upper device but `own`; else -EBUSY with one sentence in err.
 */
int lower_is_free(const char *lower, const char *own, char *err, size_t errlen);

/* Is `ifname` a macvtap over `lower`? */
bool lower_is_macvtap_over(const char *ifname, const char *lower);

#endif
