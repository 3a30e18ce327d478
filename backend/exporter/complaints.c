/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/complaints.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

static struct complaint_of *find(struct complaints *c, const char *uplink)
{
	for (unsigned i = 0; i < c->count; i++)
		if (strcmp(c->at[i].uplink, uplink) == 0)
			return &c->at[i];
	return NULL;
}

/* Those of uplinks that are gone make room. */
static void forget_gone(struct complaints *c, const struct sources *s)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->count; i++) {
		bool there = false;

		for (unsigned n = 0; n < s->count && !there; n++)
			there = strcmp(c->at[i].uplink, s->at[n].uplink) == 0;
		if (there)
			c->at[kept++] = c->at[i];
	}
	c->count = kept;
}

/* There is room: it has as many places as there are sources. */
static struct complaint_of *take(struct complaints *c, const char *uplink)
{
	struct complaint_of *of = find(c, uplink);

	if (of)
		return of;
	of = &c->at[c->count++];
	*of = (struct complaint_of){0};
	snprintf(of->uplink, sizeof(of->uplink), "%s", uplink);
	return of;
}

static void say(const char *run_dir, const char *uplink, const char *ending,
		enum source_problem problem, int error)
{
	switch (problem) {
	case SOURCE_UNREADABLE:
		log_warning("cannot read %s/%s.%s: %s%s", run_dir, uplink, ending, strerror(-error),
			    error == -EACCES ? "; run as the user or in the group dmvl" : "");
		break;
	case SOURCE_FOREIGN:
		log_warning("%s/%s.%s is not a file of dmvl-back's, or it is damaged", run_dir,
			    uplink, ending);
		break;
	case SOURCE_VERSION:
		log_warning("%s/%s.%s is of another version of dmvl-back", run_dir, uplink, ending);
		break;
	case SOURCE_TORN:
		log_warning("%s/%s.%s does not stop changing: it is left out", run_dir, uplink,
			    ending);
		break;
	case SOURCE_STOPPED:
		log_notice("%s/%s.%s: its dmvl-back does not run", run_dir, uplink, ending);
		break;
	default:
		break;
	}
}

static void tell_source(struct complaint_of *of, const char *run_dir, const struct source *s)
{
	if (s->problem == SOURCE_FINE && of->stats != SOURCE_FINE)
		log_notice("%s/%s.stats is read", run_dir, s->uplink);
	else if (s->problem != of->stats)
		say(run_dir, s->uplink, "stats", s->problem, s->error);
	if (s->kept_problem != of->kept && s->kept_problem != SOURCE_STOPPED)
		say(run_dir, s->uplink, "windows", s->kept_problem, s->kept_error);
	if (s->torn && !of->torn && s->problem == SOURCE_FINE)
		log_warning("%s/%s.stats: a record does not stop changing: it is left out", run_dir,
			    s->uplink);
	of->stats = s->problem;
	of->kept = s->kept_problem;
	of->torn = s->torn;
}

/* A file without records that is not there is no fault. */
static void add_up(const struct source *s, uint64_t count[SOURCE_PROBLEMS])
{
	count[s->problem]++;
	count[s->kept_problem]++;
	if (s->problem == SOURCE_FINE)
		count[SOURCE_TORN] += s->torn;
}

void complaints_tell(struct complaints *c, const char *run_dir, const struct sources *s, int ret,
		     uint64_t count[SOURCE_PROBLEMS])
{
	if (ret < 0) {
		if (ret != c->error)
			log_warning("cannot read the directory %s: %s", run_dir, strerror(-ret));
		count[SOURCE_UNREADABLE]++;
	}
	c->error = ret;
	if (s->left_out && !c->too_many)
		log_warning("%s has statistics of more than %u uplinks: %u are left out", run_dir,
			    SOURCES_MAX, s->left_out);
	c->too_many = s->left_out;
	forget_gone(c, s);
	for (unsigned i = 0; i < s->count; i++) {
		tell_source(take(c, s->at[i].uplink), run_dir, &s->at[i]);
		add_up(&s->at[i], count);
	}
}
