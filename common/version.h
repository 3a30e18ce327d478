/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h: the version of all three programs. Pure. */
#ifndef DMVL_VERSION_H
#define DMVL_VERSION_H

/*
 * Like "0.1.0" for a release; a build from a git checkout adds the commit, and "-dirty" when files
 * differ from it: "0.1.0+3e42025-dirty". Only version.c is rebuilt when that changes.
 */
extern const char dmvl_version[];

#endif
