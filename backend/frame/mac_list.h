/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac_list.h: a list of MAC addresses as an operator writes it. Pure. */
#ifndef DMVL_MAC_LIST_H
#define DMVL_MAC_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_LIST_MAX 16

struct mac_list {
	unsigned n; /* 0..MAC_LIST_MAX */
	uint8_t entry[MAC_LIST_MAX][6];
};

/*
 * Parses unicast addresses separated by commas or blanks: "00:00:5e:00:01:0a, 02:..". Blank text
 * gives the empty list. 0; -EINVAL: an entry is bad; -E2BIG: more than MAC_LIST_MAX entries. On
 * error *@out is untouched, and @err gets one sentence that names the bad part. @err has @errlen
 * bytes and is always terminated; it may be NULL when @errlen is 0.
 */
int mac_list_parse(const char *text, struct mac_list *out, char *err, size_t errlen);

bool mac_list_has(const struct mac_list *list, const uint8_t mac[6]);

#endif
