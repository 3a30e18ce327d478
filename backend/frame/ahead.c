/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/ahead.h"

#include <assert.h>

#include "common/wire.h"

_Static_assert((AHEAD_MAX & (AHEAD_MAX - 1)) == 0, "counts modulo 2^32 wrap in it");
_Static_assert(WIRE_BODY_MAX < 1u << 24, "len holds it");

static struct ahead_msg *msg_at(struct ahead *a, uint32_t n)
{
	return &a->msg[n % AHEAD_MAX];
}

static const struct ahead_msg *chosen(const struct ahead *a)
{
	return &a->msg[a->chosen % AHEAD_MAX];
}

void ahead_add(struct ahead *a, uint32_t len, bool sparse)
{
	assert(ahead_has_room(a));
	*msg_at(a, a->end++) = (struct ahead_msg){.at = a->seen, .len = len, .sparse = sparse};
	a->seen += wire_size(len);
}

bool ahead_has_sparse(struct ahead *a)
{
	while (a->sparse != a->end && !msg_at(a, a->sparse)->sparse)
		a->sparse++;
	return a->sparse != a->end;
}

static bool has_plain(struct ahead *a)
{
	while (a->plain != a->end && msg_at(a, a->plain)->sparse)
		a->plain++;
	return a->plain != a->end;
}

const struct ahead_msg *ahead_choose(struct ahead *a)
{
	if (ahead_has_sparse(a))
		a->chosen = a->sparse;
	else if (has_plain(a))
		a->chosen = a->plain;
	else
		return NULL;
	return chosen(a);
}

uint32_t ahead_offset(const struct ahead *a)
{
	return chosen(a)->at - a->freed;
}

bool ahead_chose_sparse(const struct ahead *a)
{
	return chosen(a)->sparse;
}

/* The places of freed messages are used again. */
static void skip_freed(const struct ahead *a, uint32_t *n)
{
	if ((int32_t)(a->first - *n) > 0)
		*n = a->first;
}

uint32_t ahead_done(struct ahead *a)
{
	uint32_t before = a->freed;

	msg_at(a, a->chosen)->done = 1;
	if (ahead_chose_sparse(a))
		a->sparse++;
	else
		a->plain++;
	while (a->first != a->end && msg_at(a, a->first)->done)
		a->first++;
	skip_freed(a, &a->sparse);
	skip_freed(a, &a->plain);
	a->freed = a->first == a->end ? a->seen : msg_at(a, a->first)->at;
	return a->freed - before;
}
