/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kept_guest.h: guest 1, which ends and comes back, for tests of what is remembered of its device:
 * a desk, `k`, the guest's ways, and the file that remembers it.
 */
#ifndef DMVL_TESTS_KEPT_GUEST_H
#define DMVL_TESTS_KEPT_GUEST_H

#include "backend/control/control_find.h"
#include "backend/control/device_list.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

static struct desk *k;

/* Guest 1, as domain 1, with a device of weight 33 that is connected. */
static inline void begin(void)
{
	k = desk_new();
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	desk_said(k);
}

/* The frame loop lets go of the device when it is told to. */
static inline void end(void)
{
	desk_turn(k);
	if (strchr(desk_said(k), 'D'))
		desk_deleted(k, 0);
	desk_turn(k);
}

/* Guest 1 is built again, as this domain. */
static inline void again(unsigned domid)
{
	desk_boot(domid, 1);
	desk_turn(k);
}

static inline bool is_back(unsigned domid)
{
	const char *weight = desk_read(domid, KEY_BACK_WEIGHT);
	const char *tx_max = desk_read(domid, KEY_BACK_TX_MAX);
	const char *mac = desk_read(domid, KEY_BACK_MAC);

	return desk_device(k, domid) && desk_state(domid) == 2 && weight && tx_max && mac &&
	       strcmp(weight, "33") == 0 && strcmp(tx_max, "7000000") == 0 &&
	       strcmp(mac, "00:16:3e:00:00:01") == 0;
}

/* The daemon ends without a word, and another one starts. */
static inline void restart(void)
{
	desk_lose_events(k);
	device_free_all(&k->c);
	control_find_devices(&k->c);
	control_sweep_orphans(&k->c);
	k->c.due.newcomers = true;
	desk_turn(k);
}

/* The file that remembers guest 1, with this behind its name. Good until the next call. */
static inline const char *file_path(const char *suffix)
{
	static char path[PATH_MAX + 64];
	char uuid[UUID_TEXT_LEN + 1];

	uuid_format((uint8_t[16]){1, 1}, uuid);
	snprintf(path, sizeof(path), "%s/%s%s", k->c.kept.dir, uuid, suffix);
	return path;
}

/* What is remembered of guest 1, read as a text; "": nothing. */
static inline const char *file(void)
{
	static char text[1024];
	size_t n = 0;
	FILE *f = fopen(file_path(""), "r");

	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static inline bool has(const char *line)
{
	return strstr(file(), line);
}

#endif
