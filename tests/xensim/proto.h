/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stand-in libraries, the guests' kernels and the tool say to the broker.
 *
 * One SOCK_SEQPACKET connection stands for one open device file: the first message (SIM_OPEN) says
 * which.  Every request gets exactly one reply; descriptors travel beside replies by SCM_RIGHTS.
 * The socket a process finds at SIM_SOCKET says which domain it is: every domain has its own /run.
 */
#ifndef XENSIM_PROTO_H
#define XENSIM_PROTO_H

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#define SIM_SOCKET	 "/run/xensim/broker"
#define SIM_GUEST_DIR	 "/run/guests" /* Dom0 sees each guest's /run below it, by guest number */
#define SIM_PAGE	 4096u
#define SIM_MAX_PAYLOAD	 65536u		/* bytes after the fixed header, either way */
#define SIM_RESUMED	 (SIGRTMAX - 1) /* to a process that shares pages; SIGRTMAX is valgrind's */
#define SIM_MAX_FDS	 64u		/* distinct shares in one mapping */
#define SIM_NO_NOTIFY	 UINT32_MAX	/* no byte to clear, or no port to signal, at unmap */
#define SIM_XENSTORE_REF 1u		/* GNTTAB_RESERVED_XENSTORE */
#define SIM_NAME_MAX	 64
#define SIM_UUID_BYTES	 16

/* What a connection stands for. */
enum sim_kind {
	SIM_EVTCHN = 1,
	SIM_GNTDEV,
	SIM_GNTALLOC,
	SIM_PRIVCMD,
	SIM_XSD_PORT,
	SIM_XSD_KVA,
	SIM_KERNEL, /* a guest's kernel: arg its UTS namespace (low, high); may share ref 1 */
	SIM_TOOL,   /* the toolstack's calls, Dom0 only */
	SIM_NR_KINDS
};

/* arg[] and payload of each request -> val[], payload and fds of its reply. */
enum sim_op {
	SIM_OPEN = 1,	  /* kind -> EVTCHN: fds event queue, its writing end, slot table */
	SIM_BIND_UNBOUND, /* domid -> port, slot */
	SIM_BIND_REMOTE,  /* domid, remote port -> port, slot */
	SIM_BIND_VIRQ,	  /* virq -> port, slot */
	SIM_UNBIND,	  /* port -> */
	SIM_PEER,	/* port -> link (low, high), slot, port; fd event queue (none: not bound) */
	SIM_SHARE,	/* domid, pages, writable, notify offset, notify port -> id; refs; fd
			   (SIM_KERNEL: one page at SIM_XENSTORE_REF, outside the limit) */
	SIM_UNSHARE,	/* id -> */
	SIM_MAP,	/* writable, notify offset, notify port; {domid, ref}.. -> id; runs; fds */
	SIM_UNMAP,	/* id -> */
	SIM_GETINFO,	/* first domid, most -> ; struct sim_dominfo.. */
	SIM_CREATE,	/* ; name, uuid -> domid, guest number */
	SIM_DESTROY,	/* domid -> */
	SIM_FREEZE,	/* domid -> ; stop the guest's processes */
	SIM_SHUTDOWN,	/* domid, reason -> */
	SIM_RESUME,	/* domid -> ; cancel a shutdown, the guest runs on in place */
	SIM_NEW_DOMAIN, /* domid; name or nothing -> new domid; the guest moves there, the old
			   domain is left empty, to be destroyed */
	SIM_THAW,	/* domid -> ; let the guest's processes run */
	SIM_FAIL,	/* domid, kind, errno, times -> ; let open() fail */
	SIM_LIMIT,	/* domid, pages -> ; gntalloc's limit */
	SIM_STAT,	/* domid -> handles, ports, shared pages, mapped pages */
	SIM_BUGS,	/* -> number of kernel BUGs the guests have run into */
	SIM_RENAME,	/* domid; name -> */
	SIM_NEXT,	/* domid -> ; the next domain gets it, or the next one that is free */
};

struct sim_req {
	uint32_t op;
	uint32_t arg[6];
	uint32_t len; /* bytes of payload that follow */
};

struct sim_rep {
	int32_t err; /* 0 or an errno */
	uint32_t val[6];
	uint32_t len;
};

/* One run of a mapping: `pages` pages from `first` of the file descs[fd]. */
struct sim_run {
	uint32_t fd;
	uint32_t first;
	uint32_t pages;
};

struct sim_dominfo {
	uint32_t domid;
	uint32_t guest;
	uint32_t dying;
	uint32_t shutdown;
	uint32_t reason; /* SHUTDOWN_* */
	uint32_t paused;
	uint8_t uuid[SIM_UUID_BYTES];
	char name[SIM_NAME_MAX];
};

/*
 * An event channel port's part of the memory that every process maps, as Xen's shared info page and
 * the driver's "enabled" flag would be.  link changes with every (dis)connection of the other end.
 */
struct sim_slot {
	_Atomic uint32_t state; /* SIM_MASKED | SIM_PENDING */
	uint32_t unused;
	_Atomic uint64_t link; /* 0: no other end, a notification goes nowhere */
};

#define SIM_MASKED   1u
#define SIM_PENDING  2u
#define SIM_NR_SLOTS (1u << 20) /* sparse; handed out in turn, so that none is re-used soon */

#endif
