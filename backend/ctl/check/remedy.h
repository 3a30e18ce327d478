/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remedy.h: the commands that mend what a sentence of dmvl-back says. */
#ifndef DMVL_CTL_REMEDY_H
#define DMVL_CTL_REMEDY_H

#include "backend/ctl/check/finding.h"
#include "xenstore-schema/schema.h"

/*
 * Adds the commands for a sentence about the uplink or device `subject` ("default", "web/0").
 * False: none is known.
 */
bool remedy_of(struct finding_row *f, const char *sentence, const char *subject);

/*
 * The same where a sentence begins with a key of the area: the command that gives the key its
 * default, "COMMAND KEY=DEFAULT", or, where it has none, that removes it from `dir`.
 */
bool remedy_of_key(struct finding_row *f, const char *sentence, enum schema_area area,
		   const char *command, const char *dir);

/* The key that a sentence begins with, or -ENOENT. */
int remedy_key(const char *sentence, enum schema_area area);

/* Where nothing better is known: what the daemon has logged. */
void remedy_journal(struct finding_row *f, const char *uplink);

#endif
