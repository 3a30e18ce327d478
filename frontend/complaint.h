/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complaint.h: messages about something that is tried again and again, each logged once. */
#ifndef DMVL_COMPLAINT_H
#define DMVL_COMPLAINT_H

#include "common/log.h"

/* Zero-initialised; only complaint.c writes it. */
struct complaint {
	char last[256];
};

/* Logs a sentence unless it is the one that was logged last. */
void complain(struct complaint *c, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The error cleared: should it come back, it is logged again. */
void complaint_clear(struct complaint *c);

#endif
