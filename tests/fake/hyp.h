/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp.h: a hypervisor that says what the test wants. Linking it puts its dom_*() in dom.c's place.
 */
#ifndef DMVL_TESTS_FAKE_HYP_H
#define DMVL_TESTS_FAKE_HYP_H

#include "backend/xen/dom.h"

#define HYP_DOMAINS 200u

/* What it says of a domain below HYP_DOMAINS; the test changes it. `exists`: there is one. */
struct dom_info *hyp_domain(unsigned domid);
/* There are no domains, and no failure. */
void hyp_clear(void);
/* Each call returns -error until it is 0. */
void hyp_fail(int error);

#endif
