/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drop_words.h: why frames were dropped, for people. Pure. */
#ifndef DMVL_CTL_DROP_WORDS_H
#define DMVL_CTL_DROP_WORDS_H

/*
 * A clause for a reason as the statistics have it, behind "drop-": "rx-full" is "came faster than
 * it may or can receive". NULL: the reason is not known here.
 */
const char *drop_words(const char *reason);

/* The key by which an operator allows or forbids that; NULL: none does, or it is not known here. */
const char *drop_key(const char *reason);

#endif
