/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.h: what dmvlctl check has found: where, what, and what to do. */
#ifndef DMVL_CTL_FINDING_H
#define DMVL_CTL_FINDING_H

#include <stdbool.h>

#define FINDING_WHERE_MAX   320
#define FINDING_TEXT_MAX    1400
#define FINDING_COMMAND_MAX 512
#define FINDING_COMMANDS    2

enum gravity {
	GRAVITY_NOTE, /* it may be meant, and is no problem then */
	GRAVITY_WARNING,
	GRAVITY_CRITICAL, /* some guest has no network */
};

struct finding_row {
	const char *id; /* of the kind, static */
	enum gravity gravity;
	unsigned domid; /* of the guest; 0: none */
	bool certain;	/* it was not seen while guests came or went */
	char where[FINDING_WHERE_MAX];
	char text[FINDING_TEXT_MAX];			     /* one sentence */
	char command[FINDING_COMMANDS][FINDING_COMMAND_MAX]; /* "" : none */
};

/* Only finding.c writes it. All zeroes: nothing was found. */
struct findings {
	struct finding_row *row;
	unsigned count;
};

/*
 * Adds a finding about `where`, of at most FINDING_COMMANDS commands, and returns it; it is valid
 * until the next one is added. Without memory the program exits. finding_text() and finding_do()
 * add the rest.
 */
struct finding_row *finding_add(struct findings *all, const char *id, enum gravity gravity);
void finding_where(struct finding_row *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void finding_text(struct finding_row *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The next command; one too many is left out. */
void finding_do(struct finding_row *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Of a later look: drops what the earlier one did not find, the same kind at the same place. What
 * is certain of the earlier one is kept, or added.
 */
void findings_confirm(struct findings *later, const struct findings *earlier);

/* Is each of them certain? */
bool findings_certain(const struct findings *all);

/* Is there a finding of this kind at the place `what` + `name`? */
bool finding_exists(const struct findings *all, const char *id, const char *what, const char *name);

/* Makes all commands such that they act on what this domain serves, wherever they are typed. */
void findings_of_domain(struct findings *all, unsigned backend_domid);

/* How many are no mere notes, and how many of these are critical. */
unsigned findings_problems(const struct findings *all);
unsigned findings_critical(const struct findings *all);
void findings_free(struct findings *all);

#endif
