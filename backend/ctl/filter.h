/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h: which frames are wanted, in libpcap's words (pcap-filter(7)). The only user of
 * <pcap.h>.
 */
#ifndef DMVL_CTL_FILTER_H
#define DMVL_CTL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define FILTER_ERR_MAX 256

struct filter;

/* NULL, with the reason in err: the words are no filter. "": all frames. End with filter_free(). */
struct filter *filter_new(const char *words, char err[FILTER_ERR_MAX]);
void filter_free(struct filter *f);

/* Does the Ethernet frame of `len` bytes, of which the first `captured` are there, match? */
bool filter_match(const struct filter *f, const uint8_t *frame, uint32_t captured, uint32_t len);

#endif
