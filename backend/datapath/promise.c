/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/promise.h"

#include <stdlib.h>
#include <string.h>

#include "backend/credit/ledger_group.h"
#include "backend/datapath/audit.h"
#include "backend/datapath/core.h"
#include "backend/datapath/limits.h"
#include "backend/datapath/tenants.h"

/*
 * Theory of operation
 *
 * No frame is looked at here: at the end of a window, the loop sees what each LDP was charged
 * meanwhile, and for how long frames of it waited. The fluid ideal (backend/sched/fluid.h) then
 * says what each LDP that had frames waiting should have had: the others want what they had, or, if
 * frames of them waited nearly all the time too, all that they can get. All is counted as the
 * scheduler charges it (docs/scheduler.md). Where a capacity is configured, that is divided,
 * whether the link really carries it or not; otherwise what it carried, or, while it is down, what
 * it carried before.
 *
 * Rules may change in the middle of a window. What was due in it lies between what the rules of
 * before and those of its end give, so the lower of both is demanded. Of one that did not want all
 * that it could get in the window before, nothing is known by the old rules: it is not judged.
 */
#define NEARLY_PERCENT 90u  /* of a window */
#define LATELY	       10u  /* windows */
#define STALLED_MAX    600u /* windows: for longer nobody is judged who stands still */

static const struct sched_rule *rule_of(const struct ldp *l, enum ldp_dir dir)
{
	return dir == LDP_TX ? &l->conf.tx : &l->conf.rx;
}

static uint64_t bytes_of(uint64_t bps, uint64_t ns)
{
	return (uint64_t)((double)bps * (double)ns / 8e9);
}

static uint64_t bps_of(uint64_t bytes, uint64_t ns)
{
	return (uint64_t)((double)bytes * 8e9 / (double)ns);
}

/* What it exchanged with other LDPs so far: that counts for its maximum too. */
static uint64_t local_bytes(const struct ldp *l, enum ldp_dir dir)
{
	const struct ldp_counters *c = &l->count;

	return dir == LDP_TX ? c->tx_bytes - c->tx_uplink_bytes
			     : c->rx_bytes - l->rx_delivered_bytes;
}

/*
 * Frames of it waited nearly all the time; or it stands still, and a moment ago they did: the rest
 * of what it wanted to send is in the guest, where nobody sees it.
 */
static bool is_hungry(struct ldp_promise *p, bool still, uint64_t ns)
{
	if (p->window.waited_ns * 100 >= ns * NEARLY_PERCENT) {
		p->lately = LATELY;
		p->stalled = 0;
		return true;
	}
	p->stalled = still && (p->stalled > 0 || p->lately > 0) ? p->stalled + 1 : 0;
	p->lately -= p->lately > 0;
	return p->stalled > 0 && p->stalled <= STALLED_MAX;
}

/* Its queue has told nothing new for long: the guest is paused, perhaps. */
static bool is_deaf(struct ldp_promise *p, const struct ldp *l, enum ldp_dir dir)
{
	bool still = dir == LDP_RX && l->audit.still && l->rx_blocked;

	p->deaf = still && p->window.waited_ns > 0 ? p->deaf + 1 : 0;
	return p->deaf > STALLED_MAX;
}

/* Takes what came since the last look. */
static void look(struct dpath *dp, struct ldp *l, enum ldp_dir dir, uint64_t ns)
{
	struct ldp_promise *p = &l->promise[dir];
	struct ledger_sums sums = ledger_sums(dp->epoch.ledger[dir], l->slot);
	uint64_t backlog_ns = ldp_backlog_ns(&l->backlog[dir], dp->now_ns);
	uint64_t local = local_bytes(l, dir);

	p->window.had_bytes = sums.charged - p->sums.charged;
	p->window.waited_ns = backlog_ns - p->backlog_ns;
	p->window.local_bytes = local - p->local_bytes;
	if (is_deaf(p, l, dir))
		p->window.waited_ns = 0;
	p->window.hungry = is_hungry(p, l->audit.still, ns) && p->deaf <= STALLED_MAX;
	if (!p->window.hungry) {
		p->due_bps = 0;
		audit_pass(dp, l, dir);
	}
	p->sums = sums;
	p->backlog_ns = backlog_ns;
	p->local_bytes = local;
}

/* It sent or wanted to. */
static bool took_part(const struct ldp *l, enum ldp_dir dir)
{
	const struct ldp_promise *p = &l->promise[dir];

	return !l->failed &&
	       (p->window.had_bytes > 0 || p->window.waited_ns > 0 || p->window.hungry);
}

/* --- parts ------------------------------------------------------------------------------------ */

/* 0 is no maximum, so one that is used up, or below a byte in a window, leaves a byte. */
static uint64_t max_left(uint64_t max_bps, uint64_t ns, uint64_t used_bytes)
{
	uint64_t max_bytes = bytes_of(max_bps, ns);

	if (max_bps == 0)
		return 0;
	return max_bytes > used_bytes ? max_bytes - used_bytes : 1;
}

static void set_rule(struct fluid_part *part, const struct sched_rule *rule, uint64_t used_bytes,
		     uint64_t ns)
{
	part->weight = rule->weight;
	part->min = bytes_of(rule->min_bps, ns);
	part->max = max_left(rule->max_bps, ns, used_bytes);
}

/* What it had beyond its maximum, as far as it had saved that up, nobody else could have. */
static void allow_burst(struct fluid_part *part, const struct sched_rule *rule, uint64_t had_bytes)
{
	uint64_t burst = rule->burst_bytes ? rule->burst_bytes : rule->max_bps / 800; /* 10 ms */
	uint64_t most = part->max + burst + 2 * FRAME_WIRE_FULL;

	if (part->max && had_bytes > part->max)
		part->max = had_bytes < most ? had_bytes : most;
}

static void set_part(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir, uint64_t ns,
		     struct fluid_part *part)
{
	const struct ldp_promise *p = &l->promise[dir];

	set_rule(part, rule_of(l, dir), p->window.local_bytes, ns);
	allow_burst(part, rule_of(l, dir), p->window.had_bytes);
	part->factor = ledger_factor(dp->epoch.ledger[dir], l->slot) / (double)LEDGER_FACTOR_ONE;
	part->busy = p->stalled ? 1 : (double)p->window.waited_ns / (double)ns;
	part->demand = p->window.hungry ? FLUID_HUNGRY : p->window.had_bytes;
}

static void set_group(const struct dpath *dp, uint32_t group, enum ldp_dir dir, uint64_t ns)
{
	struct promise_work *w = dp->promise.work;
	struct fluid_part *sum = &w->part[w->group_at[group]];
	uint64_t members = 0, had_bytes = 0;

	*sum = (struct fluid_part){0};
	set_rule(sum, tenants_rule(dp, group, dir), w->local_bytes[group], ns);
	sum->factor = ledger_group_factor(dp->epoch.ledger[dir], group) / (double)LEDGER_FACTOR_ONE;
	for (uint32_t i = 0; i < w->count[group]; i++) {
		const struct fluid_part *member = &w->part[w->first[group] + i];

		members += member->min < member->demand ? member->min : member->demand;
		had_bytes += w->who[w->first[group] + i]->promise[dir].window.had_bytes;
		sum->busy += member->busy;
		sum->demand = member->demand == FLUID_HUNGRY || sum->demand == FLUID_HUNGRY
				      ? FLUID_HUNGRY
				      : sum->demand + member->demand;
	}
	allow_burst(sum, tenants_rule(dp, group, dir), had_bytes);
	if (sum->busy > 1)
		sum->busy = 1;
	/* As the scheduler reserves: what the group has of its own, or its members' minima. */
	if (sum->min < members)
		sum->min = sum->max && members > sum->max ? sum->max : members;
}

/*
 * The places of all parts: the members of each group side by side, and behind them those who
 * compete at the top, which are the LDPs in no group and the groups. Returns the number of these.
 */
static uint32_t lay_out(const struct dpath *dp, enum ldp_dir dir)
{
	struct promise_work *w = dp->promise.work;
	uint32_t at = 0, groups = 0;
	struct ldp *l;

	memset(w->count, 0, sizeof(w->count));
	memset(w->local_bytes, 0, sizeof(w->local_bytes));
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (took_part(l, dir))
			w->count[tenants_group(dp, l)]++;
	}
	for (uint32_t group = 1; group <= SCHED_GROUPS; group++) {
		w->first[group] = at;
		at += w->count[group];
	}
	w->first[LDP_GROUP_NONE] = at;
	at += w->count[LDP_GROUP_NONE];
	for (uint32_t group = 1; group <= SCHED_GROUPS; group++) {
		if (w->count[group])
			w->group_at[group] = at + groups++;
	}
	return w->count[LDP_GROUP_NONE] + groups;
}

static void fill(const struct dpath *dp, enum ldp_dir dir, uint64_t ns)
{
	struct promise_work *w = dp->promise.work;
	uint32_t filled[SCHED_GROUPS + 1] = {0};
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		uint32_t group = tenants_group(dp, l), at;

		if (!took_part(l, dir))
			continue;
		at = w->first[group] + filled[group]++;
		w->who[at] = l;
		w->local_bytes[group] += l->promise[dir].window.local_bytes;
		set_part(dp, l, dir, ns, &w->part[at]);
	}
	for (uint32_t group = 1; group <= SCHED_GROUPS; group++) {
		if (w->count[group])
			set_group(dp, group, dir, ns);
	}
}

/* --- shares ----------------------------------------------------------------------------------- */

/* Where no capacity is known. Only a link for which frames wait shows what it carries. */
static uint64_t carried_bytes(struct dpath *dp, enum ldp_dir dir, uint64_t ns)
{
	uint64_t *bps = &dp->promise.carried_bps[dir], sum = 0, before;
	bool hungry = false;
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		sum += l->promise[dir].window.had_bytes;
		hungry |= l->promise[dir].window.hungry;
	}
	if (dp->audit.facts[dir].down) {
		before = bytes_of(*bps, ns);
		return sum > before ? sum : before;
	}
	if (hungry)
		*bps = bps_of(sum, ns);
	return sum;
}

static uint64_t capacity_bytes(struct dpath *dp, enum ldp_dir dir, uint64_t ns)
{
	uint64_t bps = dir == LDP_TX ? dp->link.tx_capacity_bps : dp->rx.rate_bps;

	return bps ? bytes_of(bps, ns) : carried_bytes(dp, dir, ns);
}

static void divide(const struct dpath *dp, enum ldp_dir dir, uint32_t tops, uint64_t bytes)
{
	const struct weights *weights = &dp->tenants.weights[dir];
	struct promise_work *w = dp->promise.work;
	struct fluid_part *top = &w->part[w->first[LDP_GROUP_NONE]];

	fluid_weigh(top, tops, (double)weights->all);
	fluid_share(top, tops, bytes, w->kink);
	for (uint32_t group = 1; group <= SCHED_GROUPS; group++) {
		struct fluid_part *members = &w->part[w->first[group]];

		if (!w->count[group])
			continue;
		fluid_weigh(members, w->count[group], (double)weights->in[group]);
		fluid_share(members, w->count[group], w->part[w->group_at[group]].gets, w->kink);
	}
}

/* A burst takes from others, but nobody has a claim to one. */
static uint64_t due_bytes(const struct ldp *l, enum ldp_dir dir, const struct fluid_part *part,
			  uint64_t ns)
{
	uint64_t due = (uint64_t)((double)part->gets * (part->busy < 1 ? part->busy : 1));
	uint64_t max = max_left(rule_of(l, dir)->max_bps, ns, l->promise[dir].window.local_bytes);

	return max && due > max ? max : due;
}

/* `due` by the rules of the window's end. False: what was due is not known. */
static bool settle_due(const struct dpath *dp, struct ldp_promise *p, uint64_t ns, uint64_t *due)
{
	uint64_t before_bps = p->due_bps, before;

	p->due_bps = 1 + bps_of(*due, ns);
	if (!dp->promise.changed)
		return true;
	before = bytes_of(before_bps, ns);
	if (before < *due)
		*due = before;
	return before_bps > 0;
}

/*
 * One that did not always have frames waiting had what it wanted, as far as one can tell. `bytes`:
 * of all.
 */
static void judge(struct dpath *dp, struct ldp *l, enum ldp_dir dir, const struct fluid_part *part,
		  uint64_t bytes, uint64_t ns)
{
	struct promise_work *w = dp->promise.work;
	uint32_t group = tenants_group(dp, l);
	struct ldp_promise *p = &l->promise[dir];
	uint64_t due = due_bytes(l, dir, part, ns);

	if (!p->window.hungry)
		return;
	if (settle_due(dp, p, ns, &due)) {
		p->entitled_bytes += due;
		p->had_bytes += p->window.had_bytes;
		audit_judge(dp, l, dir, due, p->window.had_bytes);
	} else {
		audit_pass(dp, l, dir);
	}
	limits_window(dp, l, dir, part,
		      group == LDP_GROUP_NONE ? NULL : &w->part[w->group_at[group]], bytes);
}

/* False: nobody had or wanted anything. */
static bool judge_all(struct dpath *dp, enum ldp_dir dir, uint64_t ns)
{
	struct promise_work *w = dp->promise.work;
	uint32_t tops, ldps;
	uint64_t bytes;
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		look(dp, l, dir, ns);
	tops = lay_out(dp, dir);
	if (tops == 0)
		return false;
	ldps = w->first[LDP_GROUP_NONE] + w->count[LDP_GROUP_NONE];
	fill(dp, dir, ns);
	bytes = capacity_bytes(dp, dir, ns);
	divide(dp, dir, tops, bytes);
	for (uint32_t i = 0; i < ldps; i++)
		judge(dp, w->who[i], dir, &w->part[i], bytes, ns);
	return true;
}

bool promise_window(struct dpath *dp, uint64_t ns)
{
	bool any = false;

	if (ns > 0) {
		audit_window(dp, ns);
		any = dp->audit.any_still;
	}
	for (int dir = 0; ns > 0 && dir < LDP_DIRS; dir++)
		any |= judge_all(dp, (enum ldp_dir)dir, ns);
	dp->promise.changed = false;
	dp->promise.ended_ns = dp->now_ns;
	dp->promise.ns += ns;
	if (dp->promise.ns >= NS_PER_SEC) {
		dp->promise.ns = 0;
		limits_second(dp);
	}
	return any;
}

/* Where a window ends, another one has not begun. */
void promise_changed(struct dpath *dp)
{
	dp->promise.changed |= dp->now_ns != dp->promise.ended_ns;
}

bool promise_init(struct dpath *dp)
{
	dp->promise.ended_ns = dp->now_ns;
	dp->promise.work = calloc(1, sizeof(*dp->promise.work));
	return dp->promise.work;
}

void promise_fini(struct dpath *dp)
{
	free(dp->promise.work);
}
