/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/version.h"

#include "version_text.h" /* which make writes */

const char dmvl_version[] = DMVL_VERSION_TEXT;
