/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks whether keys are taken gets an answer: when they were judged, and not before. */
#include "backend/control/control_verdict.h"

#include <errno.h>

#include "backend/control/control_group.h"
#include "backend/control/control_group_keys.h"
#include "backend/control/control_uplink.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"
#include "xenstore-schema/refusal.h"

static struct desk *k;

static const char *error(void)
{
	const char *text = desk_read(1, KEY_BACK_ERROR);

	return text ? text : "";
}

static bool is_asked(void)
{
	return desk_read(1, KEY_BACK_JUDGE) != NULL;
}

static void turn(void)
{
	desk_turn(k);
	control_verdict_step(&k->c);
}

static void test_taken(void)
{
	desk_write(1, KEY_BACK_WEIGHT, "300");
	desk_write(1, KEY_BACK_JUDGE, "0000000000000001");
	turn();
	ok(!is_asked(), "the answer comes when the keys are in force");
	is_str(error(), "", "a value that is taken leaves no error");
	is_int(desk_device(k, 1)->settings.weight, 300, "the value is in force");
}

static void test_refused(void)
{
	desk_write(1, KEY_BACK_WEIGHT, "banana");
	desk_write(1, KEY_BACK_JUDGE, "0000000000000002");
	turn();
	ok(!is_asked(), "the answer comes when a value is refused");
	ok(strncmp(error(), "weight \"banana\"", 15) == 0,
	   "the error is there when the answer comes");
	desk_write(1, KEY_BACK_WEIGHT, "256");
	turn();
}

/* What was refused before does not hide what is refused now. */
static void test_refused_behind(void)
{
	desk_write(1, KEY_BACK_WEIGHT, "banana");
	turn();
	desk_write(1, KEY_BACK_VLAN, "9999");
	desk_write(1, KEY_BACK_JUDGE, "0000000000000008");
	turn();
	ok(refusal_names(error(), "weight") && refusal_names(error(), "vlan"),
	   "the error names both keys that are refused: %s", error());
	desk_write(1, KEY_BACK_WEIGHT, "256");
	turn();
	ok(!refusal_names(error(), "weight") && strncmp(error(), "vlan: ", 6) == 0,
	   "the error of the other stays when one is mended: %s", error());
	desk_write(1, KEY_BACK_VLAN, "none");
	turn();
	is_str(error(), "", "no error is left when all are mended");
}

/* The keys of the one who asks last were not read yet. */
static void test_two_ask(void)
{
	desk_write(1, KEY_BACK_WEIGHT, "400");
	desk_write(1, KEY_BACK_JUDGE, "0000000000000003");
	desk_turn(k);
	desk_write(1, KEY_BACK_WEIGHT, "500");
	desk_write(1, KEY_BACK_JUDGE, "0000000000000004");
	control_verdict_step(&k->c);
	ok(is_asked(), "who asks later is not answered by what was read before");
	turn();
	ok(!is_asked(), "who asks later is answered when his keys were read");
	is_int(desk_device(k, 1)->settings.weight, 500, "the later value is in force");
}

/* A look that waits has not judged. */
static void test_not_yet(void)
{
	desk_write(1, KEY_BACK_JUDGE, "0000000000000005");
	desk_write(1, KEY_BACK_WEIGHT, "600");
	control_verdict_note(&k->c, desk_device(k, 1)->back, KEY_BACK_JUDGE,
			     desk_device(k, 1)->asked);
	device_mark(desk_device(k, 1), DEVICE_READ);
	control_verdict_step(&k->c);
	ok(is_asked(), "a device that will be read is not answered yet");
	turn();
	ok(!is_asked(), "a device that was read is answered");
}

static void test_group(void)
{
	char path[2 * SCHEMA_PATH_MAX];

	snprintf(path, sizeof(path), "%s/groups/acme/weight", k->c.uplink_dir);
	store_write(path, "7");
	snprintf(path, sizeof(path), "%s/groups/acme/judge", k->c.uplink_dir);
	store_write(path, "0000000000000006");
	turn();
	ok(!store_read(path), "who asks about a group is answered");
}

/* Whatever call of the reading fails: who asks is answered when the keys are in force. */
static void test_group_unread(void)
{
	char weight[2 * SCHEMA_PATH_MAX], judge[2 * SCHEMA_PATH_MAX];
	unsigned early = 0, never = 0;

	snprintf(weight, sizeof(weight), "%s/groups/acme/weight", k->c.uplink_dir);
	snprintf(judge, sizeof(judge), "%s/groups/acme/judge", k->c.uplink_dir);
	desk_write(1, KEY_BACK_GROUP, "acme");
	turn();
	for (unsigned calls = 0; calls < 12; calls++) {
		struct ldp_group *g = control_group_find(&k->c, "acme");

		store_write(weight, calls % 2 ? "8" : "9");
		store_write(judge, "0000000000000008");
		desk_write(1, KEY_BACK_JUDGE, "0000000000000009");
		k->c.due.groups = true;
		desk_lose_events(k);
		store_fail_later(EIO, calls);
		control_group_step(&k->c);
		store_fail(0);
		control_verdict_step(&k->c);
		early += g->settings.weight != (calls % 2 ? 8 : 9) &&
			 (!store_read(judge) || !is_asked());
		device_mark(desk_device(k, 1), DEVICE_READ);
		desk_pass(k, DESK_SEC);
		control_verdict_step(&k->c);
		never += store_read(judge) || is_asked();
	}
	is_int(early, 0, "who asks about a group is not answered before its keys were read");
	is_int(never, 0, "who asks about a group that could not be read is answered later");
	desk_write(1, KEY_BACK_GROUP, NULL);
	turn();
}

static void test_uplink(void)
{
	char path[2 * SCHEMA_PATH_MAX];

	snprintf(path, sizeof(path), "%s/tx-capacity", k->c.uplink_dir);
	store_write(path, "100000000");
	snprintf(path, sizeof(path), "%s/host-weight", k->c.uplink_dir);
	store_write(path, "banana");
	snprintf(path, sizeof(path), "%s/judge", k->c.uplink_dir);
	store_write(path, "0000000000000007");
	desk_turn(k);
	control_load_link(&k->c);
	k->c.due.link = true;
	control_verdict_step(&k->c);
	ok(store_read(path) != NULL, "an uplink that will be read again is not answered yet");
	control_load_link(&k->c);
	control_verdict_step(&k->c);
	ok(!store_read(path), "an uplink whose keys were read is answered");
	ok(strstr(k->c.link.error, "banana") != NULL, "the error of the uplink is there then");
}

int main(void)
{
	k = desk_new();
	desk_connect(k, 1);
	test_taken();
	test_refused();
	test_refused_behind();
	test_two_ask();
	test_not_yet();
	test_group();
	test_group_unread();
	test_uplink();
	desk_free(k);
	return done_testing();
}
