/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/control/device_state.h"
#include "backend/kept/kept_account.h"
#include "backend/msg/msg.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * In the same domain it inherits in any case: a guest can make itself be attached again by removing
 * its own nodes, and must not get rid of a debt by that.
 */
struct credit_id device_account_id(const struct device *d)
{
	struct credit_id id = {.generation = strtoull(d->generation, NULL, 16),
			       .ldp = record_ldp(d->domid, d->id),
			       .heir = d->settings.keep_balance ? CREDIT_HEIR_OF_GUEST
								: CREDIT_HEIR_OF_DOMAIN};

	memcpy(id.uuid, d->uuid, sizeof(id.uuid));
	return id;
}

void device_account_end(struct control *c, const struct device *d)
{
	struct msg *m;

	if (d->settings.keep_balance || d->lasting)
		return;
	m = msg_new(MSG_ENDED, LDP_SLOT_NONE);
	m->id = device_account_id(d);
	msg_post(c->out, m);
}

/* Epochs of this daemon since then. Two hosts' clocks may differ: never less than none. */
static uint64_t epochs_since(const struct control *c, uint64_t at_ms)
{
	struct timespec now;
	uint64_t now_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return now_ms > at_ms ? (now_ms - at_ms) * 1000 / c->conf.epoch_us : 0;
}

static void bring(struct control *c, struct device *d, const struct kept_account *a)
{
	uint64_t epochs = epochs_since(c, a->at_ms);
	struct msg *m = msg_new(MSG_BROUGHT, d->slot);

	m->brought.tx = record_decayed(a->tx, epochs);
	m->brought.rx = record_decayed(a->rx, epochs);
	log_info("%s: its account comes along: tx %" PRId64 ", rx %" PRId64 " bytes", d->name,
		 m->brought.tx, m->brought.rx);
	msg_post(c->out, m);
}

void device_account_take(struct control *c, struct device *d)
{
	char text[KEPT_ACCOUNT_MAX], path[SCHEMA_PATH_MAX];
	struct kept_account a;

	if (d->slot == LDP_SLOT_NONE || d->after != HS_WAIT ||
	    xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_ACCOUNT_BROUGHT, text, sizeof(text)) < 0)
		return;
	/* First: it must not be taken twice. */
	if (schema_key_path(path, sizeof(path), d->back, KEY_BACK_ACCOUNT_BROUGHT) < 0 ||
	    xs_conn_rm(c->xs, XS_NO_TXN, path) < 0)
		return;
	if (!kept_account_parse(text, &a))
		log_warning("%s: %s: expected " KEPT_ACCOUNT_FORM, d->name,
			    schema_name(KEY_BACK_ACCOUNT_BROUGHT));
	else if (d->settings.keep_balance)
		bring(c, d, &a);
}
