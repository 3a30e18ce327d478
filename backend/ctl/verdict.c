/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "backend/ctl/clock.h"
#include "backend/ctl/daemon.h"
#include "common/log.h"
#include "xenstore-schema/refusal.h"
#include "xenstore-schema/xskey.h"

/* How often to look whether the daemon still lives: no watch tells that. */
#define LOOK_MS 250

static enum schema_key error_key(enum schema_area area)
{
	return area == SCHEMA_BACK    ? KEY_BACK_ERROR
	       : area == SCHEMA_GROUP ? KEY_GROUP_ERROR
				      : KEY_UPLINK_ERROR;
}

bool verdict_number(char out[VERDICT_NUMBER_MAX])
{
	uint64_t nonce = 0;

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return false;
	snprintf(out, VERDICT_NUMBER_MAX, "%016" PRIx64, nonce);
	return true;
}

void verdict_ask(struct ctl *ctl, struct change *change, const char *uplink)
{
	if (daemon_look(ctl, uplink) != DAEMON_RUNNING || !verdict_number(change->asked))
		change->asked[0] = '\0';
}

/* Waits until a watch fires, or a short time has passed. */
static void await(struct ctl *ctl)
{
	struct pollfd fd = {.fd = xs_conn_fd(ctl->xs), .events = POLLIN};
	struct xs_event event;

	poll(&fd, 1, LOOK_MS);
	while (xs_conn_next(ctl->xs, &event))
		xs_event_free(&event);
}

enum verdict_end verdict_removed(struct ctl *ctl, const char *path, const char *uplink)
{
	uint64_t end = clock_now_ns() + ctl->timeout_ns;

	xs_conn_watch(ctl->xs, path, "answer");
	while (!xs_conn_missing(ctl->xs, XS_NO_TXN, path)) {
		if (clock_now_ns() >= end)
			return VERDICT_LATE;
		if (daemon_look(ctl, uplink) != DAEMON_RUNNING)
			return VERDICT_ENDED;
		await(ctl);
	}
	return VERDICT_GIVEN;
}

/* False: it does not come, and why was told. */
static bool is_answered(struct ctl *ctl, const char *judge, const char *uplink)
{
	enum verdict_end end = verdict_removed(ctl, judge, uplink);

	if (end == VERDICT_LATE)
		log_warning("dmvl-back has not answered in time: dmvlctl check tells later "
			    "whether it has refused that");
	else if (end == VERDICT_ENDED && xs_conn_lives(ctl->xs))
		log_notice("the dmvl-back of uplink %s has ended: the next one looks at that",
			   uplink);
	return end == VERDICT_GIVEN;
}

static bool is_about(const char *sentence, const struct settings *settings)
{
	for (unsigned i = 0; i < settings->count; i++) {
		if (refusal_names(sentence, schema_name(settings->item[i].key)))
			return true;
	}
	return false;
}

int verdict_wait(struct ctl *ctl, const struct change *change, const char *uplink, const char *what)
{
	char path[SCHEMA_PATH_MAX], error[SCHEMA_VALUE_MAX + 1];
	enum schema_area area = change->settings->area;

	if (!change->asked[0]) {
		if (xs_conn_lives(ctl->xs))
			log_notice("no dmvl-back runs for uplink %s now: %s waits for it", uplink,
				   what);
		return 0;
	}
	if (schema_key_path(path, sizeof(path), change->dir, change_judge(area)) < 0 ||
	    !is_answered(ctl, path, uplink))
		return 0;
	if (xskey_read(ctl->xs, XS_NO_TXN, change->dir, error_key(area), error, sizeof(error)) <= 0)
		return 0;
	if (is_about(error, change->settings))
		return ctl_fail(EXIT_FAILED, "%s", error);
	log_notice("something else is wrong: %s", error);
	return 0;
}
