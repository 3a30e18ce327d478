/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The credit logs, as a recording of seconds.
 *
 * Theory of operation: what passed in a second is added up by logsum.c. When the second is over,
 * its sums become the records that dmvlctl record would have written: a T line, and an F line for
 * each device that lent or borrowed.
 */
#include "backend/ctl/plot_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/logstream.h"
#include "backend/ctl/logsum.h"
#include "common/log.h"

struct account {
	uint32_t ldp;
	uint64_t lent, borrowed; /* bytes, in the second under way */
	int64_t balance, told;	 /* what the last F line said */
};

struct reading {
	struct plot_source *s;
	struct logstream in;
	struct logsum sum;
	struct logtext text;
	unsigned uplink, first; /* its number, and that of its first device */
	struct account *account;
	unsigned accounts;
};

static void *grown(void *old, size_t count, size_t size)
{
	void *more = reallocarray(old, count, size);

	if (!more)
		exit(ctl_fail(EXIT_FAILED, "out of memory"));
	return more;
}

static void add(struct plot_source *s, const struct rec *r)
{
	if (s->recs == s->room) {
		s->room = 2 * s->room + 256;
		s->rec = grown(s->rec, s->room, sizeof(*s->rec));
	}
	s->rec[s->recs++] = *r;
}

/* "web1" of "web1/0"; "" if the domain's name is not known. */
static void name_of(struct reading *r, uint32_t ldp, rec_text out)
{
	char text[LOGTEXT_LDP_MAX], domid[16];

	logtext_ldp(&r->text, ldp, text);
	text[strrchr(text, '/') - text] = '\0';
	snprintf(domid, sizeof(domid), "%u", record_domid(ldp));
	snprintf(out, sizeof(rec_text), "%s", strcmp(text, domid) == 0 ? "" : text);
}

/* NULL: there are more than a recording can have. */
static struct account *account_of(struct reading *r, uint32_t ldp)
{
	struct rec rec = {.type = REC_DEVICE, .uplink = r->uplink, .id = record_id(ldp)};

	for (unsigned i = 0; i < r->accounts; i++)
		if (r->account[i].ldp == ldp)
			return &r->account[i];
	if (r->first + r->accounts == REC_DEVICES_MAX)
		return NULL;
	r->account = grown(r->account, r->accounts + 1, sizeof(*r->account));
	r->account[r->accounts] = (struct account){.ldp = ldp};
	rec.device = r->first + r->accounts;
	rec.domid = record_domid(ldp);
	name_of(r, ldp, rec.name);
	add(r->s, &rec);
	return &r->account[r->accounts++];
}

static void sum_up(struct reading *r)
{
	for (size_t i = 0; i < r->sum.pairs; i++) {
		const struct logsum_pair *p = &r->sum.pair[i];
		struct account *a = account_of(r, p->giver);

		if (a)
			a->lent += p->bytes;
		a = account_of(r, p->taker);
		if (a)
			a->borrowed += p->bytes;
	}
}

static void end_second(struct reading *r)
{
	struct rec rec = {.type = REC_TIME,
			  .uplink = r->uplink,
			  .end_ms = (r->sum.second + 1) * 1000,
			  .us = 1000000};

	if (!r->sum.second)
		return;
	sum_up(r);
	add(r->s, &rec);
	for (unsigned i = 0; i < r->accounts; i++) {
		struct account *a = &r->account[i];

		if (!a->lent && !a->borrowed && a->balance == a->told)
			continue;
		rec = (struct rec){.type = REC_FLOW, .device = r->first + i, .dir = r->in.dir};
		rec.flow.lent_bytes = a->lent;
		rec.flow.borrowed_bytes = a->borrowed;
		rec.flow.balance_bytes = a->balance;
		add(r->s, &rec);
		a->lent = a->borrowed = 0;
		a->told = a->balance;
	}
	logsum_clear(&r->sum);
}

static bool is_transfer(const struct record *r)
{
	return r->type == RECORD_LOAN || r->type == RECORD_BORROW || r->type == RECORD_REPAY;
}

static void take_record(struct reading *r, const struct record *record)
{
	struct account *a;

	if (logsum_is_over(&r->sum, record->t_ns))
		end_second(r);
	if (record->type == RECORD_RESTART) {
		end_second(r);
		add(r->s, &(struct rec){.type = REC_GAP, .uplink = r->uplink});
	}
	logsum_add(&r->sum, record);
	if (!is_transfer(record) || record->ldp == RECORD_NO_LDP)
		return;
	a = account_of(r, record->ldp);
	if (a)
		a->balance = record->balance_after;
}

static int read_stream(struct reading *r)
{
	struct rec rec = {.type = REC_UPLINK, .uplink = r->uplink};
	int ret = logstream_open_or_say(&r->in);

	if (ret)
		return ret;
	snprintf(rec.name, sizeof(rec.name), "%.63s", r->in.uplink);
	add(r->s, &rec);
	for (;;) {
		logstream_fill(&r->in);
		if (!r->in.batch.whole)
			break;
		for (uint32_t i = 0; i < r->in.batch.n; i++)
			take_record(r, &r->in.batch.record[i]);
		batch_drop(&r->in.batch);
	}
	end_second(r);
	return 0;
}

static int read_all(struct plot_source *s, struct ctl *ctl, uint32_t dir,
		    const struct logstream *found, int n)
{
	struct reading r = {.s = s, .text.ctl = ctl};
	int ret = 0;

	for (int i = 0; i < n && !ret && r.uplink < REC_UPLINKS_MAX; i++) {
		if (found[i].dir != dir)
			continue;
		r.in = found[i];
		ret = read_stream(&r);
		logstream_free(&r.in);
		logsum_free(&r.sum);
		r.first += r.accounts;
		r.accounts = 0;
		r.uplink++;
	}
	logtext_free(&r.text);
	free(r.account);
	return ret;
}

int plot_log_read(struct plot_source *s, struct ctl *ctl, uint32_t dir)
{
	struct logstream *found;
	int n, ret = logstream_check_domain(ctl);

	if (ret)
		return ret;
	n = logstreams_find(ctl, &found);
	if (n < 0)
		return ctl_fail_xs(n, "list", "the uplinks");
	if (n == 0)
		ret = ctl_fail(EXIT_FAILED, "no uplink has a credit log: dmvlctl check says why");
	else
		ret = read_all(s, ctl, dir, found, n);
	free(found);
	return ret;
}
