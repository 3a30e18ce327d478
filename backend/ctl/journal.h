/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.h: what the dmvl-backs of this host have written into systemd's journal. */
#ifndef DMVL_CTL_JOURNAL_H
#define DMVL_CTL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "xenstore-schema/schema.h"

#define JOURNAL_TEXT_MAX 1024 /* as long as a line of ours is */

/* One line. */
struct journal_line {
	uint64_t t_ms; /* since 1970 */
	char uplink[SCHEMA_NAME_MAX + 1];
	char text[JOURNAL_TEXT_MAX];
	bool this_boot; /* of the host */
};

struct journal;

/*
 * Opens this host's journal at the first line since since_ms, of the dmvl-back of `uplink`, or, if
 * that is NULL, of all. 0 or -errno; -ENOENT: the journal has no line of a dmvl-back. After 0 end
 * with journal_close().
 */
int journal_open(const char *uplink, uint64_t since_ms, struct journal **out);
void journal_close(struct journal *j);

/* Does it have a line since this host's boot? If not, dmvl-back writes elsewhere. */
bool journal_is_current(const struct journal *j);

/* How many uplinks' lines are read. */
unsigned journal_uplinks(const struct journal *j);

/* When its oldest line was written, of whatever program, in ms since 1970; 0: not known. */
uint64_t journal_begin_ms(const struct journal *j);

/* Reads the next line. 1; 0: there is none yet; or -errno. */
int journal_next(struct journal *j, struct journal_line *out);

/* Waits until there may be another line. 0 or -errno. */
int journal_wait(struct journal *j);

#endif
