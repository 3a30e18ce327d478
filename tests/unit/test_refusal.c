/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One error names all keys that are refused, and is read back. */
#include "xenstore-schema/refusal.h"

#include "tests/unit/tap.h"

static void test_add(void)
{
	char err[REFUSAL_MAX] = "";

	refusal_add(err, "weight", "weight \"banana\": expected an integer");
	is_str(err, "weight \"banana\": expected an integer", "the first refusal is a sentence");
	refusal_add(err, "tx-min", "tx-min 9: the minima would sum to 10");
	refusal_add(err, "vlan", "vlan: \"x\" is not a VLAN");
	is_str(err, "weight \"banana\": expected an integer; refused too: tx-min, vlan",
	       "of the others there is the name");
	ok(refusal_names(err, "weight"), "the first key is refused");
	ok(refusal_names(err, "tx-min"), "the second key is refused");
	ok(refusal_names(err, "vlan"), "the third key is refused");
	ok(!refusal_names(err, "tx-max"), "another key is not");
	ok(!refusal_names(err, "tx"), "the beginning of a key is none");
	ok(!refusal_names(err, "banana"), "a word of the sentence is none");
}

static void test_long(void)
{
	char err[REFUSAL_MAX], long_one[600];

	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	memcpy(long_one, "allowed-ip: ", 12);
	err[0] = '\0';
	refusal_add(err, "allowed-ip", long_one);
	refusal_add(err, "tx-min", "tx-min 9: too much");
	refusal_add(err, "rx-min", "rx-min 9: too much");
	ok(strlen(err) < REFUSAL_MAX, "a long sentence leaves an error that fits");
	ok(refusal_names(err, "allowed-ip") && refusal_names(err, "tx-min") &&
		   refusal_names(err, "rx-min"),
	   "a long sentence is cut, the names are not");
	for (int i = 0; i < 90; i++)
		refusal_add(err, "offload-csum", "");
	ok(strlen(err) < REFUSAL_MAX, "more names than there are keys leave an error that fits");
	ok(refusal_names(err, "allowed-ip") && refusal_names(err, "tx-min"),
	   "more names than there are keys leave the first ones");
}

static bool is_set_by_people(const struct schema_entry *e)
{
	return e->owner == SCHEMA_BY_OPERATOR || e->owner == SCHEMA_BY_ATTACH;
}

/* Of one directory, behind a sentence of full length: nothing is hidden from dmvlctl set. */
static void test_all(enum schema_area area, const char *what)
{
	char err[REFUSAL_MAX] = "", sentence[SCHEMA_ERR_MAX];
	unsigned keys = 0, named = 0;

	memset(sentence, 'x', sizeof(sentence) - 1);
	sentence[sizeof(sentence) - 1] = '\0';
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);

		if (e->area != area || !is_set_by_people(e))
			continue;
		if (keys++ == 0) {
			memcpy(sentence, e->name, strlen(e->name));
			sentence[strlen(e->name)] = ' ';
		}
		refusal_add(err, e->name, sentence);
	}
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);

		named += e->area == area && is_set_by_people(e) && refusal_names(err, e->name);
	}
	ok(keys > 0 && named == keys, "%s: all %u keys that are refused are named: %u", what, keys,
	   named);
}

static void test_no_refusal(void)
{
	ok(!refusal_names("", "weight"), "no error refuses no key");
	ok(!refusal_names("tx-min is scaled down: all minima together are more", "tx-min"),
	   "a minimum that is scaled down is not refused");
	ok(!refusal_names("the guest sends from MAC x, its MAC is y", "mac"),
	   "another sentence refuses no key");
}

int main(void)
{
	test_add();
	test_long();
	test_all(SCHEMA_BACK, "a device");
	test_all(SCHEMA_UPLINK, "an uplink");
	test_all(SCHEMA_GROUP, "a group");
	test_no_refusal();
	return done_testing();
}
