/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_priv.h: what the files of the control thread share. Theory of operation: control.c. */
#ifndef DMVL_CONTROL_PRIV_H
#define DMVL_CONTROL_PRIV_H

#include <pthread.h>
#include <sys/queue.h>

#include "backend/control/control.h"
#include "backend/xen/dom.h"
#include "backend/msg/msg.h"
#include "common/loop.h"
#include "backend/uplink/probe.h"
#include "common/xs.h"
#include "xenstore-schema/schema.h"

struct device;

struct control {
	struct control_conf conf;
	struct mbox *in, *out;
	const char *log_path, *log_error; /* of the credit log; "": none */
	pthread_t thread;
	struct loop *loop;
	struct loop_io *xs_io, *in_io;
	struct loop_timer *timer;
	struct xs_conn *xs;
	struct dom_conn *dom;
	unsigned domid; /* our own */
	char uplink_dir[SCHEMA_PATH_MAX];
	struct link_conf link;
	char link_error[SCHEMA_ERR_MAX]; /* of the uplink's settings, as written */
	struct probe probe;		 /* of the uplink, as it is now */
	int net_fd;			 /* tells when to look again */
	struct loop_io *net_io;
	struct loop_timer *probe_timer;
	bool probe_due;		   /* it is set */
	uint64_t estimate_bps;	   /* what the uplink carries, as measured; 0: not known */
	bool tx_scaled, rx_scaled; /* minima are more than fits */
	TAILQ_HEAD(, device) devices;
	struct device *by_slot[LDP_SLOTS];
	uint32_t slots_busy;
	bool link_dirty, domains_dirty, domains_new;
	bool quitting;
	uint64_t quit_since_ns;
	uint64_t now_ns;
};

/*
 * Only the control thread calls what follows, or control_start() before there is one. Any of it may
 * block in xenstore or in the hypervisor.
 */

/* control.c: the thread. */

/* A message with its type and slot (or LDP_SLOT_NONE); control_post() takes it to the frame loop.
 */
struct msg *control_msg(enum msg_type type, uint32_t slot);
void control_post(struct control *c, struct msg *m);

/* control_uplink.c: the uplink's own keys. */

/* Writes what it is and that it runs. 0, or -errno of xenstore. */
int control_publish_uplink(struct control *c);

/* Reads what an operator may set, and sends it to the frame loop where it changed. */
void control_load_link(struct control *c);

/* control_capacity.c: what the uplink can carry. */

/*
 * Probes the uplink. 0, or -EINVAL with a sentence in err: its capacity can neither be measured nor
 * was it configured.
 */
int control_demand_capacity(struct control *c, char *err, size_t errlen);

/* Probes it anew whenever an interface or a qdisc changes, where the kernel tells. */
void control_watch_net(struct control *c);
void control_unwatch_net(struct control *c);

/* The frame loop has measured so much. */
void control_estimate(struct control *c, uint64_t bps);

/* The capacity in force, configured or measured; 0: unknown. */
uint64_t control_tx_capacity_bps(const struct control *c);

/* The sum of all devices' tx-min or rx-min (key), but for one (NULL: of all). */
uint64_t control_minima_bps(const struct control *c, const struct device *but, enum schema_key key);

/* Do the minima fit? Marks devices to be looked at, and returns true, when that changed. */
bool control_judge_minima(struct control *c);

/* One sentence (SCHEMA_ERR_MAX bytes) if a minimum of the device is scaled down, else "". */
void control_minima_error(const struct control *c, const struct device *d, char *err);

/* control_domains.c: what the hypervisor says. */

/* Did the domain of a device end, stop or go on? It may free devices. */
void control_check_domains(struct control *c);

/* Did a guest come back whose settings were put aside? */
void control_welcome_back(struct control *c);

/* control_find.c: which devices there are. */

/* There may be a device: make it known, or look at all of it again. */
void control_found(struct control *c, unsigned domid, unsigned id);

/* All that xenstore has. */
void control_find_devices(struct control *c);

/* All of one domain. */
void control_find_of(struct control *c, unsigned domid);

/* Forgets devices of an earlier time whose guest, or the guest's half of them, is no more. */
void control_sweep_orphans(struct control *c);

/* control_watch.c: what xenstore says. */

/* 0, or -errno of xenstore. */
int control_watch_all(struct control *c);

/* Marks what changed; the event is borrowed. */
void control_event(struct control *c, const struct xs_event *ev);

#endif
