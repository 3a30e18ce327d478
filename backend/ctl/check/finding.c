/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct finding_row *finding_add(struct findings *all, const char *id, enum gravity gravity)
{
	struct finding_row *more = realloc(all->row, (all->count + 1) * sizeof(*more));

	if (!more)
		die(EXIT_FAILED, "out of memory");
	all->row = more;
	more[all->count] = (struct finding_row){.id = id, .gravity = gravity};
	return &more[all->count++];
}

/* What guests and tools wrote does not reach a terminal, or another line, as it is. */
__attribute__((format(printf, 3, 0))) static void print(char *out, size_t size, const char *fmt,
							va_list ap)
{
	vsnprintf(out, size, fmt, ap);
	for (char *p = out; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
}

void finding_where(struct finding_row *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(f->where, sizeof(f->where), fmt, ap);
	va_end(ap);
}

void finding_text(struct finding_row *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

void finding_do(struct finding_row *f, const char *fmt, ...)
{
	va_list ap;
	int i = 0;

	while (i < FINDING_COMMANDS && f->command[i][0])
		i++;
	if (i == FINDING_COMMANDS)
		return;
	va_start(ap, fmt);
	print(f->command[i], sizeof(f->command[i]), fmt, ap);
	va_end(ap);
}

static bool has(const struct findings *all, const struct finding_row *f)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct finding_row *o = &all->row[i];

		if (o->domid == f->domid && strcmp(o->id, f->id) == 0 &&
		    strcmp(o->where, f->where) == 0)
			return true;
	}
	return false;
}

void findings_confirm(struct findings *later, const struct findings *earlier)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < later->count; i++) {
		if (has(earlier, &later->row[i]))
			later->row[kept++] = later->row[i];
	}
	later->count = kept;
	for (unsigned i = 0; i < earlier->count; i++) {
		const struct finding_row *f = &earlier->row[i];

		if (f->certain && !has(later, f))
			*finding_add(later, f->id, f->gravity) = *f;
	}
}

bool findings_certain(const struct findings *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (!all->row[i].certain)
			return false;
	}
	return true;
}

bool finding_exists(const struct findings *all, const char *id, const char *what, const char *name)
{
	size_t len = strlen(what);

	for (unsigned i = 0; i < all->count; i++) {
		const struct finding_row *f = &all->row[i];

		if (strcmp(f->id, id) == 0 && strncmp(f->where, what, len) == 0 &&
		    strcmp(f->where + len, name) == 0)
			return true;
	}
	return false;
}

static void command_of_domain(char command[FINDING_COMMAND_MAX], unsigned domid)
{
	static const char tool[] = "dmvlctl ";
	char old[FINDING_COMMAND_MAX];
	const char *rest = old + sizeof(tool) - 1;
	int room = FINDING_COMMAND_MAX - 32;

	memcpy(old, command, sizeof(old));
	if (strncmp(old, tool, sizeof(tool) - 1) == 0)
		snprintf(command, FINDING_COMMAND_MAX, "%s-B %u %.*s", tool, domid, room, rest);
	else
		snprintf(command, FINDING_COMMAND_MAX, "%.*s    # in domain %u", room, old, domid);
}

void findings_of_domain(struct findings *all, unsigned backend_domid)
{
	for (unsigned i = 0; i < all->count; i++) {
		for (int n = 0; n < FINDING_COMMANDS && all->row[i].command[n][0]; n++)
			command_of_domain(all->row[i].command[n], backend_domid);
	}
}

static unsigned count_from(const struct findings *all, enum gravity least)
{
	unsigned count = 0;

	for (unsigned i = 0; i < all->count; i++)
		count += all->row[i].gravity >= least;
	return count;
}

unsigned findings_problems(const struct findings *all)
{
	return count_from(all, GRAVITY_WARNING);
}

unsigned findings_critical(const struct findings *all)
{
	return count_from(all, GRAVITY_CRITICAL);
}

void findings_free(struct findings *all)
{
	free(all->row);
	*all = (struct findings){.row = NULL};
}
