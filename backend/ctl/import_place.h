/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import_place.h: where what is imported goes: to devices that are attached, or into files. */
#ifndef DMVL_CTL_IMPORT_PLACE_H
#define DMVL_CTL_IMPORT_PLACE_H

#include "backend/ctl/import_keys.h"

/*
 * Finds out which devices are attached, and whether all can be taken; then puts them in their
 * place: all of it, or nothing. 0, or an exit status with the reason on stderr.
 */
int import_put(struct import *im);

#endif
