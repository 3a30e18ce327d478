/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowq_memory.h: how the memory of flow queues goes back to the kernel. */
#ifndef DMVL_FLOWQ_MEMORY_H
#define DMVL_FLOWQ_MEMORY_H

/*
 * For the whole process, before its first queue: the memory of queues goes back to the kernel when
 * it is freed. It is mapped, and never a hole in the heap.
 */
void flowq_map_memory(void);

#endif
