/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot/gnuplot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/ctl/plot/label.h"
#include "common/child.h"

#define SAID_MAX 200

/* What it complained of first: the last line that names an error, without the echoed script. */
static void complaint(int fd, char out[SAID_MAX])
{
	char text[2048], *line;
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	line = strstr(text, "line ");
	if (!line)
		line = text + strspn(text, "\n ");
	line[strcspn(line, "\n")] = '\0';
	label_clean(out, SAID_MAX, line);
}

static int judge(int status, int out, int errors, char err[GNUPLOT_ERR_MAX])
{
	char said[SAID_MAX];
	struct stat st;

	complaint(errors, said);
	if (WIFSIGNALED(status))
		snprintf(err, GNUPLOT_ERR_MAX, "gnuplot was ended by signal %d", WTERMSIG(status));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		snprintf(err, GNUPLOT_ERR_MAX, "gnuplot failed: %s", said);
	else if (fstat(out, &st) < 0 || st.st_size == 0)
		snprintf(err, GNUPLOT_ERR_MAX, "gnuplot drew nothing: %s", said);
	else
		return 0;
	return -EIO;
}

static int refuse(int ret, char err[GNUPLOT_ERR_MAX])
{
	if (ret == -ENOENT)
		snprintf(err, GNUPLOT_ERR_MAX,
			 "there is no gnuplot, which draws the picture: install Debian's package "
			 "gnuplot-nox, or have the numbers with --data");
	else
		snprintf(err, GNUPLOT_ERR_MAX, "gnuplot cannot be run: %s", strerror(-ret));
	return ret;
}

/* -d: no start-up file of the user's or the system's changes the picture. */
static int run(int in, int out, int errors, char err[GNUPLOT_ERR_MAX])
{
	static const char *const argv[] = {"gnuplot", "-d", "-", NULL};
	int status, ret;

	if (in < 0 || out < 0 || errors < 0)
		return refuse(in < 0 ? in : out < 0 ? out : errors, err);
	ret = child_run(argv, in, out, errors, &status);
	return ret < 0 ? refuse(ret, err) : judge(status, out, errors, err);
}

int gnuplot_run(const char *script, size_t len, char err[GNUPLOT_ERR_MAX])
{
	int in = child_text(script, len), out = child_text("", 0), errors = child_text("", 0);
	int ret = run(in, out, errors, err);

	if (in >= 0)
		close(in);
	if (errors >= 0)
		close(errors);
	if (ret == 0 && lseek(out, 0, SEEK_SET) < 0)
		ret = refuse(-errno, err);
	if (ret == 0)
		return out;
	if (out >= 0)
		close(out);
	return ret;
}
