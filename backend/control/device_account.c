/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/control/device_kept.h"
#include "backend/control/device_state.h"
#include "backend/kept/kept_account.h"
#include "backend/msg/msg.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

#define FADE_LOOK_NS (60000 * 1000000ull)
#define RETRY_NS     (1000 * 1000000ull)

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

/*
 * Epochs of this daemon since then. Two hosts' clocks may differ: never fewer than since the
 * account was seen here.
 */
static uint64_t epochs_since(const struct control *c, const struct device *d, uint64_t at_ms)
{
	uint64_t now_ms, ago_ms = (c->now_ns - d->brought_ns) / 1000000;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (now_ms > at_ms && now_ms - at_ms > ago_ms)
		ago_ms = now_ms - at_ms;
	return ago_ms * 1000 / c->conf.epoch_us;
}

static void bring(struct control *c, struct device *d, const struct kept_account *a)
{
	uint64_t epochs = epochs_since(c, d, a->at_ms);
	struct msg *m = msg_new(MSG_BROUGHT, d->slot);

	m->brought.tx = record_decayed(a->tx, epochs);
	m->brought.rx = record_decayed(a->rx, epochs);
	log_info("%s: its account comes along: tx %" PRId64 ", rx %" PRId64 " bytes", d->name,
		 m->brought.tx, m->brought.rx);
	msg_post(c->out, m);
}

/* In both directions. */
static bool is_faded(const struct control *c, const struct device *d, const struct kept_account *a)
{
	uint64_t epochs = epochs_since(c, d, a->at_ms);

	return record_decayed(a->tx, epochs) == 0 && record_decayed(a->rx, epochs) == 0;
}

/* It must not be taken twice: first it is not remembered any more, then the key goes. */
static bool let_go(struct control *c, struct device *d)
{
	char path[SCHEMA_PATH_MAX];

	return device_kept_taken(c, d) &&
	       schema_key_path(path, sizeof(path), d->back, KEY_BACK_ACCOUNT_BROUGHT) >= 0 &&
	       xs_conn_rm(c->xs, XS_NO_TXN, path) == 0;
}

/*
 * A guest that has not connected yet may end before it does, and come back: so its account waits in
 * the key, and is remembered (device_kept.c), until it is taken or has faded.
 */
void device_account_take(struct control *c, struct device *d)
{
	char text[SCHEMA_VALUE_MAX + 1];
	struct kept_account a;
	bool good, faded;

	if (d->after != HS_WAIT ||
	    xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_ACCOUNT_BROUGHT, text, sizeof(text)) < 0)
		return;
	good = kept_account_parse(text, &a);
	faded = good && is_faded(c, d, &a);
	if (d->slot == LDP_SLOT_NONE && good && !faded) {
		d->again_ns = c->now_ns + FADE_LOOK_NS;
		return;
	}
	if (!let_go(c, d)) {
		d->again_ns = c->now_ns + RETRY_NS;
		return;
	}
	d->brought = false;
	if (!good)
		log_warning("%s: %s: expected " KEPT_ACCOUNT_FORM, d->name,
			    schema_name(KEY_BACK_ACCOUNT_BROUGHT));
	else if (faded)
		log_info("%s: of the account that was brought nothing is left", d->name);
	else if (d->settings.keep_balance)
		bring(c, d, &a);
}
