/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h: the version that all programs print. Pure. */
#ifndef DMVL_VERSION_H
#define DMVL_VERSION_H

/*
 * "0.1.0", or "0.1.0+3e42025" for a build from a git checkout, with "-dirty" behind it when files
 * differ from that commit. Only version.c is rebuilt when the text changes.
 */
extern const char dmvl_version[];

#endif
