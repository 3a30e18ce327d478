/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: who shares which pages with whom
 *
 * A share is a memfd of one or more pages with a reference each.  It ends for its owner when he
 * unmaps it: the notification fires, it no longer counts for his limit, nobody can map it any more.
 * It is freed when the last foreign mapping is gone too, and until then its references stay taken
 * and its domain, if that dies, stays a zombie.
 *
 * Linux answers EINVAL to every mapping that Xen refuses; the log says why.
 */
#include "broker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_REF 8 /* as GNTTAB_NR_RESERVED_ENTRIES */

static void fire(struct notify *n, int fd, uint32_t page, bool clear, bool silent)
{
	static const uint8_t zero;

	if (!silent && clear && n->offset != SIM_NO_NOTIFY)
		(void)!pwrite(fd, &zero, 1, (off_t)page * SIM_PAGE + n->offset);
	if (n->port) {
		if (!silent)
			port_signal(n->port);
		port_put(n->port);
		n->port = NULL;
	}
}

static void release_refs(struct share *s)
{
	unsigned int i;

	if (!s->dom)
		return;
	for (i = 0; i < s->pages; i++)
		s->dom->grefs[s->refs[i]].share = NULL;
	s->dom = NULL;
}

static void share_put(struct share *s)
{
	if (!s->unmapped || s->maps)
		return;
	release_refs(s);
	close(s->fd);
	free(s->refs);
	free(s);
}

/* The owner's mapping is gone. */
void share_free(struct share *s, bool silent)
{
	LIST_REMOVE(s, link);
	/* A stale share is the guest's private memory: nobody else sees its bytes. */
	fire(&s->notify, s->fd, 0, s->dom != NULL, silent);
	if (s->guest)
		s->guest->shared -= s->pages;
	s->unmapped = true;
	share_put(s);
}

static int get_ref(struct domain *d, uint32_t *ref)
{
	unsigned int i, n;

	for (i = 0; i < d->nr_grefs; i++) {
		n = d->next_gref + i;
		if (n >= d->nr_grefs)
			n = n - d->nr_grefs;
		if (n >= FIRST_REF && !d->grefs[n].share)
			goto found;
	}
	n = d->nr_grefs ? d->nr_grefs : FIRST_REF;
	{
		struct gref *more = realloc(d->grefs, (n + 512) * sizeof(*more));

		if (!more)
			return ENOMEM;
		memset(more + d->nr_grefs, 0, (n + 512 - d->nr_grefs) * sizeof(*more));
		d->grefs = more;
		d->nr_grefs = n + 512;
	}
found:
	d->next_gref = n + 1;
	*ref = n;
	return 0;
}

/* A notification takes a reference on its port. 0 or an errno. */
static int notify_init(struct notify *n, struct domain *d, uint32_t offset, uint32_t port)
{
	n->offset = offset;
	n->port = NULL;
	if (port == SIM_NO_NOTIFY)
		return 0;
	n->port = port_find(d, port);
	if (!n->port)
		return EINVAL;
	port_get(n->port);
	return 0;
}

/* The references of a new share, taken from the table. */
static int take_refs(struct share *s, bool xenstore)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < s->pages && !err; i++) {
		if (xenstore)
			s->refs[i] = SIM_XENSTORE_REF;
		else
			err = get_ref(s->dom, &s->refs[i]);
		if (!err)
			s->dom->grefs[s->refs[i]] = (struct gref){s, i};
	}
	while (err && i-- > 1)
		s->dom->grefs[s->refs[i - 1]].share = NULL;
	return err;
}

static int share_new(struct work *w, struct share *s, bool xenstore)
{
	int err = notify_init(&s->notify, s->dom, w->req.arg[3], w->req.arg[4]);

	if (err)
		return err;
	s->refs = calloc(s->pages, sizeof(*s->refs));
	s->fd = memfd_create("grant", MFD_CLOEXEC);
	if (!s->refs || s->fd < 0 || ftruncate(s->fd, (off_t)s->pages * SIM_PAGE)) {
		err = ENOMEM;
		goto out;
	}
	if (xenstore && s->dom->nr_grefs <= SIM_XENSTORE_REF) {
		uint32_t dummy;

		err = get_ref(s->dom, &dummy); /* makes the table */
	}
	if (!err)
		err = take_refs(s, xenstore);
	if (!err)
		return 0;
out:
	fire(&s->notify, s->fd, 0, false, true);
	free(s->refs);
	if (s->fd >= 0)
		close(s->fd);
	return err;
}

static int do_share(struct work *w)
{
	struct guest *g = w->conn->guest;
	uint32_t pages = w->req.arg[1];
	bool xenstore = w->conn->kind == SIM_KERNEL;
	struct share *s;
	int err;

	if (!pages || pages > SIM_MAX_PAYLOAD / sizeof(uint32_t) || (xenstore && pages != 1))
		return EINVAL;
	if (!xenstore && pages > g->share_limit - g->shared)
		return ENOSPC;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	s->dom = s->owner = g->dom;
	s->pages = pages;
	s->peer = w->req.arg[0];
	s->writable = w->req.arg[2];
	s->id = ++w->conn->next_id;
	err = share_new(w, s, xenstore);
	if (err) {
		free(s);
		return err;
	}
	if (!xenstore) {
		s->guest = g;
		g->shared += pages;
	}
	LIST_INSERT_HEAD(&w->conn->shares, s, link);
	w->rep.val[0] = s->id;
	w->rep.len = pages * sizeof(uint32_t);
	memcpy(w->out, s->refs, w->rep.len);
	w->fds[w->nfds++] = s->fd;
	return 0;
}

void map_free(struct conn *c, struct map *m, bool silent)
{
	unsigned int i;

	(void)c;
	LIST_REMOVE(m, link);
	if (m->nr_shares)
		fire(&m->notify, m->shares[0]->fd, m->notify_at, true, silent);
	for (i = 0; i < m->nr_shares; i++) {
		struct domain *owner = m->shares[i]->owner;

		m->shares[i]->maps--;
		share_put(m->shares[i]);
		owner->holds--;
		domain_put_if_dead(owner);
	}
	free(m->shares);
	free(m);
}

/* May `d` map that page? The gref, or NULL and the reason in the log. */
static struct gref *check(struct domain *d, uint32_t domid, uint32_t ref, bool writable)
{
	struct domain *from = domain_find(domid);
	struct gref *g = from && ref < from->nr_grefs ? &from->grefs[ref] : NULL;
	const char *why = NULL;

	if (!from)
		why = "no such domain";
	else if (!g || !g->share || g->share->unmapped)
		why = "no such reference";
	else if (from->dying)
		why = "the domain is dying";
	else if (g->share->peer != d->id)
		why = "meant for another domain";
	else if (writable && !g->share->writable)
		why = "shared read-only";
	if (why)
		sim_log("d%u: map of d%u ref %u: %s", d->id, domid, ref, why);
	return why ? NULL : g;
}

/* The index of s among the map's shares, added if new. */
static int share_index(struct map *m, struct share *s)
{
	unsigned int i;

	for (i = 0; i < m->nr_shares; i++)
		if (m->shares[i] == s)
			return (int)i;
	if (m->nr_shares == SIM_MAX_FDS)
		return -1;
	m->shares[m->nr_shares++] = s;
	s->maps++;
	s->owner->holds++;
	return (int)i;
}

/* A descriptor of the share for this side: one that cannot be made writable if the map is not. */
static int export_fd(const struct share *s, bool writable)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	return open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

static int fill(struct work *w, struct map *m, bool writable)
{
	struct domain *d = w->conn->guest->dom;
	const uint32_t *pairs = w->in;
	struct sim_run *runs = w->out;
	unsigned int i, n = 0;

	for (i = 0; i < m->pages; i++) {
		struct gref *g = check(d, pairs[2 * i], pairs[2 * i + 1], writable);
		int at = g ? share_index(m, g->share) : -1;

		if (at < 0)
			return EINVAL;
		if (!i)
			m->notify_at = g->page;
		if (n && runs[n - 1].fd == (uint32_t)at &&
		    runs[n - 1].first + runs[n - 1].pages == g->page)
			runs[n - 1].pages++;
		else
			runs[n++] = (struct sim_run){(uint32_t)at, g->page, 1};
	}
	w->rep.len = n * sizeof(*runs);
	return 0;
}

static int do_map(struct work *w)
{
	bool writable = w->req.arg[0];
	struct map *m = calloc(1, sizeof(*m));
	unsigned int i;
	int err;

	if (!m)
		return ENOMEM;
	m->pages = w->req.len / (2 * sizeof(uint32_t));
	m->shares = calloc(SIM_MAX_FDS, sizeof(struct share *));
	m->id = ++w->conn->next_id;
	LIST_INSERT_HEAD(&w->conn->maps, m, link);
	err = !m->shares ? ENOMEM
	      : !m->pages || m->pages > SIM_MAX_PAYLOAD / sizeof(struct sim_run)
		      ? EINVAL
		      : fill(w, m, writable);
	if (!err && w->req.arg[1] != SIM_NO_NOTIFY && !writable)
		err = EINVAL;
	if (!err)
		err = notify_init(&m->notify, w->conn->guest->dom, w->req.arg[1], w->req.arg[2]);
	for (i = 0; !err && i < m->nr_shares; i++) {
		int fd = export_fd(m->shares[i], writable);

		if (fd < 0)
			err = errno;
		else
			w->fds[w->nfds++] = fd;
	}
	w->close_fds = w->nfds;
	if (err) {
		map_free(w->conn, m, true);
		return err;
	}
	w->rep.val[0] = m->id;
	return 0;
}

static int do_unmap(struct conn *c, uint32_t id)
{
	struct map *m;

	LIST_FOREACH(m, &c->maps, link)
		if (m->id == id) {
			map_free(c, m, false);
			return 0;
		}
	return ENOENT;
}

static int do_unshare(struct conn *c, uint32_t id)
{
	struct share *s;

	LIST_FOREACH(s, &c->shares, link)
		if (s->id == id) {
			share_free(s, false);
			return 0;
		}
	return ENOENT;
}

int grant_request(struct work *w)
{
	enum sim_kind kind = w->conn->kind;

	if (w->req.op == SIM_MAP || w->req.op == SIM_UNMAP) {
		if (kind != SIM_GNTDEV)
			return ENOTTY;
		return w->req.op == SIM_MAP ? do_map(w) : do_unmap(w->conn, w->req.arg[0]);
	}
	if (kind != SIM_GNTALLOC && kind != SIM_KERNEL)
		return ENOTTY;
	return w->req.op == SIM_SHARE ? do_share(w) : do_unshare(w->conn, w->req.arg[0]);
}

void grant_domain_gone(struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_grefs; i++)
		if (d->grefs[i].share)
			release_refs(d->grefs[i].share);
	free(d->grefs);
	d->grefs = NULL;
	d->nr_grefs = 0;
}
