/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_world.h: devices and uplinks for tests of dmvlctl top, and what its screen says of them. */
#ifndef DMVL_TOP_WORLD_H
#define DMVL_TOP_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/top_page.h"

#define SECOND UINT64_C(1000000000)

static struct top_device device[8];
static struct top_uplink uplink[2];
static uint64_t now_ns = 100 * SECOND;

/* A connected device that sends at this rate, of a promise of 10 Mbit/s. */
static inline struct top_device sender(unsigned domid, const char *name, uint64_t tx_bps)
{
	struct top_device d = {.domid = domid, .uuid = {(uint8_t)domid}, .weight = 256};

	snprintf(d.name, sizeof(d.name), "%s", name);
	strcpy(d.state, "connected");
	strcpy(d.uplink, "default");
	d.counted = d.connected = true;
	d.flow[TOP_TX].rate_bps = tx_bps;
	d.flow[TOP_TX].promise_bps = d.flow[TOP_RX].promise_bps = 10000000;
	d.drops = 2;
	strcpy(d.drop[0].reason, "flood");
	strcpy(d.drop[1].reason, "mtu");
	return d;
}

/* Three devices: web1 sends 9 Mbit/s, web2 4, and db has no agent. */
static inline void three(void)
{
	device[0] = sender(1, "web1", 9000000);
	device[1] = sender(2, "web2", 4000000);
	device[2] = sender(3, "db", 0);
	device[2].counted = device[2].connected = false;
	strcpy(device[2].state, "no agent in the guest");
	uplink[0] = (struct top_uplink){.name = "default",
					.capacity_bps = {20000000},
					.rate_bps = {13000000},
					.connected = 2};
}

static inline bool update(struct top_model *m, unsigned devices)
{
	const struct top_sample s = {device, devices, uplink, 1, now_ns};

	now_ns += SECOND;
	return top_model_update(m, &s);
}

/* The screen as text; free it with the next call. */
static inline const char *drawn(struct top_model *m, unsigned columns, unsigned lines)
{
	static char *text;
	struct top_screen s = {.lines = lines, .columns = columns, .clock = "14:03:22"};

	free(text);
	text = calloc(lines, LINE_BYTES_MAX + 2);
	s.line = calloc(lines, sizeof(*s.line));
	top_page_draw(m, &s);
	for (unsigned i = 0; i < s.used; i++) {
		strcat(text, s.line[i].text);
		strcat(text, "\n");
	}
	free(s.line);
	return text;
}

/* Does the text have both, the first one before the second? */
static inline bool in_order(const char *text, const char *first, const char *second)
{
	const char *at = strstr(text, first);

	return at && strstr(at, second);
}

#endif
