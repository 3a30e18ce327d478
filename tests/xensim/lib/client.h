/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process's side of the conversation with the broker. */
#ifndef XENSIM_CLIENT_H
#define XENSIM_CLIENT_H

#include "../proto.h"

#include <stddef.h>
#include <sys/types.h>

/* A request and its reply. out/fds may be NULL; nfds is in: room, out: received (rest closed). */
struct sim_call {
	struct sim_req req;
	const void *payload; /* req.len bytes */
	struct sim_rep rep;
	void *out; /* room for out_size bytes of the reply's payload */
	size_t out_size;
	int *fds;
	unsigned int nfds;
};

/* Do one call on a connection. 0, or -1 with errno: the broker's answer, or EIO if it is gone. */
int sim_call(int conn, struct sim_call *c);

/* sim_call() with up to three arguments and nothing beside them; *val gets val[0] if not NULL. */
int sim_simple(int conn, enum sim_op op, uint32_t a, uint32_t b, uint32_t c, uint32_t *val);

/*
 * Open a device: connect and name the device.  fds/nfds as in struct sim_call.  Returns the
 * connection (close-on-exec), or -1 with errno: ENOENT as if the device did not exist, or the
 * injected failure.
 */
int sim_open(enum sim_kind kind, int *fds, unsigned int *nfds);

/*
 * Mappings that the process holds, so that munmap() itself ends a grant as it does in the kernel.
 * sim_mapping_add takes over: when [addr, addr + pages) is unmapped, `op` with `id` goes to *conn.
 * The connection is closed when its handle is closed and its last mapping is gone.
 */
struct sim_conn;
struct sim_conn *sim_conn_new(int fd);
int sim_conn_fd(const struct sim_conn *c);
void sim_conn_close(struct sim_conn *c);
int sim_mapping_add(struct sim_conn *c, void *addr, size_t pages, enum sim_op op, uint32_t id);

/* Unmap if [addr, addr + pages) is exactly one mapping of c; else -1 with EINVAL. */
int sim_mapping_drop(struct sim_conn *c, void *addr, size_t pages);

/* For the munmap() hook: unmap, and if that ended a mapping on the list, tell the broker. */
int sim_mapping_munmap(void *addr, size_t len, int (*unmap)(void *, size_t));

/* On resume in a new domain every share becomes private memory; see mapping.c. */
void sim_mapping_catch_resume(void);

/* The table of slots, mapped once in a process from the first fd that comes along (closed here). */
struct sim_slot *sim_slots(int fd);

#endif
