/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control.h: the thread that does all that may block: xenstore, the hypervisor, mapping of rings.
 */
#ifndef DMVL_CONTROL_H
#define DMVL_CONTROL_H

#include "backend/uplink/share.h"
#include "backend/uplink/uplink.h"
#include "common/mbox.h"

struct control_conf {
	char name[UPLINK_NAME_MAX + 1]; /* of this instance */
	char device[IFNAMSIZ];		/* the uplink's interface, for display */
	enum uplink_kind kind;
	const struct uplink_spec *spec;		   /* borrowed: how the uplink was opened */
	const struct uplink *uplink;		   /* borrowed; not its fd */
	uint64_t tx_capacity_bps, rx_capacity_bps; /* from the command line; 0: not given */
	uint32_t frame_cost_bytes;		   /* likewise; FRAME_COST_AUTO: not given */
	enum share_mode share;			   /* of the exits with the host */
	uint32_t epoch_us;			   /* 1000..1000000 */
	uint32_t repayment_ppm;			   /* 0..1000000 */
	const char *policy;			   /* borrowed: its file; NULL: there is none */
	bool policy_must;			   /* that it can be read */
	const char *run_dir;			   /* borrowed */
	const char *state_dir;			   /* borrowed: where settings are remembered */
	uint32_t forget_after_days;		   /* that a guest is not seen; 0: never */
};

/*
 * The steps of a start, in their order. Those that can fail return 0, -EAGAIN (what it needs is not
 * there yet: call it again) or another -errno, with one sentence in err.
 *
 * control_open() connects to xenstore and the hypervisor; it needs only conf->name.
 * control_ready() connects to xenstore again if xenstored has gone away since.
 * control_take_uplink() reads the policy: for the first time, if its files have changed, or
 * `again`. control_find_capacity() refuses an uplink of which no capacity can be known. Nothing is
 * written yet. control_start() publishes the uplink and starts the thread. `in` brings it the frame
 * loop's messages, `out` takes its orders; both are borrowed and outlive it, and so are the path of
 * the credit log ("": there is none) and the sentence that says why there is none ("": all is
 * well).
 */
struct control;
int control_open(const struct control_conf *conf, struct control **ctl, char *err, size_t errlen);
int control_ready(struct control *ctl, char *err, size_t errlen);
void control_take_uplink(struct control *ctl, const struct control_conf *conf, bool again);
int control_find_capacity(struct control *ctl, char *err, size_t errlen);
int control_start(struct control *ctl, struct mbox *in, struct mbox *out, const char *log_path,
		  const char *log_error, char *err, size_t errlen);

/* Before control_start(): says in xenstore what the daemon waits for; "": it ends without it. */
void control_waits(struct control *ctl, const char *what);

/* Frees what control_start() has not started. No effect on NULL. */
void control_close(struct control *ctl);

/*
 * Puts qdiscs back as they were while the thread waits for xenstore. Another thread calls this, and
 * then ends the process.
 */
void control_abandon(struct control *ctl);

/*
 * Waits for the thread to end and frees it. It ends after a MSG_QUIT: it closes every LDP, says so
 * in xenstore and sends MSG_STOP to the loop.
 */
void control_join(struct control *ctl);

#endif
