/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c: the scheduler simulator: `sim tables DIR`, `sim bench FILE`, `sim credits FILE`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/cases.h"

static const char title[] =
	"10 Gbit/s, quantum 1514 bytes; lag: the most bytes behind the fluid ideal";

static int sim_tables(const char *dir)
{
	struct cases c = {0};
	int rc;

	cases_run(&c);
	cases_print(&c, title, stdout);
	cases_fini(&c);
	rc = cases_plot(dir);
	if (rc) {
		fprintf(stderr, "sim: cannot write the plots into %s: %s\n", dir, strerror(-rc));
		return 1;
	}
	printf("\nplots: %s/fairness.svg %s/lag.svg\n", dir, dir);
	return 0;
}

static int sim_bench(const char *path, bool credits)
{
	struct cases c = {0};
	FILE *f = fopen(path, "w");

	if (!f) {
		fprintf(stderr, "sim: cannot write %s: %s\n", path, strerror(errno));
		return 1;
	}
	if (credits) {
		cases_credits(&c);
	} else {
		cases_time(&c);
		cases_run(&c);
	}
	cases_json(&c, credits ? "credits" : "sched", f);
	cases_print(&c, credits ? "1 Gbit/s, epochs of 10 ms" : title, stdout);
	cases_fini(&c);
	return fclose(f) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "tables"))
		return sim_tables(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "bench"))
		return sim_bench(argv[2], false);
	if (argc == 3 && !strcmp(argv[1], "credits"))
		return sim_bench(argv[2], true);
	fprintf(stderr, "usage: sim tables DIR | sim bench FILE | sim credits FILE\n");
	return 2;
}
