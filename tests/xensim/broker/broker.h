/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker's state: domains, the guests that live in them, and the device files they hold open.
 */
#ifndef XENSIM_BROKER_H
#define XENSIM_BROKER_H

#include "../proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

struct port;
struct share;
struct map;
struct evt;
struct conn;
struct domain;

/* Something epoll watches. fn may free it: events are taken one at a time. */
struct source {
	int fd;
	void (*fn)(struct source *s, uint32_t events);
};

/* open() of a kind of device fails with err the next `times` times. */
struct fault {
	int err;
	unsigned int times;
};

/* A machine: processes, their kernel, their network namespace. Moves to a new domain at a restore.
 */
struct guest {
	TAILQ_ENTRY(guest) link;
	struct source listen; /* first, see main.c */
	unsigned int nr;      /* 0 is Dom0 */
	struct domain *dom;
	ino_t uts;			  /* what tells its processes from others */
	pid_t kernel;			  /* the one that is never stopped */
	unsigned int shared, share_limit; /* pages, gntalloc's count */
	struct fault fault[SIM_NR_KINDS];
	TAILQ_HEAD(conn_list, conn) conns;
	TAILQ_HEAD(evt_list, evt) evts;
};

/* As Xen sees it. A dying one stays while another domain maps its pages. */
struct domain {
	TAILQ_ENTRY(domain) link;
	unsigned int id;
	struct guest *guest; /* NULL: moved away, or dying */
	char name[SIM_NAME_MAX];
	uint8_t uuid[SIM_UUID_BYTES];
	bool shutdown, paused, dying;
	uint32_t reason;
	struct port **ports; /* by number */
	unsigned int nr_ports;
	struct gref *grefs; /* by reference */
	unsigned int nr_grefs;
	unsigned int next_gref;
	unsigned int holds; /* foreign mappings: what keeps a zombie */
};

/* One page of a share. */
struct gref {
	struct share *share; /* NULL: free */
	uint32_t page;
};

/* One open device file. */
struct conn {
	struct source src; /* first */
	TAILQ_ENTRY(conn) link;
	enum sim_kind kind; /* 0 until SIM_OPEN */
	struct guest *guest;
	pid_t pid;
	struct evt *evt; /* SIM_EVTCHN, until its queue closes */
	LIST_HEAD(share_list, share) shares;
	LIST_HEAD(map_list, map) maps;
	uint32_t next_id;
};

/* An event channel handle: lives until the last copy of its queue's reading end is closed. */
struct evt {
	struct source queue; /* first; our writing end */
	TAILQ_ENTRY(evt) link;
	struct guest *guest;
	struct conn *conn; /* NULL: closed before the queue */
	bool kernel;	   /* the guest kernel's own: it rebinds it at resume */
	LIST_HEAD(port_list, port) ports;
};

/* An event channel. The handle holds one reference, every unmap notification another. */
struct port {
	LIST_ENTRY(port) link;
	struct domain *dom; /* NULL: the domain is gone, the number means nothing any more */
	unsigned int nr;
	unsigned int refs;
	uint32_t slot;
	struct evt *evt;     /* NULL: only a notification keeps it */
	unsigned int remote; /* domid that may bind */
	uint32_t virq;	     /* with is_virq */
	bool is_virq;
	struct port *peer;
};

struct notify {
	uint32_t offset;   /* SIM_NO_NOTIFY, or a byte of the first page to clear */
	struct port *port; /* or NULL */
};

struct share {
	LIST_ENTRY(share) link; /* in conn */
	struct domain *dom; /* whose grant table it is in; NULL: never again mapped, notify dead */
	struct domain *owner; /* whose memory it is; valid while mapped or dom is */
	struct guest *guest;  /* whose limit it counts for; NULL: it does not */
	uint32_t id;
	int fd;
	unsigned int pages;
	unsigned int peer; /* domid that may map */
	bool writable;
	uint32_t *refs;
	struct notify notify;
	unsigned int maps; /* foreign mappings */
	bool unmapped;	   /* by its owner */
};

struct map {
	LIST_ENTRY(map) link;
	uint32_t id;
	struct share **shares; /* each once */
	unsigned int nr_shares;
	unsigned int pages;
	struct notify notify;
	uint32_t notify_at; /* page in shares[0] */
};

struct broker {
	int epoll;
	int slots_fd;
	struct sim_slot *slots;
	uint32_t next_slot;
	uint64_t next_link;
	unsigned int next_domid, next_guest;
	unsigned int bugs;
	TAILQ_HEAD(domain_list, domain) domains; /* by id */
	TAILQ_HEAD(guest_list, guest) guests;
	int xs_page_fd; /* Dom0's xenstore ring */
	unsigned int xs_port;
};

extern struct broker b;

/* One request in work: the answer goes into rep, its payload into out, descriptors into fds. */
struct work {
	struct conn *conn;
	struct sim_req req;
	const void *in;
	struct sim_rep rep;
	void *out; /* SIM_MAX_PAYLOAD */
	int fds[SIM_MAX_FDS];
	unsigned int nfds;
	unsigned int close_fds; /* how many of the first are only for the other side */
};

/* Log a line, as the hypervisor's console would. */
__attribute__((format(printf, 1, 2))) void sim_log(const char *fmt, ...);

/* main.c */
void source_add(struct source *s, int fd, void (*fn)(struct source *, uint32_t), uint32_t events);
void source_remove(struct source *s); /* and close */
void conn_free(struct conn *c);

/* domain.c: handlers return 0 or an errno. */
struct domain *domain_find(unsigned int id);
void domain_put_if_dead(struct domain *d);
struct guest *guest_new(const char *name, const uint8_t *uuid);
int domain_getinfo(struct work *w);
int tool_request(struct work *w);

/* event.c */
int evt_open(struct work *w);
void evt_sync(struct conn *c); /* release it now if its queue is closed */
void evt_free(struct evt *e, bool silent);
int port_new(struct domain *d, struct evt *e, struct port **out);
void port_get(struct port *p);
void port_put(struct port *p);
void port_signal(struct port *p); /* as its owner would notify */
struct port *port_find(struct domain *d, unsigned int nr);
int event_request(struct work *w);
void event_domain_gone(struct domain *d);
void virq_raise(uint32_t virq);

/* grant.c */
int grant_request(struct work *w);
void share_free(struct share *s, bool silent);
void map_free(struct conn *c, struct map *m, bool silent);
void grant_domain_gone(struct domain *d);

/* proc.c */
void guest_signal(struct guest *g, int sig);
void guest_kill(struct guest *g);
bool process_of(const struct guest *g, pid_t pid);

#endif
