/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxengnttab.so.1 without Xen: /dev/xen/gntdev maps other domains' pages, /dev/xen/gntalloc
 * shares our own.  A share is a memfd that the broker keeps by domain and reference; mapping is
 * mmap().
 */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

/* Both kinds of handle are a connection whose life mapping.c governs. */
#define CONN(h) ((struct sim_conn *)(void *)(h))

static void *open_conn(enum sim_kind kind)
{
	int fd = sim_open(kind, NULL, NULL);
	struct sim_conn *c;

	if (fd < 0)
		return NULL;
	c = sim_conn_new(fd);
	if (!c)
		close(fd);
	return c;
}

static int close_conn(void *h)
{
	if (h)
		sim_conn_close(CONN(h));
	return 0;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
	(void)logger;
	(void)flags;
	return open_conn(SIM_GNTDEV);
}

int xengnttab_close(xengnttab_handle *h)
{
	return close_conn(h);
}

int xengnttab_fd(xengnttab_handle *h)
{
	return sim_conn_fd(CONN(h));
}

int xengnttab_set_max_grants(xengnttab_handle *h, uint32_t count)
{
	(void)h;
	(void)count;
	return 0;
}

/* Put the runs of a mapping side by side. The address, or NULL with errno. */
static void *place(const struct sim_run *runs, unsigned int n, const int *fds, unsigned int nfds,
		   uint32_t pages, int prot)
{
	char *area =
		mmap(NULL, (size_t)pages * SIM_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at = 0;
	unsigned int i;

	if (area == MAP_FAILED)
		return NULL;
	for (i = 0; i < n; i++) {
		size_t len = (size_t)runs[i].pages * SIM_PAGE;

		if (runs[i].fd >= nfds ||
		    mmap(area + at, len, prot, MAP_SHARED | MAP_FIXED, fds[runs[i].fd],
			 (off_t)runs[i].first * SIM_PAGE) == MAP_FAILED) {
			munmap(area, (size_t)pages * SIM_PAGE);
			return NULL;
		}
		at += len;
	}
	return area;
}

/* domids has one entry for all if single, else one for each. */
static void *map(xengnttab_handle *h, uint32_t count, const uint32_t *domids, int single,
		 const uint32_t *refs, int prot, uint32_t offset, uint32_t port)
{
	struct sim_conn *conn = CONN(h);
	int fds[SIM_MAX_FDS];
	struct sim_call c = {
		.req = {.op = SIM_MAP,
			.arg = {!!(prot & PROT_WRITE), offset, port},
			.len = (uint32_t)(count * 2 * sizeof(uint32_t))},
		.fds = fds,
		.nfds = SIM_MAX_FDS,
	};
	struct sim_run *runs;
	uint32_t *pairs, i;
	void *area = NULL;

	if (!count || c.req.len > SIM_MAX_PAYLOAD || count > SIM_MAX_PAYLOAD / sizeof(*runs)) {
		errno = EINVAL;
		return NULL;
	}
	pairs = malloc(c.req.len);
	runs = malloc(count * sizeof(*runs));
	if (!pairs || !runs)
		goto out;
	for (i = 0; i < count; i++) {
		pairs[2 * i] = single ? domids[0] : domids[i];
		pairs[2 * i + 1] = refs[i];
	}
	c.payload = pairs;
	c.out = runs;
	c.out_size = count * sizeof(*runs);
	if (sim_call(sim_conn_fd(conn), &c))
		goto out;
	area = place(runs, c.rep.len / sizeof(*runs), fds, c.nfds, count, prot);
	if (area && sim_mapping_add(conn, area, count, SIM_UNMAP, c.rep.val[0])) {
		munmap(area, (size_t)count * SIM_PAGE);
		area = NULL;
	}
	if (!area)
		sim_simple(sim_conn_fd(conn), SIM_UNMAP, c.rep.val[0], 0, 0, NULL);
	while (c.nfds)
		close(fds[--c.nfds]);
out:
	free(pairs);
	free(runs);
	return area;
}

void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot)
{
	return map(h, 1, &domid, 1, &ref, prot, SIM_NO_NOTIFY, SIM_NO_NOTIFY);
}

void *xengnttab_map_grant_refs(xengnttab_handle *h, uint32_t count, uint32_t *domids,
			       uint32_t *refs, int prot)
{
	return map(h, count, domids, 0, refs, prot, SIM_NO_NOTIFY, SIM_NO_NOTIFY);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *h, uint32_t count, uint32_t domid,
				      uint32_t *refs, int prot)
{
	return map(h, count, &domid, 1, refs, prot, SIM_NO_NOTIFY, SIM_NO_NOTIFY);
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot,
				     uint32_t offset, evtchn_port_t port)
{
	return map(h, 1, &domid, 1, &ref, prot, offset, port);
}

int xengnttab_unmap(xengnttab_handle *h, void *addr, uint32_t count)
{
	return sim_mapping_drop(CONN(h), addr, count);
}

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int flags)
{
	(void)logger;
	(void)flags;
	return open_conn(SIM_GNTALLOC);
}

int xengntshr_close(xengntshr_handle *h)
{
	return close_conn(h);
}

int xengntshr_fd(xengntshr_handle *h)
{
	return sim_conn_fd(CONN(h));
}

static void *share(xengntshr_handle *h, uint32_t domid, int count, uint32_t *refs, int writable,
		   uint32_t offset, uint32_t port)
{
	struct sim_conn *conn = CONN(h);
	int fd = -1;
	struct sim_call c = {
		.req = {.op = SIM_SHARE, .arg = {domid, (uint32_t)count, !!writable, offset, port}},
		.out = refs,
		.out_size = (size_t)count * sizeof(*refs),
		.fds = &fd,
		.nfds = 1,
	};
	size_t len = (size_t)count * SIM_PAGE;
	void *area;

	if (count <= 0) {
		errno = EINVAL;
		return NULL;
	}
	sim_mapping_catch_resume();
	if (sim_call(sim_conn_fd(conn), &c))
		return NULL;
	area = c.nfds ? mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	close(fd);
	if (area == MAP_FAILED) {
		area = NULL;
	} else if (sim_mapping_add(conn, area, (size_t)count, SIM_UNSHARE, c.rep.val[0])) {
		munmap(area, len);
		area = NULL;
	}
	if (!area)
		sim_simple(sim_conn_fd(conn), SIM_UNSHARE, c.rep.val[0], 0, 0, NULL);
	return area;
}

void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count, uint32_t *refs,
			    int writable)
{
	return share(h, domid, count, refs, writable, SIM_NO_NOTIFY, SIM_NO_NOTIFY);
}

void *xengntshr_share_page_notify(xengntshr_handle *h, uint32_t domid, uint32_t *ref, int writable,
				  uint32_t offset, evtchn_port_t port)
{
	return share(h, domid, 1, ref, writable, offset, port);
}

int xengntshr_unshare(xengntshr_handle *h, void *addr, uint32_t count)
{
	return sim_mapping_drop(CONN(h), addr, count);
}
