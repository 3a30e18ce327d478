/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device that gets from one uplink to another: who makes it, with what, and who remembers it. */
#include <sys/stat.h>
#include <unistd.h>

#include "backend/control/control_kept.h"
#include "backend/kept/kept_file.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define UUID	 "01010000-0000-0000-0000-000000000000" /* of guest 1 */
#define SECTION	 "[" UUID "]\n"
#define OTHER_ID "[" UUID "/3]\nweight = 5\n"
#define END	 "# end\n"

static struct desk *k;
static char second[PATH_MAX], err[KEPT_FILE_ERR_MAX];

/* The uplink "second" of this host remembers this; NULL: nothing. */
static void second_remembers(const char *text)
{
	char path[PATH_MAX + 64];
	FILE *f;

	must(kept_dir_path(second, k->state_dir, "second") == 0 && kept_dir_make(second, err) == 0);
	snprintf(path, sizeof(path), "%s/" UUID, second);
	if (!text)
		return;
	f = fopen(path, "w");
	must(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* Removes it, so that the desk's directory can be removed. */
static void end(void)
{
	struct kept nothing = {.uuid = UUID};

	kept_file_write(second, &nothing, err);
	rmdir(second);
	desk_free(k);
}

/* Does the uplink whose directory this is remember the device? */
static bool knows(const char *dir, unsigned id)
{
	struct kept kept = {.count = 0};
	bool found = kept_file_read(dir, UUID, &kept, err) == 0 && kept_find(&kept, id);

	kept_clear(&kept);
	return found;
}

static const char *then_said(void)
{
	static char text[SCHEMA_VALUE_MAX + 1];
	struct kept kept = {.count = 0};
	const struct kept_device *d;

	snprintf(text, sizeof(text), "-");
	kept_file_read(k->c.kept.dir, UUID, &kept, err);
	d = kept_find(&kept, 0);
	if (d && d->policy[KEY_BACK_UPLINK])
		snprintf(text, sizeof(text), "%s", d->policy[KEY_BACK_UPLINK]);
	kept_clear(&kept);
	return text;
}

/* The guest ends, and the frame loop lets go of its device, if it has that. */
static void ends(unsigned domid)
{
	desk_end(domid);
	desk_turn(k);
	if (strchr(desk_said(k), 'D'))
		desk_deleted(k, 0);
	desk_turn(k);
}

/* Guest 1 is gone, and built again as this domain. */
static void again(unsigned was, unsigned domid)
{
	ends(was);
	desk_boot(domid, 1);
	desk_turn(k);
}

static void test_leaves(void)
{
	k = desk_new();
	second_remembers(NULL);
	desk_connect(k, 1);
	desk_policy(k, "[guest1]\nuplink = second\n");
	again(1, 9);
	ok(!desk_device(k, 9) && !desk_read(9, KEY_BACK_STATE),
	   "a device that the policy gave to another uplink is not made here");
	ok(knows(k->c.kept.dir, 0), "it stays remembered until the other uplink has it");
	desk_policy(k, "[guest1]\nuplink = second\nattach = no\n");
	again(9, 10);
	ok(desk_device(k, 10), "a policy that does not attach gives it to nobody");
	end();
}

static void test_stays(void)
{
	k = desk_new();
	second_remembers(NULL);
	desk_policy(k, "[guest1]\nuplink = second\n");
	desk_connect(k, 1);
	is_str(then_said(), "second", "it is remembered where the policy wants the device");
	again(1, 9);
	ok(desk_device(k, 9), "a device that was attached against the policy comes back here");
	is_str(then_said(), "second", "that stays remembered");
	desk_policy(k, "[guest1]\nuplink = third\n");
	again(9, 10);
	ok(!desk_read(10, KEY_BACK_STATE), "until the policy wants it on yet another uplink");
	end();
}

static void test_takes(void)
{
	k = desk_new();
	second_remembers(SECTION "weight = 77\nspoof-check = 1\n" OTHER_ID END);
	desk_policy(k, "[guest1]\nweight = 100\n");
	desk_boot(1, 1);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_SPOOF_CHECK), "1",
	       "a device that comes from another uplink has what was set for it");
	is_str(desk_read(1, KEY_BACK_WEIGHT), "100",
	       "what was set dies when the policy says something else of it");
	ok(knows(k->c.kept.dir, 0), "this uplink remembers it");
	ok(!knows(second, 0), "the other uplink does so no more");
	ok(knows(second, 3), "the guest's other devices stay where they were");
	end();
}

static void test_hands_off(void)
{
	k = desk_new();
	second_remembers(SECTION "# policy: uplink = " DESK_UPLINK "\n" END);
	desk_policy(k, "[guest1]\nweight = 100\n");
	desk_boot(1, 1);
	desk_turn(k);
	ok(!desk_read(1, KEY_BACK_STATE),
	   "a device that was attached to another uplink by hand is left to that one");
	ok(knows(second, 0), "that one goes on remembering it");
	end();
}

static void test_by_hand(void)
{
	k = desk_new();
	second_remembers(SECTION "weight = 77\n" OTHER_ID END);
	desk_connect(k, 1);
	ok(knows(k->c.kept.dir, 0) && !knows(second, 0) && knows(second, 3),
	   "a device that is attached here is remembered here alone");
	end();
}

/* While the disk does not take what is set here, it must not be lost there. */
static void test_late(void)
{
	char file[PATH_MAX + 64];

	k = desk_new();
	second_remembers(SECTION "weight = 77\n" END);
	snprintf(file, sizeof(file), "%s/" UUID, k->c.kept.dir);
	must(mkdir(file, 0700) == 0);
	desk_connect(k, 1);
	ok(control_kept_is_late(&k->c, UUID) && knows(second, 0),
	   "what cannot be written here stays remembered there");
	must(rmdir(file) == 0);
	desk_pass(k, 11 * DESK_SEC);
	desk_write(1, KEY_BACK_WEIGHT, "78");
	desk_turn(k);
	ok(knows(k->c.kept.dir, 0) && !knows(second, 0),
	   "when it is written, it is remembered here alone");
	end();
}

/* The nodes of a guest that has ended: it may be back on the other uplink already. */
static void test_dead(void)
{
	k = desk_new();
	second_remembers(SECTION "weight = 77\n" END);
	desk_attach(k, 1);
	hyp_domain(1)->exists = false;
	desk_turn(k);
	ok(knows(second, 0), "nodes of a guest that is gone do not make another uplink forget it");
	ok(!knows(k->c.kept.dir, 0), "and what they say is not remembered beside that");
	end();
}

static void test_exists(void)
{
	k = desk_new();
	second_remembers(NULL);
	desk_connect(k, 1);
	ends(1);
	desk_boot(9, 1);
	desk_lose_events(k);
	desk_attach(k, 9);
	hyp_domain(9)->uuid[0] = 1;
	desk_write(9, KEY_BACK_UPLINK, "second");
	desk_write(9, KEY_BACK_GUEST_UUID, UUID);
	store_fire("@introduceDomain");
	desk_turn(k);
	ok(knows(k->c.kept.dir, 0), "a device that nobody serves yet may be this uplink's");
	desk_write(9, KEY_BACK_SERVED_BY, "second");
	store_fire("@introduceDomain");
	desk_turn(k);
	ok(!knows(k->c.kept.dir, 0), "a device that another uplink serves is forgotten here");
	end();
}

int main(void)
{
	test_leaves();
	test_stays();
	test_takes();
	test_hands_off();
	test_by_hand();
	test_late();
	test_dead();
	test_exists();
	return done_testing();
}
