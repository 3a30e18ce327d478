/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outfile.h: a file that is there whole, or as it was before. */
#ifndef DMVL_CTL_OUTFILE_H
#define DMVL_CTL_OUTFILE_H

/*
 * Makes the file have all that can be read from `from`, or takes the place of one that is there. It
 * is written beside under another name first. 0, or an exit status with the reason on stderr; then
 * what was there is untouched, and nothing else is left.
 */
int outfile_write(const char *path, int from);

#endif
