/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lower.h: may a macvtap take an interface over completely? */
#ifndef DMVL_LOWER_H
#define DMVL_LOWER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * 0 when `lower` has no address (IPv6 link-local ones do not count) and no route, is in no bridge
 * or bond, and has no upper device but `own`. Otherwise -EBUSY with one sentence in err. Reads
 * /proc and /sys.
 */
int lower_is_free(const char *lower, const char *own, char *err, size_t errlen);

/* Is `ifname` a macvtap over `lower`? */
bool lower_is_macvtap_over(const char *ifname, const char *lower);

#endif
