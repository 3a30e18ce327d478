/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.h: the state of a device, in words that a person understands. */
#ifndef DMVL_CTL_WORDS_H
#define DMVL_CTL_WORDS_H

#include "backend/ctl/view.h"

/* What an operator makes of a state. */
enum state_tone {
	STATE_GOOD,  /* frames pass */
	STATE_WAITS, /* it comes to that by itself, or when somebody starts something */
	STATE_BAD,   /* somebody has to mend something */
};

/* Bytes of the longest words, with their NUL. */
#define STATE_WORDS_MAX 24

/*
 * "connected", "no agent in the guest", "waiting for dmvl-back" and the like, fewer than
 * STATE_WORDS_MAX bytes. `served`: a dmvl-back runs for the device's uplink. *tone may be NULL.
 */
const char *state_words(const struct ldp_view *ldp, bool served, enum state_tone *tone);

#endif
