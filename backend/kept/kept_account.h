/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept_account.h: what a device's credit account held when its guest left a host, as text. Pure. */
#ifndef DMVL_KEPT_ACCOUNT_H
#define DMVL_KEPT_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#define KEPT_ACCOUNT_MAX  80		     /* bytes of the text */
#define KEPT_BALANCE_MAX  ((int64_t)1 << 50) /* either way: no sum of these overflows */
#define KEPT_ACCOUNT_FORM "tx=BYTES rx=BYTES at=SECONDS"

/* Balances in bytes, as in backend/credit/ledger.h, and when they were that. */
struct kept_account {
	int64_t tx, rx;
	uint64_t at_ms; /* of CLOCK_REALTIME */
};

/* Writes "tx=-1234 rx=0 at=1764329400.123". */
void kept_account_format(const struct kept_account *a, char out[KEPT_ACCOUNT_MAX]);

/* Reads such a text. False: it is none, and *out is undefined. */
bool kept_account_parse(const char *text, struct kept_account *out);

#endif
