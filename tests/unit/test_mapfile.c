/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is mapped: who may read it, when it is made and when it was there. */
#include "common/mapfile.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define BYTES 4096u

static unsigned mode_of(const char *path)
{
	struct stat st;

	must(stat(path, &st) == 0);
	return st.st_mode & 0777;
}

int main(void)
{
	char path[] = "/tmp/dmvl-mapfile.XXXXXX";
	struct mapfile f;
	int fd = mkstemp(path);

	must(fd >= 0);
	close(fd);
	must(mapfile_make(&f, path, BYTES, MAPFILE_NOBODY) == 0);
	must(mapfile_publish(&f, path) == 0);
	mapfile_close(&f);
	is_int(mode_of(path), 0600, "without a group a new file is for its owner");
	is_int(mapfile_reopen(&f, path, BYTES, getegid()), 0, "a file that is there is mapped");
	mapfile_close(&f);
	is_int(mode_of(path), 0640, "a group that came later may read a file that is there");
	is_int(mapfile_reopen(&f, path, BYTES + 1, getegid()), -EINVAL,
	       "a file of another size is not mapped");
	unlink(path);
	return done_testing();
}
