/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.h: answers GET /metrics. Like common/loop.c it uses libevent, and has a loop of its own. */
#ifndef DMVL_EXPORTER_HTTP_H
#define DMVL_EXPORTER_HTTP_H

#include <stdbool.h>

#include "backend/exporter/page.h"

/*
 * What a client may take. Whoever sends slowly or nothing, or does not read, loses the connection;
 * what is beyond a limit waits, and no longer than HTTP_FULL_MS.
 */
#define HTTP_CONNECTIONS_MAX 256u
#define HTTP_ANSWERS_MAX     16u   /* that are not sent yet */
#define HTTP_TIMEOUT_S	     5	   /* without a byte */
#define HTTP_HEAD_MAX	     8192  /* bytes of a request */
#define HTTP_BODY_MAX	     1024  /* none is expected */
#define HTTP_FULL_MS	     1000u /* full for so long: all connections are closed */

struct http;

/* Writes what there is now in page->format. False: it cannot; 503 is the answer. */
typedef bool http_page_cb(void *arg, struct page *page);

/* Serves the listening socket, which stays the caller's. NULL: out of memory. */
struct http *http_new(int fd, http_page_cb *cb, void *arg);
void http_free(struct http *h);

/* Until SIGTERM or SIGINT. 0 or -EIO. */
int http_run(struct http *h);

#endif
