/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_agent.h: looks whether a guest's agent is there, and what it says. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_AGENT_H
#define DMVL_CTL_LOOK_AGENT_H

#include "backend/ctl/check/look.h"

bool look_agent_error(struct look *look);
bool look_agent_away(struct look *look);
bool look_agent_still(struct look *look);

#endif
