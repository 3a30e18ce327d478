/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/datapath/core.h"

/*
 * Theory of operation
 *
 * promise.c knows what was due in a window. Here is why something was missing, and where that is
 * written. The file stays when the daemon ends. The next one takes it over: an LDP that comes back
 * with the same attachment, and had frames waiting until the end, was without service in between.
 *
 * A guest stands still if it read nothing in a window although something lay in its receive ring.
 * Whoever reads nothing writes nothing, so that counts for what it sends too.
 */
#define PERIOD_NS   (WINDOWS_MS * NS_PER_MS)
#define LOOK_NS	    NS_PER_SEC
#define LEFT_MS	    1000u /* a daemon that ended writes until then */
#define SLACK_FULL  4u	  /* full frames that may be missing in a window */
#define SLACK_CAP   2u	  /* frames of the longest kind that may be missing besides */
#define CAP_UNKNOWN 65536u

/* --- the file --------------------------------------------------------------------------------- */

static int reopen(struct dpath_audit *a)
{
	int ret = mapfile_reopen(&a->file, a->path, windows_file_bytes(), a->group);

	if (ret < 0)
		return ret;
	ret = windows_file_check(a->file.mem, a->file.bytes, a->boot);
	if (ret < 0)
		mapfile_close(&a->file);
	return ret;
}

static int make(struct dpath_audit *a)
{
	int ret = mapfile_make(&a->file, a->path, windows_file_bytes(), a->group);

	if (ret < 0)
		return ret;
	windows_file_format(a->file.mem, a->boot);
	return mapfile_publish(&a->file, a->path);
}

/* Each file that is opened has a number: an LDP's record is one of that file. */
static void open_file(struct dpath *dp, bool old)
{
	struct dpath_audit *a = &dp->audit;
	int ret = old ? reopen(a) : -ENOENT;

	if (ret < 0)
		ret = make(a);
	if (ret < 0 && ret != a->error)
		log_warning("no record of how guarantees are kept: %s: %s", a->path,
			    strerror(-ret));
	a->error = ret;
	a->opened++;
	if (ret < 0)
		return;
	a->left_ms = windows_file_header(a->file.mem)->written_ms;
	windows_file_header(a->file.mem)->run = a->run;
}

static void look_after_file(struct dpath *dp)
{
	struct dpath_audit *a = &dp->audit;

	if (!a->path[0] || dp->now_ns - a->looked_ns < LOOK_NS)
		return;
	a->looked_ns = dp->now_ns;
	if (mapfile_is_whole(&a->file, a->path))
		return;
	if (a->file.mem)
		log_warning("%s was cut, removed or replaced: a fresh file takes its place",
			    a->path);
	mapfile_close(&a->file);
	open_file(dp, false);
}

static struct windows_record *record_of(struct dpath *dp, const struct ldp *l)
{
	bool known = l->audit.record && l->audit.opened == dp->audit.opened;

	return known && dp->audit.file.mem
		       ? windows_file_record(dp->audit.file.mem, l->audit.record - 1)
		       : NULL;
}

/* --- the window ------------------------------------------------------------------------------- */

static bool is_down(const struct dpath *dp, bool sent)
{
	return dp->lost || dp->hold != LINK_HOLD_NONE || (dp->tx.blocked && !sent);
}

static void look_at_uplink(struct dpath *dp, uint64_t ns)
{
	struct dpath_audit *a = &dp->audit;
	uint64_t sent = dp->tx.sent_bytes - a->sent_bytes;
	uint64_t late_ns = dp->epoch.late_ns - a->epoch_late_ns;
	bool down = is_down(dp, sent > 0);

	if (ns > PERIOD_NS && ns - PERIOD_NS > late_ns)
		late_ns = ns - PERIOD_NS;
	a->facts[LDP_RX] = (struct windows_facts){.ns = ns, .late_ns = late_ns};
	a->facts[LDP_TX] = (struct windows_facts){
		.ns = ns,
		.late_ns = late_ns,
		.down = down || a->was_down,
		.limited = dp->tx.blocked || dp->tx.blocks != a->blocks,
		.carried = sent,
		.could = (uint64_t)((double)dp->link.tx_capacity_bps * (double)ns / 8e9),
	};
	a->was_down = down;
	a->blocks = dp->tx.blocks;
	a->sent_bytes = dp->tx.sent_bytes;
	a->epoch_late_ns = dp->epoch.late_ns;
}

/* A frozen guest, or one that took nothing out of a ring in which something lay. */
static bool stands_still(struct ldp *l)
{
	uint32_t before = l->audit.inflight, taken = l->audit.taken;

	if (l->frozen || !l->vchan || vchan_tx_poll(l->vchan) < 0)
		return l->frozen;
	l->audit.inflight = vchan_tx_inflight(l->vchan);
	l->audit.taken = vchan_tx_taken(l->vchan);
	return before > 0 && l->audit.taken == taken;
}

/* A guest that was frozen by the toolstack has no agent that could take anything. */
static void look_at_guest(struct dpath *dp, struct ldp *l, uint64_t ns)
{
	l->audit.still = stands_still(l);
	l->audit.still_ns = l->audit.still && !l->frozen ? l->audit.still_ns + ns : 0;
	dp->audit.any_still |= l->audit.still_ns > 0;
}

/* --- records ---------------------------------------------------------------------------------- */

/* What frames that are not fluid explain. */
static uint64_t slack_bytes(const struct dpath *dp, enum ldp_dir dir)
{
	uint32_t cap = sched_frame_cap_bytes(dir == LDP_TX ? dp->tx_sched : dp->rx_sched);

	return SLACK_FULL * FRAME_WIRE_FULL + SLACK_CAP * (cap < CAP_UNKNOWN ? cap : CAP_UNKNOWN);
}

static void judge(struct dpath *dp, struct ldp *l, struct windows_record *r, enum ldp_dir dir,
		  const struct windows_sample *s)
{
	bool kept;
	unsigned n = windows_judge(&r->dir[dir], s, &kept);

	l->audit.windows[dir] += n;
	l->audit.kept[dir] += kept ? n : 0;
	dp->audit.windows[dir] += n;
	dp->audit.broken[dir][s->reason] += kept ? 0 : n;
}

/* No daemon ran, and frames waited when the last one ended. */
static void judge_gap(struct dpath *dp, struct ldp *l, struct windows_record *r)
{
	uint64_t ns = dp->audit.facts[LDP_TX].ns, begin_ns = dp->now_ns - ns;
	struct windows_sample s = {.end_ms = dp->audit.now_ms - ns / NS_PER_MS,
				   .reason = WINDOWS_RESTART,
				   .stood_still = true};

	if (r->run == dp->audit.run || r->generation != l->id.generation ||
	    r->last_ms + LEFT_MS < dp->audit.left_ms || begin_ns < r->last_ns + PERIOD_NS)
		return;
	s.ns = begin_ns - r->last_ns;
	for (int dir = 0; dir < LDP_DIRS; dir++) {
		s.due_bytes = (uint64_t)((double)r->due_bps[dir] * (double)s.ns / 8e9);
		if (r->due_bps[dir])
			judge(dp, l, r, (enum ldp_dir)dir, &s);
	}
}

static void set_domid(struct windows_record *r, uint32_t domid)
{
	if (r->domid == domid)
		return;
	memmove(r->before + 1, r->before, sizeof(r->before) - sizeof(r->before[0]));
	r->before[0] = r->domid;
	r->domid = domid;
}

/* The LDP has its record from now on, if there is one for it. */
static void begin_record(struct dpath *dp, struct ldp *l)
{
	struct windows_record *r;

	if (!dp->audit.file.mem || l->audit.opened == dp->audit.opened)
		return;
	l->audit.opened = dp->audit.opened;
	l->audit.record = 0;
	r = windows_file_take(dp->audit.file.mem, l->id.uuid, ldp_guest(l), record_id(l->id.ldp));
	if (!r)
		return;
	l->audit.record = 1 + (uint32_t)(r - windows_file_record(dp->audit.file.mem, 0));
	windows_file_begin(r);
	judge_gap(dp, l, r);
	r->run = dp->audit.run;
	r->attached = 1;
	set_domid(r, ldp_guest(l));
	r->generation = l->id.generation;
	memset(r->due_bps, 0, sizeof(r->due_bps));
	if (l->guest[0])
		snprintf(r->guest, sizeof(r->guest), "%s", l->guest);
	windows_file_end(r);
}

void audit_window(struct dpath *dp, uint64_t ns)
{
	struct dpath_audit *a = &dp->audit;
	struct ldp *l;

	look_after_file(dp);
	look_at_uplink(dp, ns);
	a->now_ms = dp->wall() / NS_PER_MS;
	a->any_still = false;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (l->failed)
			continue;
		look_at_guest(dp, l, ns);
		begin_record(dp, l);
	}
	if (a->file.mem)
		windows_file_header(a->file.mem)->written_ms = a->now_ms;
}

/* Frames that it has given to be sent wait for others, whatever it does. */
bool audit_guest_still(const struct ldp *l, enum ldp_dir dir)
{
	bool takes_none = dir == LDP_RX && l->audit.still && l->rx_blocked;

	return l->frozen || l->promise[dir].stalled > 0 || takes_none;
}

void audit_judge(struct dpath *dp, struct ldp *l, enum ldp_dir dir, uint64_t due_bytes,
		 uint64_t had_bytes)
{
	struct windows_record *r = record_of(dp, l);
	struct windows_facts f = dp->audit.facts[dir];
	struct windows_sample s = {.end_ms = dp->audit.now_ms,
				   .ns = f.ns,
				   .due_bytes = due_bytes,
				   .had_bytes = had_bytes,
				   .slack_bytes = slack_bytes(dp, dir)};

	if (!r)
		return;
	f.guest_full = dir == LDP_RX && l->rx_blocked;
	f.guest_still = audit_guest_still(l, dir);
	s.stood_still = f.guest_still || f.guest_full || f.down;
	s.reason = windows_reason(&f);
	windows_file_begin(r);
	judge(dp, l, r, dir, &s);
	r->due_bps[dir] = 1 + (uint64_t)((double)due_bytes * 8e9 / (double)f.ns);
	r->last_ns = dp->now_ns;
	r->last_ms = s.end_ms;
	windows_file_end(r);
	l->audit.wants[dir] = true;
}

void audit_pass(struct dpath *dp, struct ldp *l, enum ldp_dir dir)
{
	struct windows_record *r = l->audit.wants[dir] ? record_of(dp, l) : NULL;

	l->audit.wants[dir] = false;
	if (!r)
		return;
	windows_file_begin(r);
	windows_pause(&r->dir[dir]);
	r->due_bps[dir] = 0;
	windows_file_end(r);
}

/* `due_bps` stays: perhaps the daemon ends. */
void audit_leave(struct dpath *dp, const struct ldp *l)
{
	struct windows_record *r = record_of(dp, l);

	if (!r)
		return;
	windows_file_begin(r);
	r->attached = 0;
	windows_file_end(r);
}

void audit_init(struct dpath *dp, const struct dpath_conf *conf)
{
	struct dpath_audit *a = &dp->audit;

	a->group = statsfile_group();
	a->run = dp->now_ns;
	if (!conf->run_dir || logfile_boot_id(a->boot, sizeof(a->boot)) < 0 ||
	    statsfile_windows_path(a->path, conf->run_dir, conf->name) < 0) {
		a->path[0] = '\0';
		return;
	}
	a->looked_ns = dp->now_ns;
	open_file(dp, true);
}

void audit_fini(struct dpath *dp)
{
	mapfile_close(&dp->audit.file);
}
