/* SPDX-License-Identifier: GPL-2.0-or-later */
/* candidates.h: prints the words that may follow on a command line, as xenstore knows them. */
#ifndef DMVL_CTL_CANDIDATES_H
#define DMVL_CTL_CANDIDATES_H

#include "backend/ctl/ctl.h"

/* The beginning of a word, and what all candidates for it begin with ("group="; "": nothing). */
struct beginning {
	struct ctl *ctl;
	const char *word, *prefix;
};

/* Prints prefix and text, one a line, if that is how the word may go on. */
void candidate(const struct beginning *b, const char *text);

/*
 * These connect to xenstored if nobody has. 0, or an exit status with the reason on stderr. A name
 * that a shell would not take as it is (a space, a quote) is no candidate.
 */

/* Every guest: its name, or its domid if it has none or the word begins with a digit. */
int candidate_guests(const struct beginning *b);

/* The same of guests that have devices, with "/ID" for each device but 0. */
int candidate_devices(const struct beginning *b);

int candidate_uplinks(const struct beginning *b);

/* The groups of all uplinks that have keys. */
int candidate_groups(const struct beginning *b);

/* The guests of whom something is remembered. */
int candidate_uuids(const struct beginning *b);

#endif
