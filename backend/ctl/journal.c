/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#define UNIT_FIELD "_SYSTEMD_UNIT"
#define UNIT_BEGIN UNIT_FIELD "=dmvl-back@"
#define UNIT_END   ".service"
#define TEXT_BEGIN "MESSAGE="

struct journal {
	sd_journal *sd;
	unsigned uplinks;
	bool current;
	sd_id128_t boot;
};

/* The uplink of a unit's field; false: it is another program's unit. */
static bool uplink_of(const char *field, size_t len, char out[SCHEMA_NAME_MAX + 1])
{
	size_t begin = strlen(UNIT_BEGIN), end = strlen(UNIT_END);

	if (len <= begin + end || len - begin - end > SCHEMA_NAME_MAX ||
	    memcmp(field, UNIT_BEGIN, begin) != 0 || memcmp(field + len - end, UNIT_END, end) != 0)
		return false;
	snprintf(out, SCHEMA_NAME_MAX + 1, "%.*s", (int)(len - begin - end), field + begin);
	return true;
}

/* Only what the journal itself says of a line counts: a user may write what he likes. */
static int match_units(struct journal *j, const char *uplink)
{
	char name[SCHEMA_NAME_MAX + 1];
	const void *field;
	size_t len;
	int ret = sd_journal_query_unique(j->sd, UNIT_FIELD);

	while (ret >= 0 && (ret = sd_journal_enumerate_unique(j->sd, &field, &len)) > 0) {
		if (!uplink_of(field, len, name) || (uplink && strcmp(uplink, name) != 0))
			continue;
		ret = sd_journal_add_match(j->sd, field, len);
		j->uplinks++;
	}
	if (ret == 0 && j->uplinks == 0)
		return -ENOENT;
	return ret;
}

static bool is_of_boot(const struct journal *j)
{
	sd_id128_t boot;
	uint64_t us;

	return sd_journal_get_monotonic_usec(j->sd, &us, &boot) >= 0 &&
	       sd_id128_equal(boot, j->boot);
}

static int begin(struct journal *j, const char *uplink, uint64_t since_ms)
{
	int ret = sd_journal_open(&j->sd, SD_JOURNAL_LOCAL_ONLY);

	if (ret >= 0)
		ret = match_units(j, uplink);
	if (ret >= 0)
		ret = sd_id128_get_boot(&j->boot);
	if (ret >= 0)
		ret = sd_journal_seek_tail(j->sd);
	if (ret >= 0)
		ret = sd_journal_previous(j->sd);
	if (ret == 0)
		return -ENOENT;
	j->current = ret > 0 && is_of_boot(j);
	return ret < 0 ? ret : sd_journal_seek_realtime_usec(j->sd, since_ms * 1000);
}

int journal_open(const char *uplink, uint64_t since_ms, struct journal **out)
{
	struct journal *j = calloc(1, sizeof(*j));
	int ret = j ? begin(j, uplink, since_ms) : -ENOMEM;

	if (ret < 0)
		journal_close(j);
	else
		*out = j;
	return ret < 0 ? ret : 0;
}

void journal_close(struct journal *j)
{
	if (j)
		sd_journal_close(j->sd);
	free(j);
}

bool journal_is_current(const struct journal *j)
{
	return j->current;
}

unsigned journal_uplinks(const struct journal *j)
{
	return j->uplinks;
}

uint64_t journal_begin_ms(const struct journal *j)
{
	uint64_t us;

	return sd_journal_get_cutoff_realtime_usec(j->sd, &us, NULL) > 0 ? us / 1000 : 0;
}

/* 0 or -errno. */
static int read_line(struct journal *j, struct journal_line *out)
{
	size_t len, begin_len = strlen(TEXT_BEGIN);
	const void *field;
	uint64_t us;
	int ret = sd_journal_get_realtime_usec(j->sd, &us);

	if (ret >= 0)
		ret = sd_journal_get_data(j->sd, UNIT_FIELD, &field, &len);
	if (ret < 0)
		return ret;
	if (!uplink_of(field, len, out->uplink))
		return -ENOENT;
	ret = sd_journal_get_data(j->sd, "MESSAGE", &field, &len);
	if (ret < 0)
		return ret;
	snprintf(out->text, sizeof(out->text), "%.*s", (int)(len - begin_len),
		 (const char *)field + begin_len);
	out->t_ms = us / 1000;
	out->this_boot = is_of_boot(j);
	return 0;
}

int journal_next(struct journal *j, struct journal_line *out)
{
	int ret = sd_journal_next(j->sd);

	while (ret > 0) {
		ret = read_line(j, out);
		if (ret == 0)
			return 1;
		/* A line that is damaged, or has no text, is passed over. */
		if (ret != -ENOENT && ret != -EBADMSG)
			return ret;
		ret = sd_journal_next(j->sd);
	}
	return ret;
}

int journal_wait(struct journal *j)
{
	int ret = sd_journal_wait(j->sd, UINT64_MAX);

	return ret < 0 ? ret : 0;
}
