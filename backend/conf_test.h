/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_test.h: dmvl-back -t. */
#ifndef DMVL_CONF_TEST_H
#define DMVL_CONF_TEST_H

#include "backend/conf.h"

/* Would the daemon run with this? Prints each thing that is wrong. */
bool conf_test(const struct conf *conf);

#endif
