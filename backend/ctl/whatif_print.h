/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whatif_print.h: what a replay with other keys has shown, as text and as JSON. */
#ifndef DMVL_CTL_WHATIF_PRINT_H
#define DMVL_CTL_WHATIF_PRINT_H

#include "backend/ctl/whatif_world.h"

/* Each prints it and returns an exit status. `uplink` is its name. */
int whatif_print_text(const struct whatif_world *w, const char *uplink);
int whatif_print_json(const struct whatif_world *w, const char *uplink);

#endif
