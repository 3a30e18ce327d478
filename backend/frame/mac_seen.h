/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac_seen.h: which MAC addresses hosts beyond the uplink used of late. Pure. */
#ifndef DMVL_MAC_SEEN_H
#define DMVL_MAC_SEEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A table of fixed size: MAC_SEEN_MAX addresses, in groups of eight that a secret seed chooses. An
 * address that was seen in two different seconds is kept until it was not seen for
 * MAC_SEEN_SECONDS. So a flood of made-up addresses cannot push it out. A new address takes the
 * place of one that expired, or else of the oldest that was seen in one second only; where there is
 * none, it is not remembered.
 */
#define MAC_SEEN_MAX	 16384u
#define MAC_SEEN_SECONDS 300u

struct mac_seen;

/* NULL: out of memory. mac_seen_free(NULL) does nothing. */
struct mac_seen *mac_seen_new(uint64_t seed);
void mac_seen_free(struct mac_seen *s);

/* The address was used, now. Time does not go back. */
void mac_seen_note(struct mac_seen *s, const uint8_t mac[6], uint64_t now_ns);

/* Was it used within the last MAC_SEEN_SECONDS, as far as the table remembers? */
bool mac_seen_recently(const struct mac_seen *s, const uint8_t mac[6], uint64_t now_ns);

/* The address is elsewhere now. */
void mac_seen_forget(struct mac_seen *s, const uint8_t mac[6]);

#endif
