/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_file.h: reads the policy's files, and writes such a file as a whole. */
#ifndef DMVL_POLICY_FILE_H
#define DMVL_POLICY_FILE_H

#include <stdint.h>

#include "backend/policy/policy_parse.h"

#define POLICY_FILE	"/etc/dmvl/policy.conf"
#define POLICY_DIR	"policy.d" /* beside the file */
#define POLICY_SIZE_MAX (1u << 20) /* bytes of one file */

/*
 * Reads a whole file of at most POLICY_SIZE_MAX bytes. 0, or -errno (-EFBIG; -ESPIPE: it is a
 * pipe). After 0, free *text, which has a NUL behind its end.
 */
int policy_file_read(const char *path, char **text, size_t *len);

/*
 * Writes the file as a whole: whoever opens it finds all of the old text or all of the new one,
 * also after a power cut. A new file has the mode 0644, an old one keeps its own. 0 or -errno; then
 * the old one is there.
 */
int policy_file_write(const char *path, const char *text, size_t len);

/* A file that is read as if it had this text. */
struct policy_draft {
	const char *path, *text;
	size_t len;
};

/*
 * Reads `path` and, in the order of their names, the files *.conf in policy.d beside it, and checks
 * them together. A missing directory is no mistake, nor is a missing file unless it `must` be
 * there. Returns the number of mistakes. *out gets the policy, also when there are mistakes (what
 * is right of it), or NULL: no memory.
 */
unsigned policy_load(const char *path, bool must, struct policy **out, policy_say *say, void *arg);

/*
 * A number that is another one when a file of the policy of `path` has changed, come or gone, as
 * far as names, sizes and times tell.
 */
uint64_t policy_stamp(const char *path);

/* The same as policy_load() with one file changed, so that mistakes are found before it is written.
 */
unsigned policy_load_draft(const char *path, const struct policy_draft *draft, struct policy **out,
			   policy_say *say, void *arg);

#endif
