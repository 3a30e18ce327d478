/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/top_lines.h"

#include <stdio.h>

struct line *top_screen_next(struct top_screen *s)
{
	struct line *line = &s->line[s->used < s->lines ? s->used++ : s->lines - 1];

	line_begin(line, s->columns);
	return line;
}

void top_device_title(const struct top_device *d, char out[TOP_TEXT_MAX + 12])
{
	if (d->name[0])
		snprintf(out, TOP_TEXT_MAX + 12, "%s/%u", d->name, d->id);
	else
		snprintf(out, TOP_TEXT_MAX + 12, "%u/%u", d->domid, d->id);
}

void top_foot_draw(const struct top_model *m, struct top_screen *s, const char *hint)
{
	struct line *line;

	while (s->used + 1 < s->lines)
		top_screen_next(s);
	line = top_screen_next(s);
	if (m->typing)
		line_printf(line, LINE_WARN, "filter: %s_  (Enter keeps it, Esc removes it)",
			    m->filter);
	else
		line_add(line, LINE_FAINT, hint);
}
