/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void complain(struct complaint *c, enum log_level level, const char *fmt, ...)
{
	char text[sizeof(c->last)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strcmp(text, c->last) == 0)
		return;
	memcpy(c->last, text, sizeof(text));
	log_at(level, "%s", text);
}

void complaint_clear(struct complaint *c)
{
	c->last[0] = '\0';
}
