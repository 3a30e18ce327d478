/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/msg/msg.h"

#include <stdlib.h>

#include "common/log.h"

struct msg *msg_new(enum msg_type type, uint32_t slot)
{
	struct msg *m = calloc(1, sizeof(*m));

	if (!m) {
		log_error("out of memory for a message between the threads");
		abort();
	}
	m->type = type;
	m->slot = slot;
	return m;
}

void msg_post(struct mbox *to, struct msg *m)
{
	mbox_put(to, &m->link);
}
