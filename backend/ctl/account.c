/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/account.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/credit/logfile.h"
#include "backend/credit/replay.h"
#include "backend/ctl/clock.h"
#include "common/log.h"
#include "common/uuid.h"
#include "xenstore-schema/xskey.h"

/* One log, and what is looked for in it. */
struct search {
	uint8_t uuid[16];
	unsigned id;
	uint64_t now_ns; /* of CLOCK_REALTIME */
	int64_t balance;
	bool found;
};

/* When the last epoch ended. Balances fade from then on, whether there is traffic or not. */
static uint64_t last_commit_ns(const struct mapfile *f)
{
	struct ldplog_reader reader;
	struct record r;
	uint64_t t_ns = 0;
	int ret;

	ldplog_reader_init(&reader, f->mem);
	for (;;) {
		uint64_t at = reader.at;

		ret = ldplog_read(&reader, &r);
		if (ret == 0 || (ret < 0 && reader.at == at))
			return t_ns;
		if (ret > 0 && r.type == RECORD_COMMIT)
			t_ns = r.t_ns;
	}
}

static int64_t faded(const struct mapfile *f, int64_t balance, uint64_t now_ns)
{
	const struct ldplog_header *header = f->mem;
	uint64_t then_ns = last_commit_ns(f), epoch_us = header->id.epoch_us;

	if (then_ns >= now_ns || epoch_us == 0)
		return balance;
	return record_decayed(balance, (now_ns - then_ns) / 1000 / epoch_us);
}

/* An account that is kept for a device that has gone counts too, if there is no other. */
static void find_account(const struct replay *rp, struct search *s)
{
	bool live = false;

	for (uint32_t i = 0; i < rp->n && !live; i++) {
		const struct replay_account *a = &rp->account[i];

		if (!a->live || record_id(a->id.ldp) != s->id ||
		    memcmp(a->id.uuid, s->uuid, sizeof(s->uuid)) != 0)
			continue;
		s->balance = a->balance;
		s->found = true;
		live = !a->kept;
	}
}

static int search_file(const struct mapfile *f, struct search *s)
{
	struct ldplog_reader reader;
	struct replay rp;
	int ret;

	ldplog_reader_init(&reader, f->mem);
	replay_init(&rp);
	ret = replay_log(&rp, &reader);
	if (ret == 0 && !rp.synced)
		ret = -EBADMSG;
	if (ret == 0)
		find_account(&rp, s);
	if (s->found)
		s->balance = faded(f, s->balance, s->now_ns);
	replay_free(&rp);
	return ret;
}

static bool search(const char *path, struct search *s)
{
	struct mapfile f;
	int ret = logfile_map(&f, path);

	s->found = false;
	s->balance = 0;
	if (ret == 0) {
		ret = search_file(&f, s);
		mapfile_close(&f);
	}
	if (ret < 0)
		log_warning("%s cannot be read (%s): the account stays behind", path,
			    strerror(-ret));
	return s->found;
}

bool account_find(struct ctl *ctl, const char *uplink, const char *uuid, unsigned id,
		  struct kept_account *out)
{
	char dir[SCHEMA_PATH_MAX], path[SCHEMA_VALUE_MAX + 1], *end;
	struct search s = {.id = id, .now_ns = clock_ns(CLOCK_REALTIME)};
	bool any;

	if (!uuid_parse(uuid, s.uuid) ||
	    schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) < 0 ||
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_LOG_PATH, path, sizeof(path)) < 0)
		return false;
	any = search(path, &s);
	out->tx = s.balance;
	end = path + strlen(path) - strlen("tx.log");
	s.balance = 0;
	if (end > path && strcmp(end, "tx.log") == 0) {
		*end = 'r';
		any |= search(path, &s);
	}
	out->rx = s.balance;
	out->at_ms = s.now_ns / 1000000;
	return any;
}
