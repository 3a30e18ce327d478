/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/stream.h"

#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"

void stream_free(struct stream *s)
{
	free(s->bytes);
	*s = (struct stream){0};
}

void stream_add(struct stream *s, const void *p, size_t n)
{
	if (s->len + n > s->room) {
		s->room = 2 * (s->len + n);
		s->bytes = realloc(s->bytes, s->room);
		must(s->bytes);
	}
	if (n > 0)
		memcpy(s->bytes + s->len, p, n);
	s->len += n;
}

void queue_put(struct queue *q, const void *p, uint32_t n)
{
	stream_add(&q->all, &n, sizeof(n));
	stream_add(&q->all, p, n);
}

const uint8_t *queue_head(const struct queue *q, uint32_t *n)
{
	if (queue_empty(q))
		return NULL;
	memcpy(n, q->all.bytes + q->next, sizeof(*n));
	return q->all.bytes + q->next + sizeof(*n);
}

void queue_drop(struct queue *q)
{
	uint32_t n;

	must(queue_head(q, &n));
	q->next += sizeof(n) + n;
}

bool queue_take(struct queue *q, const void *p, uint32_t n)
{
	uint32_t want;
	const uint8_t *head = queue_head(q, &want);

	if (!head || want != n || memcmp(head, p, n) != 0)
		return false;
	queue_drop(q);
	return true;
}

bool queue_empty(const struct queue *q)
{
	return q->next == q->all.len;
}

void queue_free(struct queue *q)
{
	stream_free(&q->all);
	q->next = 0;
}

void stream_tap(int fd[2])
{
	/* Room for all frames of a turn: one that is not drained is the target's wish. */
	int room = 1 << 20;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}
