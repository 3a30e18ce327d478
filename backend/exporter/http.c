/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

/*
 * Theory of operation
 *
 * evhttp parses requests, with limits on their size and on the time without a byte. It does not
 * limit how many connections there are, nor for how long one drips along. So at
 * HTTP_CONNECTIONS_MAX connections, or HTTP_ANSWERS_MAX answers that nobody reads, the listener
 * rests: new connections wait in the kernel. If that does not pass within HTTP_FULL_MS, the server
 * is made again, which closes all connections. An honest scrape takes milliseconds, so few of them
 * are among these, and Prometheus comes again.
 *
 * A connection has an event for reading, or one for writing, or both: so the events of the loop
 * count the connections, and none is forgotten.
 */
#define LOOK_MS	   50 /* between two looks while the listener rests */
#define OWN_EVENTS 4  /* the listener, the timer, two signals */

struct http {
	struct event_base *base;
	struct event *term, *intr, *timer;
	struct evhttp *server;
	struct evconnlistener *listener; /* the server's */
	int fd;
	http_page_cb *cb;
	void *arg;
	unsigned answers; /* that are not sent yet */
	unsigned full_ms; /* so long there was no room; 0: there is */
	bool failed;	  /* there is no server any more */
	struct log_limit log;
};

/* --- answers ---------------------------------------------------------------------------------- */

/* Prometheus names what it prefers first, but it takes both: whoever knows OpenMetrics gets it. */
static enum page_format format_of(struct evhttp_request *req)
{
	const char *accept = evhttp_find_header(evhttp_request_get_input_headers(req), "Accept");

	return accept && strstr(accept, "application/openmetrics-text") ? PAGE_OPENMETRICS
									: PAGE_TEXT;
}

static void set_headers(struct evhttp_request *req, const char *type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "Connection", "close");
}

static void answer_text(struct evhttp_request *req, int code, const char *reason, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body)
		evbuffer_add(body, text, strlen(text));
	set_headers(req, "text/plain; charset=utf-8");
	evhttp_send_reply(req, code, reason, body);
	if (body)
		evbuffer_free(body);
}

static void sent(const void *text, size_t len, void *arg)
{
	struct http *h = arg;

	(void)len;
	free((void *)text);
	h->answers--;
}

/* The text becomes the answer's. */
static void answer_page(struct http *h, struct evhttp_request *req, struct page *page)
{
	static const char *const types[PAGE_FORMATS] = {
		[PAGE_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[PAGE_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct evbuffer *body = evbuffer_new();

	if (!body || evbuffer_add_reference(body, page->text, page->len, sent, h) < 0) {
		page_free(page);
		answer_text(req, HTTP_SERVUNAVAIL, "Out of memory", "out of memory\n");
	} else {
		h->answers++;
		set_headers(req, types[page->format]);
		evhttp_send_reply(req, HTTP_OK, "OK", body);
	}
	if (body)
		evbuffer_free(body);
}

static void on_metrics(struct evhttp_request *req, void *arg)
{
	struct http *h = arg;
	struct page page = {.format = format_of(req)};

	if (h->answers >= HTTP_ANSWERS_MAX) {
		answer_text(req, HTTP_SERVUNAVAIL, "Busy", "too many answers are under way\n");
	} else if (h->cb(h->arg, &page) && page.len > 0) {
		answer_page(h, req, &page);
	} else {
		page_free(&page);
		answer_text(req, HTTP_SERVUNAVAIL, "Unavailable", "the metrics cannot be made\n");
	}
}

static void on_root(struct evhttp_request *req, void *arg)
{
	(void)arg;
	answer_text(req, HTTP_OK, "OK", "dmvl-exporter: the metrics are at /metrics\n");
}

static void on_other(struct evhttp_request *req, void *arg)
{
	(void)arg;
	answer_text(req, HTTP_NOTFOUND, "Not Found", "there is nothing but /metrics\n");
}

/* --- limits ----------------------------------------------------------------------------------- */

static bool is_full(const struct http *h)
{
	int events = event_base_get_num_events(h->base, EVENT_BASE_COUNT_ADDED);

	return h->answers >= HTTP_ANSWERS_MAX || events >= (int)HTTP_CONNECTIONS_MAX + OWN_EVENTS;
}

static void look_later(struct http *h)
{
	struct timeval pause = {.tv_usec = LOOK_MS * 1000};

	event_add(h->timer, &pause);
}

static void rest(struct http *h)
{
	if (h->full_ms)
		return;
	h->full_ms = LOOK_MS;
	evconnlistener_disable(h->listener);
	look_later(h);
}

/* A connection comes. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct http *h = arg;

	if (is_full(h))
		rest(h);
	return bufferevent_socket_new(base, -1, 0);
}

/* False: out of memory. */
static bool make_server(struct http *h)
{
	int fd = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
	struct evhttp_bound_socket *bound;

	h->server = evhttp_new(h->base);
	bound = h->server && fd >= 0 ? evhttp_accept_socket_with_handle(h->server, fd) : NULL;
	if (!bound) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	h->listener = evhttp_bound_socket_get_listener(bound);
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(h->server, HTTP_HEAD_MAX);
	evhttp_set_max_body_size(h->server, HTTP_BODY_MAX);
	evhttp_set_timeout(h->server, HTTP_TIMEOUT_S);
	evhttp_set_bevcb(h->server, on_connection, h);
	evhttp_set_cb(h->server, "/metrics", on_metrics, h);
	evhttp_set_cb(h->server, "/", on_root, h);
	evhttp_set_gencb(h->server, on_other, h);
	return true;
}

static void close_all(struct http *h)
{
	uint32_t suppressed;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (log_allow(&h->log, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
		      &suppressed))
		log_warning("%u connections or %u answers stood still for %u ms: all are closed",
			    HTTP_CONNECTIONS_MAX, HTTP_ANSWERS_MAX, HTTP_FULL_MS);
	evhttp_free(h->server);
	h->server = NULL;
	if (!make_server(h)) {
		log_error("out of memory, or of descriptors");
		h->failed = true;
		event_base_loopbreak(h->base);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	if (is_full(h) && h->full_ms < HTTP_FULL_MS) {
		h->full_ms += LOOK_MS;
		look_later(h);
		return;
	}
	if (is_full(h))
		close_all(h);
	else
		evconnlistener_enable(h->listener);
	h->full_ms = 0;
}

/* --- the server ------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(h->base);
}

static bool make_events(struct http *h)
{
	h->term = evsignal_new(h->base, SIGTERM, on_signal, h);
	h->intr = evsignal_new(h->base, SIGINT, on_signal, h);
	h->timer = evtimer_new(h->base, on_timer, h);
	if (!h->term || !h->intr || !h->timer)
		return false;
	return event_add(h->term, NULL) == 0 && event_add(h->intr, NULL) == 0;
}

struct http *http_new(int fd, http_page_cb *cb, void *arg)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fd = fd;
	h->cb = cb;
	h->arg = arg;
	h->base = event_base_new();
	if (h->base && make_events(h) && make_server(h))
		return h;
	http_free(h);
	return NULL;
}

static void event_end(struct event *e)
{
	if (e)
		event_free(e);
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->server)
		evhttp_free(h->server);
	event_end(h->term);
	event_end(h->intr);
	event_end(h->timer);
	if (h->base)
		event_base_free(h->base);
	free(h);
}

int http_run(struct http *h)
{
	int ret = event_base_dispatch(h->base);

	return ret < 0 || h->failed ? -EIO : 0;
}
