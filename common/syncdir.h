/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syncdir.h: makes a change of a file's name last. */
#ifndef DMVL_SYNCDIR_H
#define DMVL_SYNCDIR_H

/* Writes to the disk the directory that the path's file is in. 0, or -errno. */
int sync_dir(const char *path);

#endif
