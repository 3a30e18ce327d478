/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All three programs say the same version: that of the Makefile, with the commit it was built from.
 */
#include "common/version.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

/* The first line that a command prints, without its end; "" if there is none. */
static const char *first_line(const char *command)
{
	static char line[200];
	FILE *f = popen(command, "r");

	if (!f || !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		pclose(f);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void test_program(const char *name)
{
	const char *dir = getenv("DMVL_PRODUCT");
	char command[400], want[200];

	snprintf(command, sizeof(command), "%s/%s --version", dir ? dir : "build", name);
	snprintf(want, sizeof(want), "%s %s", name, dmvl_version);
	is_str(first_line(command), want, "%s --version prints its name and the version", name);
}

int main(void)
{
	char release[200];

	snprintf(release, sizeof(release), "%s",
		 first_line("sed -n 's/^VERSION *:= *//p' Makefile"));
	ok(release[0] && strncmp(dmvl_version, release, strlen(release)) == 0,
	   "\"%s\" begins with the release that the Makefile names, \"%s\"", dmvl_version, release);
	ok(strlen(dmvl_version) <= 63, "the version fits its xenstore key");
	is_int(strchr(dmvl_version, '+') != NULL,
	       first_line("git describe --always 2>/dev/null")[0] != '\0',
	       "the version names the commit where there is a git checkout");
	test_program("dmvl-back");
	test_program("dmvl-front");
	test_program("dmvlctl");
	return done_testing();
}
