/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.h: what the daemons of this host have in their run directory, copied at one time. */
#ifndef DMVL_EXPORTER_SOURCE_H
#define DMVL_EXPORTER_SOURCE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/stats/stats.h"
#include "backend/stats/windows_file.h"

/* More than these is not a file of dmvl-back's. */
#define SOURCE_BYTES_MAX  (64u << 20)
#define SOURCE_FIELDS_MAX 1024u
#define SOURCE_RECORD_MAX 65536u /* bytes */
#define SOURCE_LDPS_MAX	  8192u
#define SOURCE_TORN_MAX	  8u  /* records that do not stop changing; then the file is left */
#define SOURCES_MAX	  64u /* uplinks */

enum source_problem {
	SOURCE_FINE,
	SOURCE_STOPPED,	   /* its dmvl-back does not run: no fault of the file */
	SOURCE_UNREADABLE, /* no permission, or an error of the system */
	SOURCE_FOREIGN,	   /* not a file of dmvl-back's, or damaged */
	SOURCE_VERSION,	   /* of another version */
	SOURCE_TORN,	   /* records did not stop changing */
	SOURCE_PROBLEMS,
};

/* How guarantees were kept, as dmvlctl report counts it. */
struct source_kept {
	bool known;
	char guest[WINDOWS_GUEST_MAX + 1]; /* its name */
	uint64_t judged[WINDOWS_DIRS], broken[WINDOWS_DIRS][WINDOWS_REASONS];
};

struct source_ldp {
	const struct stats_record *record;
	struct source_kept kept;
};

/* One uplink. Only source.c writes it. */
struct source {
	char uplink[NAME_MAX + 1];
	enum source_problem problem; /* unless it is SOURCE_FINE there is nothing but the name */
	enum source_problem kept_problem; /* of the file that says how guarantees were kept */
	int error, kept_error;		  /* -errno of both */
	unsigned torn;			  /* records that were left out */
	struct stats_field *field;	  /* those that are whole */
	unsigned fields;
	char *records; /* that of the uplink, then those of ldp[] */
	const struct stats_record *own;
	struct source_ldp *ldp; /* each with another UUID and id */
	unsigned ldps;
};

struct sources {
	struct source at[SOURCES_MAX];
	unsigned count;
	unsigned left_out; /* more than SOURCES_MAX */
};

/*
 * Reads those of all uplinks in the directory, by name; or that of `only`, unless it is NULL, even
 * if it is not there. 0 or -errno; also a directory that is not there is one without uplinks. End
 * with sources_free().
 */
int sources_read(struct sources *s, const char *run_dir, const char *only);
void sources_free(struct sources *s);

/* The values of a field in a record of the source; NULL: its daemon does not know the field. */
const uint64_t *source_get(const struct source *s, const struct stats_record *record,
			   enum stats_scope scope, const char *name,
			   const struct stats_field **field);

#endif
