/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/ctl/ctl.h"
#include "backend/ctl/record/recfile.h"
#include "common/log.h"
#include "common/quote.h"

/* A pipe can be read once only. */
int plot_source_open(struct plot_source *s, const char *path)
{
	char shown[QUOTE_MAX];
	struct stat st;

	s->path = path;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return ctl_fail(EXIT_FAILED, "%s is no regular file, and it is read several times",
				quote_text(shown, path));
	return 0;
}

static void tell_damage(struct plot_source *s, const struct recfile *file)
{
	char shown[QUOTE_MAX];

	if (file->damaged && !s->told)
		log_warning("%s: lines that are damaged and left out: %" PRIu64,
			    quote_text(shown, s->path), file->damaged);
	s->told = true;
}

static int each_of_file(struct plot_source *s, plot_take *take, void *arg)
{
	char shown[QUOTE_MAX], err[RECFILE_ERR_MAX];
	struct recfile file;
	struct rec r;
	int ret = recfile_open(&file, s->path, err), got = 0;

	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "%s: %s", quote_text(shown, s->path), err);
	while (ret == 0 && (got = recfile_next(&file, &r)) > 0)
		ret = take(arg, &r);
	tell_damage(s, &file);
	recfile_close(&file);
	if (got < 0)
		return ctl_fail(EXIT_FAILED, "cannot read %s: %s", quote_text(shown, s->path),
				strerror(-got));
	return ret;
}

int plot_source_each(struct plot_source *s, plot_take *take, void *arg)
{
	int ret = 0;

	if (s->path)
		return each_of_file(s, take, arg);
	for (size_t i = 0; i < s->recs && ret == 0; i++)
		ret = take(arg, &s->rec[i]);
	return ret;
}

void plot_source_free(struct plot_source *s)
{
	free(s->rec);
	*s = (struct plot_source){0};
}
