/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/record/recfile.h"

#include <errno.h>
#include <string.h>

/* What came of a line. */
enum { LINE_END, LINE_WHOLE, LINE_LONG, LINE_CUT };

/* A line without its newline. A NUL or too many bytes make it LINE_LONG: no record has either. */
static int read_line(FILE *file, char line[REC_LINE_MAX])
{
	size_t n = 0;
	bool bad = false;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		bad |= c == '\0' || n >= REC_LINE_MAX - 1;
		if (n < REC_LINE_MAX - 1)
			line[n++] = (char)c;
	}
	line[n] = '\0';
	if (c == EOF)
		return n > 0 ? LINE_CUT : LINE_END;
	return bad ? LINE_LONG : LINE_WHOLE;
}

static int refuse(char err[RECFILE_ERR_MAX], int ret, unsigned version)
{
	if (ret == -ENOTSUP)
		snprintf(err, RECFILE_ERR_MAX,
			 "it is a recording of version %u, and this dmvlctl reads version %u",
			 version, REC_VERSION);
	else if (ret == -EINVAL)
		snprintf(err, RECFILE_ERR_MAX, "it is no recording of dmvlctl record");
	else if (ret == -ENODATA)
		snprintf(err, RECFILE_ERR_MAX, "it is empty: nothing was recorded");
	else
		snprintf(err, RECFILE_ERR_MAX, "%s", strerror(-ret));
	return ret;
}

/* A first line without its end is only empty if it is the begin of one. */
static int read_head(struct recfile *f, unsigned *version)
{
	char line[REC_LINE_MAX];
	int got = read_line(f->file, line);

	if (ferror(f->file))
		return -errno;
	if (got == LINE_END ||
	    (got == LINE_CUT && strncmp(line, REC_MAGIC, strnlen(line, strlen(REC_MAGIC))) == 0))
		return -ENODATA;
	if (got != LINE_WHOLE)
		return -EINVAL;
	return rec_parse_head(line, version, &f->start_ms);
}

int recfile_open(struct recfile *f, const char *path, char err[RECFILE_ERR_MAX])
{
	unsigned version = 0;
	int ret;

	*f = (struct recfile){.file = fopen(path, "re")};
	if (!f->file)
		return refuse(err, -errno, 0);
	ret = read_head(f, &version);
	if (ret == 0)
		return 0;
	recfile_close(f);
	return refuse(err, ret, version);
}

int recfile_next(struct recfile *f, struct rec *out)
{
	char line[REC_LINE_MAX];
	int got;

	while ((got = read_line(f->file, line)) == LINE_WHOLE || got == LINE_LONG) {
		int ret = got == LINE_LONG ? -EINVAL : rec_parse(line, out);

		if (ret == 0)
			return 1;
		*(ret == -ENOENT ? &f->unknown : &f->damaged) += 1;
	}
	if (ferror(f->file))
		return -errno;
	f->cut = got == LINE_CUT;
	return 0;
}

void recfile_close(struct recfile *f)
{
	if (f->file)
		fclose(f->file);
	f->file = NULL;
}
