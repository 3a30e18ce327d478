/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_settings.h"

#include <stdio.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/control_verdict.h"
#include "backend/control/device_kept.h"
#include "backend/control/device_mac.h"
#include "backend/control/device_state.h"
#include "backend/control/device_xs.h"
#include "backend/control/minima.h"
#include "backend/msg/msg.h"
#include "backend/xen/guest.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

static void send_conf(struct control *c, struct device *d)
{
	struct msg *m = msg_new(MSG_CONF, d->slot);
	struct ldp_conf conf = d->conf;

	settings_to_conf(&d->settings, &conf);
	conf.group = control_group_id(d);
	/* MAC and MTU stay what they are while the device is connected. */
	memcpy(conf.mac, d->conf.mac, sizeof(conf.mac));
	conf.mtu = d->conf.mtu;
	d->conf = conf;
	m->conf = conf;
	msg_post(c->out, m);
}

/* Is there less reserved than before, or in another place? Then something else may fit. */
static bool makes_room(const struct ldp_settings *was, const struct ldp_settings *is)
{
	return is->tx_min < was->tx_min || is->rx_min < was->rx_min ||
	       strcmp(is->group, was->group) != 0;
}

static void join(struct control *c, struct device *d, const struct ldp_settings *s)
{
	char why[SCHEMA_ERR_MAX];

	control_group_join(c, d, s->group);
	if (!d->group || control_group_of(d))
		return;
	snprintf(why, sizeof(why),
		 "%s %s: this uplink has %u groups, no more fit: the device runs without",
		 schema_name(KEY_BACK_GROUP), s->group, SCHED_GROUPS);
	refusal_add(d->unfit, schema_name(KEY_BACK_GROUP), why);
}

/* All keys at one moment: somebody may be removing the directory. */
struct loading {
	struct device *d;
	struct ldp_settings s;
	struct settings_text texts;
	bool online;
};

static int load(struct xs_conn *xs, uint32_t t, void *arg)
{
	struct loading *l = arg;
	char ignored[SCHEMA_ERR_MAX];
	int ret = device_check(xs, t, l->d);

	settings_text_clear(&l->texts); /* of a first attempt */
	if (ret < 0)
		return ret;
	l->s = l->d->settings;
	l->online = true;
	xskey_read_bool(xs, t, l->d->back, KEY_BACK_ONLINE, &l->online, ignored);
	return settings_load(xs, t, l->d->back, &l->s, &l->texts, l->d->unfit);
}

/* Admits minima, and notes which it does not. */
static void admit(struct control *c, struct loading *l)
{
	struct ldp_settings want = l->s;

	minima_admit(c, l->d, control_group_find(c, l->s.group), &l->s, l->d->unfit);
	l->texts.refused[KEY_BACK_TX_MIN] |= l->s.tx_min != want.tx_min;
	l->texts.refused[KEY_BACK_RX_MIN] |= l->s.rx_min != want.rx_min;
	l->texts.refused[KEY_BACK_GROUP] |= strcmp(l->s.group, want.group) != 0;
}

static void note_brought(const struct control *c, struct device *d,
			 const struct settings_text *texts)
{
	if (!d->brought)
		d->brought_ns = c->now_ns;
	d->brought = texts->of[KEY_BACK_ACCOUNT_BROUGHT];
}

/* Where an operator looks for what was changed, and when: dmvlctl log --changes (changes.c). */
static void say(const struct control *c, const struct device *d)
{
	const struct ldp_settings *s = &d->settings;
	const struct group_settings limits = {s->weight, s->tx_min, s->tx_max, s->rx_min,
					      s->rx_max};
	char text[LIMITS_TEXT_MAX], name[GUEST_NAME_MAX];

	guest_name(c->xs, d->domid, name, sizeof(name));
	log_info("%s: in force: %s, group %s, guest %s", d->name,
		 settings_limits_text(text, &limits), s->group[0] ? s->group : "none", name);
}

static void put_in_force(struct control *c, struct device *d, const struct ldp_settings *s)
{
	c->due.room |= d->served && makes_room(&d->settings, s);
	d->served = true;
	join(c, d, s);
	if (memcmp(s, &d->settings, sizeof(*s)) != 0 || d->conf.group != control_group_id(d)) {
		d->settings = *s;
		say(c, d);
		if (d->slot != LDP_SLOT_NONE)
			send_conf(c, d);
	}
	device_tell_mac(c, d);
}

/* 0, or -errno: not now. */
static int keep(struct control *c, struct device *d, const struct loading *l)
{
	d->online = l->online;
	if (d->online)
		return device_kept_remember(c, d, &l->texts);
	device_kept_forget(c, d); /* before it is closed, which is what dmvlctl waits for */
	return 0;
}

int device_load_settings(struct control *c, struct device *d)
{
	struct loading l = {.d = d};
	int ret;

	control_verdict_note(c, d->back, KEY_BACK_JUDGE, d->asked);
	ret = xs_txn(c->xs, load, &l);
	if (ret == 0) {
		if (!d->fresh) { /* until it is attached again */
			l.s.via_vif = d->settings.via_vif;
			memcpy(l.s.uplink, d->settings.uplink, sizeof(l.s.uplink));
		}
		admit(c, &l);
		note_brought(c, d, &l.texts);
		if (!d->gone)
			put_in_force(c, d, &l.s);
		ret = keep(c, d, &l);
	}
	settings_text_clear(&l.texts);
	return ret;
}

int device_load_last(struct control *c, struct device *d, uint32_t t)
{
	struct loading l = {.d = d};
	int ret = load(c->xs, t, &l);

	if (ret == 0) {
		admit(c, &l);
		ret = keep(c, d, &l);
	}
	settings_text_clear(&l.texts);
	return ret;
}
