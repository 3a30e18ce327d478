/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capsock.h: the socket by which dmvlctl asks dmvl-back for a device's frames. */
#ifndef DMVL_CAPSOCK_H
#define DMVL_CAPSOCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

/*
 * "NAME.capture" in the run directory, which only its owner, root, may use: frames are private.
 * Each message is one packet. dmvlctl sends a request; dmvl-back answers with a sentence that says
 * why not, or with a descriptor of the ring's memory (capring.h). The capture lasts as long as both
 * ends of the connection are open, so whoever is killed ends it for both.
 */
#define CAPSOCK_MAGIC	 UINT32_C(0x70616364) /* "dcap" */
#define CAPSOCK_VERSION	 1u
#define CAPSOCK_TEXT_MAX 128
#define CAPSOCK_ENDING	 ".capture"

/* A device: of the guest with that UUID or, where a UUID is all zeros, that domid. */
struct capsock_request {
	uint32_t magic, version;
	uint32_t domid, id;
	uint8_t uuid[16];
	uint32_t snap; /* bytes of a frame that are wanted at most; 0: all */
	uint32_t reserved;
};

struct capsock_answer {
	uint32_t magic, version;
	char error[CAPSOCK_TEXT_MAX]; /* "": it begins, and there is a descriptor */
};

/* "DIR/NAME.capture". 0, or -ENAMETOOLONG: a socket's name must be shorter. */
int capsock_path(char path[sizeof(((struct sockaddr_un *)0)->sun_path)], const char *run_dir,
		 const char *name);

/* A socket that listens there, in place of what an earlier process left. Or -errno. */
int capsock_listen(const char *path);

/* A connection to it, or -errno. */
int capsock_connect(const char *path);

/* The next connection to a socket that listens, not blocking, or -errno. */
int capsock_accept(int fd);

/*
 * 0 or -errno. -EPROTO: what came is none; -EPIPE: the other end is closed. But whoever sends a
 * request to one that has closed is told nothing: there may be an answer.
 */
int capsock_send_request(int fd, const struct capsock_request *request);
int capsock_receive_request(int fd, struct capsock_request *request);

/* `with`: a descriptor to be given along, -1: none. the caller closes *got; -1: none came. */
int capsock_send_answer(int fd, const char *error, int with);
int capsock_receive_answer(int fd, struct capsock_answer *answer, int *got);

#endif
