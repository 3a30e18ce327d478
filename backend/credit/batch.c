/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/batch.h"

#include <errno.h>
#include <stdlib.h>

void batch_drop(struct batch *b)
{
	b->n = 0;
	b->whole = false;
}

void batch_free(struct batch *b)
{
	free(b->record);
	*b = (struct batch){0};
}

static int make_room(struct batch *b)
{
	uint32_t room = b->room ? 2 * b->room : 64;
	struct record *more;

	if (b->n < b->room)
		return 0;
	if (room > BATCH_MAX)
		return -E2BIG;
	more = realloc(b->record, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	b->record = more;
	b->room = room;
	return 0;
}

int batch_add(struct batch *b, const struct record *r)
{
	int ret;

	if (b->whole || r->type == RECORD_RESTART)
		batch_drop(b);
	ret = make_room(b);
	if (ret < 0) {
		batch_drop(b);
		return ret;
	}
	b->record[b->n++] = *r;
	b->whole = r->type == RECORD_COMMIT || r->type == RECORD_RESTART;
	return b->whole;
}
