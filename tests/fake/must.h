/* SPDX-License-Identifier: GPL-2.0-or-later */
/* must.h: assertions of fuzz targets and of what stands in for Xen. */
#ifndef DMVL_TESTS_FAKE_MUST_H
#define DMVL_TESTS_FAKE_MUST_H

#include <stdio.h>
#include <stdlib.h>

/* Ends the run with the condition that did not hold; libFuzzer keeps the input. */
#define must(cond)                                                                                \
	do {                                                                                      \
		if (!(cond)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

#endif
