/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recfile.h: a recording in a file, read record by record. */
#ifndef DMVL_CTL_RECORD_RECFILE_H
#define DMVL_CTL_RECORD_RECFILE_H

#include <stdio.h>

#include "backend/ctl/record/rec.h"

#define RECFILE_ERR_MAX 200

/* Only recfile.c writes it. */
struct recfile {
	FILE *file;
	uint64_t start_ms;
	uint64_t damaged; /* lines that were skipped because they could not be read */
	uint64_t unknown; /* lines of types that are not known here */
	bool cut;	  /* the last line was not written to its end */
};

/*
 * 0, or -errno with a sentence without the file's name in err: -EINVAL: it is no recording;
 * -ENODATA: it is empty; -ENOTSUP: it is of another version. End with recfile_close().
 */
int recfile_open(struct recfile *f, const char *path, char err[RECFILE_ERR_MAX]);

/* The next whole record. 1: it is in *out; 0: that was all; -errno: the file cannot be read. */
int recfile_next(struct recfile *f, struct rec *out);

void recfile_close(struct recfile *f);

#endif
