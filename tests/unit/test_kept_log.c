/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of files that cannot be read, while their guests wait for them. */
#include <sys/stat.h>

#include "tests/fake/must.h"
#include "tests/unit/kept_guest.h"
#include "tests/unit/logged.h"

#define GUESTS 3u

static const char *path_of(unsigned guest)
{
	static char path[PATH_MAX + 64];
	char uuid[UUID_TEXT_LEN + 1];

	uuid_format((uint8_t[16]){(uint8_t)guest, 1}, uuid);
	snprintf(path, sizeof(path), "%s/%s", k->c.kept.dir, uuid);
	return path;
}

static void damage(unsigned guest)
{
	FILE *f = fopen(path_of(guest), "w");

	must(f && fputs("banana\n", f) >= 0);
	fclose(f);
}

/* A directory in the place of a file cannot be read as one. */
int main(void)
{
	k = desk_new();
	log_anew();
	for (unsigned i = 1; i <= GUESTS; i++) {
		must(mkdir(path_of(i), 0700) == 0);
		desk_boot(i, i);
	}
	desk_turn(k);
	is_int(logged("Is a directory"), GUESTS, "each file that cannot be read is told");
	desk_pass(k, 30 * DESK_SEC);
	is_int(logged("Is a directory"), GUESTS, "a file that cannot be read is told once");
	rmdir(path_of(2));
	damage(2);
	desk_pass(k, 30 * DESK_SEC);
	is_int(logged("the file is damaged"), 1, "something else that is wrong with it is told");
	is_int(logged("Is a directory"), GUESTS, "the others are not told again");
	unlink(path_of(2));
	desk_pass(k, 30 * DESK_SEC);
	damage(2);
	desk_pass(k, 30 * DESK_SEC);
	is_int(logged("the file is damaged"), 2, "what was mended meanwhile is told again");
	unlink(path_of(2));
	rmdir(path_of(1));
	rmdir(path_of(3));
	desk_free(k);
	return done_testing();
}
