/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_exits.h"

#include <stdio.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

static const struct {
	const char *word, *text;
} hows[] = {
	[EXITS_NONE] = {"none", ""},
	[EXITS_LOWER] = {"lower", "which is below the macvtap"},
	[EXITS_HARDWARE] = {"hardware", "which has hardware behind it"},
	[EXITS_CHOSEN] = {"chosen", "which the operator chose"},
	[EXITS_OLDEST] = {"oldest", "the oldest port of the bridge, since none has hardware"},
};

static void list(const struct exits *e, char out[EXITS_TEXT_MAX])
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < e->count; i++)
		len += (size_t)snprintf(out + len, EXITS_TEXT_MAX - len, "%s%s", i ? "," : "",
					e->name[i]);
}

static void say(const struct control *c)
{
	const struct exits *e = &c->probe.exits;

	if (e->how == EXITS_NONE)
		log_notice("uplink %s: no frame leaves the host: %s", c->conf.name, e->why);
	else
		log_notice("uplink %s: frames leave the host through %s, %s", c->conf.name,
			   c->exits.names, hows[e->how].text);
}

static void show_exits(struct control *c)
{
	const struct exits *e = &c->probe.exits;
	char names[EXITS_TEXT_MAX];

	list(e, names);
	if (c->exits.shown && c->exits.how == e->how && strcmp(c->exits.names, names) == 0)
		return;
	c->exits.how = e->how;
	memcpy(c->exits.names, names, sizeof(names));
	say(c);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_EXITS, names);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_EXITS_BY, hows[e->how].word);
}

static void show_speed(struct control *c)
{
	if (c->exits.shown && c->exits.speed_bps == c->probe.speed_bps)
		return;
	c->exits.speed_bps = c->probe.speed_bps;
	xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_SPEED, c->probe.speed_bps);
}

static void show_mtu(struct control *c)
{
	if (c->exits.shown && c->exits.mtu == c->probe.mtu)
		return;
	c->exits.mtu = c->probe.mtu;
	log_info("uplink %s: packets of at most %u bytes leave the host", c->conf.name,
		 c->probe.mtu);
	xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_MTU, c->probe.mtu);
}

void control_exits_show(struct control *c)
{
	show_exits(c);
	show_speed(c);
	show_mtu(c);
	c->exits.shown = true;
}
