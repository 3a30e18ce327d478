/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"

struct xs_handle *xs;

int main(int argc, char **argv)
{
	bool with_input = false;
	int seconds = 120, opt;

	while ((opt = getopt(argc, argv, "+it:")) != -1) {
		if (opt == 'i')
			with_input = true;
		else if (opt == 't')
			seconds = atoi(optarg);
		else
			return 125;
	}
	xs = xs_open(0);
	if (!xs)
		die("xenstore");
	if (optind + 1 == argc && !strcmp(argv[optind], "agent"))
		agent();
	if (optind + 2 > argc) {
		fprintf(stderr, "usage: guest-exec [-i] [-t SECONDS] NAME COMMAND..\n"
				"       guest-exec domid NAME\n"
				"       guest-exec agent\n");
		return 125;
	}
	if (!strcmp(argv[optind], "domid")) {
		int domid = find_domain(argv[optind + 1]);

		return domid < 0 || printf("%d\n", domid) < 0;
	}
	return call(argv[optind], with_input, seconds, argv + optind + 1);
}
