/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listen.h: the socket on which the exporter is asked: its address in words, and itself. */
#ifndef DMVL_EXPORTER_LISTEN_H
#define DMVL_EXPORTER_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LISTEN_ADDRESS	"127.0.0.1" /* without an address */
#define LISTEN_DEFAULT	"127.0.0.1:9873"
#define LISTEN_TEXT_MAX 128 /* bytes that hold what listen_text() writes */

struct listen_address {
	struct sockaddr_storage at;
	socklen_t len;
	bool loopback; /* nobody outside this host reaches it */
};

/*
 * "PORT", "ADDRESS:PORT", "[IPV6-ADDRESS]:PORT" or "unix:PATH"; the path begins with a slash. 0, or
 * -EINVAL with *out untouched.
 */
int listen_parse(const char *text, struct listen_address *out);

/* "http://127.0.0.1:9873/metrics", or the path of a socket. Returns `out`. */
const char *listen_text(char out[LISTEN_TEXT_MAX], const struct listen_address *a);

/*
 * A socket that listens, not blocking; or -errno. A socket that nobody listens on any more is
 * replaced, whatever else is at the path is not.
 */
int listen_open(const struct listen_address *a);

/* Closes it. The socket in the file system goes. */
void listen_close(int fd, const struct listen_address *a);

#endif
