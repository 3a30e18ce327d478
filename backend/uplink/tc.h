/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tc.h: runs tc(8). */
#ifndef DMVL_TC_H
#define DMVL_TC_H

#define TC_WHY_MAX 100

/*
 * Runs the commands, a line each, up to the first that fails, in one process and without a shell.
 * Blocks until it has ended. 0, or -errno, and in `why` the first line of what tc said.
 */
int tc_batch(const char *commands, char why[TC_WHY_MAX]);

/* As tc_batch(), but runs the commands after one that fails too. */
int tc_try(const char *commands, char why[TC_WHY_MAX]);

#endif
