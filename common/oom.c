/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/oom.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

#define PATH "/proc/self/oom_score_adj"

static int adjust(FILE *f)
{
	int now;

	if (fscanf(f, "%d", &now) != 1)
		return -EIO;
	if (now != 0)
		return 0;
	rewind(f);
	return fprintf(f, "%d", OOM_SCORE_ADJ) < 0 || fflush(f) != 0 ? -errno : 0;
}

void oom_protect(void)
{
	FILE *f = fopen(PATH, "r+e");
	int ret = f ? adjust(f) : -errno;

	if (ret < 0)
		log_notice("the kernel may kill this process when memory runs out: " PATH
			   " cannot be set to %d: %s",
			   OOM_SCORE_ADJ, strerror(-ret));
	if (f)
		fclose(f);
}
