/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/admit_ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/daemon.h"
#include "backend/ctl/verdict.h"
#include "xenstore-schema/xskey.h"

/*
 * One question at a time waits in the uplink's directory: it is written only while there is none.
 * The answer stays there until the next one. If somebody else's takes its place before it was read,
 * the question is asked again.
 */
#define TRIES 16

struct question {
	const char *dir;
	char text[SCHEMA_VALUE_MAX + 1];
};

/* What may decide. All together are shorter than the key's limit. */
static void put_keys(char *out, size_t size, const struct settings *settings)
{
	static const enum schema_key keys[] = {KEY_BACK_WEIGHT, KEY_BACK_GROUP,	 KEY_BACK_TX_MIN,
					       KEY_BACK_TX_MAX, KEY_BACK_RX_MIN, KEY_BACK_RX_MAX};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = settings_find(settings, keys[i]);
		size_t len = strlen(out);

		if (value && value[0])
			snprintf(out + len, size - len, " %s=%s", schema_name(keys[i]), value);
	}
}

static int write_question(struct ctl *ctl, uint32_t t, void *arg)
{
	const struct question *q = arg;
	char path[SCHEMA_PATH_MAX];
	int ret = schema_key_path(path, sizeof(path), q->dir, KEY_UPLINK_ADMIT);

	if (ret < 0)
		return ret;
	if (!xs_conn_missing(ctl->xs, t, path))
		return -EBUSY;
	return xskey_write(ctl->xs, t, q->dir, KEY_UPLINK_ADMIT, q->text);
}

static bool fail(struct admission *out, const char *why)
{
	*out = (struct admission){.admitted = false};
	snprintf(out->error, sizeof(out->error), "%s", why);
	return false;
}

/* NULL, or why there is no answer. */
static const char *await(struct ctl *ctl, const char *path, const char *uplink)
{
	switch (verdict_removed(ctl, path, uplink)) {
	case VERDICT_LATE:
		return "its dmvl-back has not answered in time";
	case VERDICT_ENDED:
		return "its dmvl-back has ended";
	default:
		return NULL;
	}
}

/* 0: *out is the answer. -EAGAIN: another question came between. -EIO: out->error says why. */
static int try(struct ctl *ctl, const char *uplink, struct question *q, struct admission *out)
{
	char number[VERDICT_NUMBER_MAX], path[SCHEMA_PATH_MAX], answer[SCHEMA_VALUE_MAX + 1];
	const char *why;
	int ret;

	snprintf(number, sizeof(number), "%s", q->text);
	schema_key_path(path, sizeof(path), q->dir, KEY_UPLINK_ADMIT);
	why = await(ctl, path, uplink); /* for the answer to somebody else's */
	if (!why) {
		ret = ctl_transaction(ctl, write_question, q);
		if (ret == -EBUSY)
			return -EAGAIN;
		why = ret < 0 ? strerror(-ret) : await(ctl, path, uplink);
	}
	if (why) {
		fail(out, why);
		return -EIO;
	}
	if (xskey_read(ctl->xs, XS_NO_TXN, q->dir, KEY_UPLINK_ADMITTED, answer, sizeof(answer)) <
		    0 ||
	    !admission_parse(answer, number, out))
		return -EAGAIN;
	return 0;
}

bool admit_ask(struct ctl *ctl, const char *uplink, const struct settings *settings,
	       struct admission *out)
{
	char dir[SCHEMA_PATH_MAX], number[VERDICT_NUMBER_MAX];
	struct question q = {.dir = dir};
	int ret = -EAGAIN;

	if (daemon_look(ctl, uplink) != DAEMON_RUNNING)
		return fail(out, "no dmvl-back runs for this uplink");
	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) < 0 ||
	    !verdict_number(number))
		return fail(out, "cannot ask its dmvl-back");
	snprintf(q.text, sizeof(q.text), "%s", number);
	put_keys(q.text, sizeof(q.text), settings);
	for (int i = 0; i < TRIES && ret == -EAGAIN; i++)
		ret = try(ctl, uplink, &q, out);
	if (ret == -EAGAIN)
		return fail(out, "others ask its dmvl-back all the time: try again");
	return ret == 0;
}
