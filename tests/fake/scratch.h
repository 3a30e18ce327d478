/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scratch.h: a directory for the files of one test program. It goes when the program ends: by
 * exit(), by an assertion, or by a signal that asks for it.
 */
#ifndef DMVL_TESTS_FAKE_SCRATCH_H
#define DMVL_TESTS_FAKE_SCRATCH_H

#define SCRATCH_PATH_MAX 32 /* bytes of its path, with the NUL */

/* Its path, the same at each call, without a "/" at its end. Never NULL; ends the run instead. */
const char *scratch_dir(void);

#endif
