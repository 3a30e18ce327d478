/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oom.h: which processes the kernel kills when memory runs out. */
#ifndef DMVL_OOM_H
#define DMVL_OOM_H

/* What a daemon asks for; -1000 would be never, even if the daemon itself used up the memory. */
#define OOM_SCORE_ADJ (-900)

/*
 * Makes the kernel choose this process among the last ones, unless somebody, such as its unit, has
 * chosen for it: any value but 0 stays. Logs if that is not permitted.
 */
void oom_protect(void);

#endif
