/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded.h: reads a recording back and says what is in it. */
#ifndef DMVL_CTL_RECORDED_H
#define DMVL_CTL_RECORDED_H

/* Prints one line on stdout. 0, or an exit status with the reason on stderr. */
int recorded_print(const char *path);

#endif
