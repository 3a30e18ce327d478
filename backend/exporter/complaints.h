/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complaints.h: says once what is wrong with a file of the run directory, until that changes. */
#ifndef DMVL_EXPORTER_COMPLAINTS_H
#define DMVL_EXPORTER_COMPLAINTS_H

#include "backend/exporter/source.h"

/* Starts zero-initialised. Only complaints.c writes it. */
struct complaints {
	struct complaint_of {
		char uplink[NAME_MAX + 1];
		enum source_problem stats, kept;
		unsigned torn;
	} at[SOURCES_MAX];
	unsigned count;
	bool too_many;
	int error; /* of the directory */
};

/*
 * Says what is new since the last time, a sentence for each file. `ret` is what sources_read()
 * returned. Adds what was met to count[], by kind.
 */
void complaints_tell(struct complaints *c, const char *run_dir, const struct sources *s, int ret,
		     uint64_t count[SOURCE_PROBLEMS]);

#endif
