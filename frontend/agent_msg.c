/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/agent_msg.h"

#include <errno.h>

void agent_msg_tell(struct mbox *to, struct agent_msg *m)
{
	sem_init(&m->done, 0, 0);
	mbox_put(to, &m->msg);
	while (sem_wait(&m->done) < 0 && errno == EINTR)
		;
	sem_destroy(&m->done);
}

void agent_msg_done(struct agent_msg *m)
{
	sem_post(&m->done);
}
