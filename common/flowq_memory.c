/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/flowq_memory.h"

#include <malloc.h>

#include "common/flowq.h"

/*
 * FLOWQ_LIMIT_MIN is a queue's least memory. Without a threshold of ours, glibc raises its own to
 * the size of each mapping that is freed.
 */
void flowq_map_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, FLOWQ_LIMIT_MIN);
}
