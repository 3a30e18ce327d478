/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netns.h: a network namespace of the test's own, which goes with its process. */
#ifndef DMVL_TESTS_FAKE_NETNS_H
#define DMVL_TESTS_FAKE_NETNS_H

#include <stdbool.h>

/* Enters a fresh one, with a sysfs that shows it. False: not root, or the kernel has none. */
bool netns_enter(void);

/* Runs a command of the shell. False: it failed. */
__attribute__((format(printf, 1, 2))) bool netns_run(const char *fmt, ...);

#endif
