/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h: runs another program, without a shell. */
#ifndef DMVL_CHILD_H
#define DMVL_CHILD_H

#include <stddef.h>

/*
 * A file in memory that has the text and stands at its begin, so that a program can read or write
 * it; or -errno. The caller closes it.
 */
int child_text(const char *text, size_t len);

/*
 * Runs argv[0], which is looked for in PATH, and waits for its end. Its descriptors 0 to 2 become
 * in, out and err; one below 0 stays what it is. 0 with what waitpid() says in *status, or -errno:
 * it could not be run.
 */
int child_run(const char *const argv[], int in, int out, int err, int *status);

#endif
