/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_state.h: the control thread's state, which its parts share. Theory: control.c. */
#ifndef DMVL_CONTROL_STATE_H
#define DMVL_CONTROL_STATE_H

#include <limits.h>
#include <pthread.h>
#include <sys/queue.h>

#include "backend/capture/capring.h"
#include "backend/capture/capsock.h"
#include "backend/control/control.h"
#include "backend/msg/ldp_conf.h"
#include "backend/policy/policy.h"
#include "backend/sched/sched_group.h"
#include "backend/uplink/inflow.h"
#include "backend/uplink/life.h"
#include "backend/uplink/lost.h"
#include "backend/uplink/probe.h"
#include "backend/uplink/share.h"
#include "backend/uplink/speed.h"
#include "backend/uplink/way.h"
#include "backend/xen/dom.h"
#include "common/loop.h"
#include "common/xs.h"
#include "xenstore-schema/refusal.h"
#include "xenstore-schema/schema.h"

struct device;
struct ldp_group;

/* Bytes that hold who asks for a verdict (control_verdict.h). */
#define VERDICT_MAX 17

#define EXITS_TEXT_MAX (EXITS_MAX * IFNAMSIZ)

/* What the uplink is and can carry. Only control_probe.c writes it; control.c sets net_fd to -1. */
struct control_probe {
	char port[IFNAMSIZ];	      /* the operator's exit; "": none */
	char port_error[REFUSAL_MAX]; /* what is wrong with it; "": nothing */
	struct lost lost;	      /* whether a way out is missing that there was */
	struct exits exits;	      /* where its frames leave the host, as it is now */
	struct probe found;	      /* what is on their way */
	uint64_t speed_bps; /* of the exits; 0: not known; while they have no link, the last one */
	int net_fd;	    /* tells when to look again; -1: nothing does */
	struct loop_io *net_io;
	struct loop_timer *timer;
	bool timer_set;
	uint32_t mtu;	       /* the smallest of the uplink's and its exits'; 0: not known */
	uint64_t estimate_bps; /* as the frame loop measured it; 0: not known */
};

/* What xenstore says of these. Only control_exits.c writes it. */
struct control_exits {
	bool shown; /* it says anything */
	uint32_t mtu;
	enum exits_how how;
	uint64_t speed_bps;
	char names[EXITS_TEXT_MAX];
};

/*
 * The uplink's settings. Only control_uplink.c writes it; control.c sets the first frame cost,
 * control_capacity.c the source, and control_key.c when to read them again.
 */
struct control_link {
	struct link_conf conf;	 /* in force */
	uint64_t configured_bps; /* what the operator configured; 0: nothing */
	const char *source;	 /* of the capacity in force, as xenstore has it; NULL: not yet */
	char error[REFUSAL_MAX]; /* of the uplink's keys, as xenstore has it */
	uint64_t again_ns;	 /* 0: all could be read */
	char asked[VERDICT_MAX]; /* control_verdict.c clears it */
};

/* Whether the uplink's interface is where it belongs. Only control_life.c writes it. */
struct control_life {
	struct uplink up; /* its fd is a copy, so that the interface can be asked for */
	struct loop_timer *timer;
	char why[LIFE_WHY_MAX]; /* what is wrong; "": nothing */
	uint64_t since_ns;	/* the first time that it was seen, of now or of what came before */
	uint64_t not_before_ns; /* of the next repair, after one that failed */
	char parent[IFNAMSIZ];	/* whose MTU the uplink has */
	unsigned parent_mtu_bytes;
	char way[WAY_MAX]; /* by which frames leave; "": not known */
	bool unreadable;   /* there were no descriptors to look at the host with */
	bool unreadable_told;
};

/* Frames that wait while the uplink would lose them. Only control_hold.c writes it. */
struct control_hold {
	enum link_hold told;	  /* to the frame loop */
	uint64_t since_ns;	  /* no exit has had a link; 0: one has */
	char why[LIFE_WHY_MAX];	  /* why frames for the exits are lost or wait; "": they leave */
	struct loop_timer *timer; /* they have waited for long enough */
};

/* Minima that are more than fits. Only minima.c writes it. */
struct control_minima {
	bool tx_scaled, rx_scaled;
};

/* An exit, and what was done there for the host's frames. */
struct control_share_port {
	struct share_port port;
	unsigned ifindex;
	bool may;		  /* it may be shared, and its capacity is known */
	bool failed;		  /* tc(8) refused */
	struct qdiscs failed_at;  /* then: not tried again while these are there */
	char set[SHARE_TEXT_MAX]; /* the classes as they were set last; "": not yet */
	char why[SHARE_WHY_MAX];  /* why it is not shared */
};

/* The uplink's keys about the host's frames. Only control_host.c writes it. */
struct control_host {
	uint64_t weight, min_bps, max_bps; /* in force; min may be SHARE_MIN_AUTO */
	char error[SCHEMA_ERR_MAX];	   /* why they cannot all be kept; "": they can */
	enum schema_key wrong;		   /* the one that `error` is about */
};

/* The host's part of the uplink. Only control_share.c writes it. */
struct control_share {
	struct control_share_port ports[EXITS_MAX];
	unsigned count;
	uint64_t ldps_bps;	    /* what the LDPs have for certain; UINT64_MAX: no limit */
	uint64_t not_before_ns;	    /* of the next change */
	bool ended;		    /* all was put back, and stays so */
	char shown[SCHEMA_ERR_MAX]; /* as xenstore has it */
};

/* What the host receives. Only control_inflow.c writes it. */
struct control_inflow {
	struct inflow flow;
	uint64_t next_ns;  /* of the next look */
	uint64_t rate_bps; /* by which the frame loop goes; 0: all of rx-capacity */
};

/* Which domains have come back. Only control_domains.c writes it. */
struct control_domains {
	uint64_t again_ns; /* of a look that no event asks for; 0: not looked yet */
	bool failed;	   /* the last look could not make all devices, and the log says so */
};

/* What is remembered of guests. Only control_kept.c writes it. */
struct control_kept {
	char dir[PATH_MAX];	      /* of its files */
	char error[SCHEMA_ERR_MAX];   /* why something is not on disk; "": all is */
	SLIST_HEAD(, kept_said) said; /* what was said of files that cannot be read */
	unsigned said_count;	      /* entries of `said` */
	TAILQ_HEAD(, kept_late) late; /* what could not be written */
	uint64_t retry_ns;	      /* when to try that again; 0: not */
	unsigned holds;		      /* how many parts of this thread want the lock now */
	int lock;		      /* while any does; below 0: none was taken */
	uint64_t busy_since_ns;	      /* another program has kept it since then; 0: none has */
	uint64_t tried_ns;	      /* when it was refused last */
	bool impatient;		      /* for so long that this daemon goes on without it */
	bool unsynced;		      /* a power cut may undo what was written last */
};

/* Guests that do not come back. Only control_forget.c writes it. */
struct control_forget {
	uint64_t next_ns; /* of the next look for them; 0: none was planned yet */
};

/* The devices. Only device_list.c (all), device.c and device_connect.c (the slots) write it. */
struct control_devices {
	TAILQ_HEAD(, device) all;
	struct device *by_slot[LDP_SLOTS];
	uint32_t slots_busy;
	uint64_t reborn_not_before_ns; /* device.c: no device is made again earlier */
};

/* The groups. Only control_group.c writes it, and control_group_keys.c again_ns. */
struct control_groups {
	TAILQ_HEAD(, ldp_group) all;
	struct ldp_group *by_id[SCHED_GROUPS + 1];
	uint32_t last_id;  /* given out */
	uint64_t again_ns; /* some could not be read: not tried earlier; 0: all could */
};

struct policy_guest;

/* The operator's policy. Only control_policy.c writes it, and policy_guests.c `guests`. */
struct control_policy {
	struct policy *now;		 /* in force; NULL: not read yet */
	struct policy *earlier;		 /* until it is: what an earlier daemon applied, or NULL */
	struct policy_capacity capacity; /* of which its percentages are parts */
	char error[SCHEMA_ERR_MAX];	 /* what is wrong with its files; "": nothing */
	bool refused;			 /* they have mistakes: `now` is older */
	bool started;			 /* it was applied once */
	uint64_t stamp;			 /* of its files, when they were read (policy_file.h) */
	uint64_t damaged; /* of the policy applied before, if that is damaged; or 0 */
	/* What the command line gives counts more. */
	bool tx_given, rx_given, cost_given;
	TAILQ_HEAD(, policy_guest) guests;
};

/* One that asked for a device's frames. Only control_capture.c writes it. */
struct capture_client {
	struct control *control;
	int fd; /* the connection; -1: it is over */
	struct loop_io *io;
	void *mem; /* of the ring; NULL: there is none yet, or no more */
	struct capsock_request wanted;
};

struct control_capture {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of the socket */
	int fd;							/* it; -1: there is none */
	struct loop_io *io;
	struct loop_timer *again; /* a connection waits for a descriptor */
	struct capture_client client[CAPRING_MAX];
};

/* What is to do: whoever notices it sets it; the part that does it clears it. */
struct control_due {
	bool reload;	/* control.c: read everything again */
	bool probe;	/* control_probe.c: the host could not be looked at before */
	bool link;	/* control_uplink.c */
	bool share;	/* control_share.c: the exits or their qdiscs may have changed */
	bool domains;	/* control_domains.c: a domain may have ended, stopped or gone on */
	bool newcomers; /* control_domains.c: a guest may have come back */
	bool groups;	/* control_group_keys.c: read the keys of all groups */
	bool room;	/* control_group_keys.c: what was refused for lack of room may fit now */
	bool policy;	/* control_policy.c: read its files again */
	bool admit;	/* control_admit.c: a question may wait */
};

struct control {
	/* control.c writes these, most of them once. */
	struct control_conf conf;
	struct mbox *in, *out;
	const char *log_path; /* of the credit log */
	char log_error[256];  /* why there is none; "": there is one; control_message.c */
	pthread_t thread;
	struct loop *loop;
	struct loop_io *xs_io, *in_io;
	struct loop_io *lifeline_io; /* xenstored goes away */
	int lifeline;		     /* its fd; -1: none */
	struct loop_timer *timer;    /* the next look at what is due; control_probe.c sets it too */
	struct xs_conn *xs;	     /* control_store.c */
	struct dom_conn *dom;	     /* control_store.c */
	unsigned domid;		     /* our own; control_store.c */
	char uplink_dir[SCHEMA_PATH_MAX];
	char waits_for[SCHEMA_ERR_MAX]; /* "": nothing; control_store.c */
	bool blind;		  /* the hypervisor tells nothing of domains; control_store.c */
	struct loop_timer *retry; /* while lost */
	bool lost;		  /* no xenstored; control_store.c */
	bool another;  /* then: it is another one, all must be written; control_store.c */
	bool quitting; /* control_message.c, and quit_since_ns */
	uint64_t quit_since_ns;
	uint64_t now_ns;	    /* of this turn of the thread's loop */
	pthread_mutex_t share_lock; /* of `share`, which control_abandon() uses too */

	struct control_probe probe;
	struct control_exits exits;
	struct control_life life;
	struct control_hold hold;
	struct control_link link;
	struct control_minima minima;
	struct control_host host;
	struct control_share share;
	struct control_inflow inflow;
	struct control_domains domains;
	struct control_kept kept;
	struct control_forget forget;
	struct control_devices devices;
	struct control_groups groups;
	struct control_policy policy;
	struct control_capture capture;
	struct control_due due;
};

/*
 * Only the control thread calls what the headers of the parts declare, or control_start() before
 * there is one. Any of it may block in xenstore or in the hypervisor.
 */

#endif
