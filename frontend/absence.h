/* SPDX-License-Identifier: GPL-2.0-or-later */
/* absence.h: whether a device has been away for as long as its agent waits for it. Pure. */
#ifndef DMVL_ABSENCE_H
#define DMVL_ABSENCE_H

#include <stdbool.h>
#include <stdint.h>

/* All zeroes, but for the limit, at the start. */
struct absence {
	uint64_t limit_ns; /* 0: the agent waits for ever */
	uint64_t since_ns; /* of the first look that did not find the device */
	bool away;
};

/* A look at the device. True: the limit has passed. */
bool absence_look(struct absence *a, bool away, uint64_t now_ns);

/* When the limit passes; UINT64_MAX: not as things are. */
uint64_t absence_due_ns(const struct absence *a);

#endif
