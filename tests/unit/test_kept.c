/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was set for a guest, as text: what is written is read again, and each mistake has a
 * sentence. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/kept/kept.h"
#include "tests/unit/tap.h"

#define UUID  "6fa459ea-ee8a-3ca4-894e-db77e160355e"
#define OTHER "00000000-ee8a-3ca4-894e-db77e160355e"
#define END   "# end\n"

static void set(struct kept *k, unsigned id, enum schema_key key, const char *value,
		const char *policy)
{
	struct kept_device *d = kept_add(k, id);

	kept_put(&d->set[key], value);
	kept_put(&d->policy[key], policy);
}

static void test_text(void)
{
	struct kept k = {.uuid = UUID, .name = "web1"}, again;
	char err[KEPT_ERR_MAX], *text;

	kept_add(&k, 3);
	set(&k, 0, KEY_BACK_ALLOWED_IP, "10.0.0.1,\n10.0.0.2", NULL);
	set(&k, 0, KEY_BACK_WEIGHT, "300", "100");
	set(&k, 1, KEY_BACK_TX_MIN, "5000000", "12.5%");
	kept_find(&k, 0)->by_policy = true;
	kept_put(&kept_find(&k, 3)->policy[KEY_BACK_UPLINK], "second");
	text = kept_format(&k);
	is_str(text,
	       "# guest: web1\n"
	       "[" UUID "]\n"
	       "weight = 300\n"
	       "# policy: weight = 100\n"
	       "allowed-ip = 10.0.0.1, 10.0.0.2\n"
	       "# policy: attach\n"
	       "[" UUID "/1]\n"
	       "tx-min = 5000000\n"
	       "# part: tx-min = 12.5%\n"
	       "[" UUID "/3]\n"
	       "# policy: uplink = second\n" END,
	       "a guest's devices are written by id, with what the policy said");
	is_int(kept_parse(text, strlen(text), &again, err), 0, "what was written is read");
	free(text);
	text = kept_format(&again);
	ok(strstr(text, "web1") && strstr(text, "# policy: weight = 100") &&
		   strstr(text, "# policy: attach"),
	   "what was read is written again");
	is_int(again.count, 3, "a device without settings is read too");
	ok(kept_same(kept_find(&k, 1), kept_find(&again, 1)), "a device is as it was written");
	ok(kept_same(kept_find(&k, 3), kept_find(&again, 3)),
	   "so is one that the policy gave to another uplink");
	ok(!kept_same(kept_find(&k, 0), kept_find(&again, 1)), "two devices are not the same");
	free(text);
	kept_clear(&again);
	kept_clear(&k);
}

static void test_devices(void)
{
	struct kept k = {.uuid = UUID};

	set(&k, 5, KEY_BACK_WEIGHT, "5", NULL);
	set(&k, 2, KEY_BACK_WEIGHT, "2", NULL);
	ok(kept_drop(&k, 2) && !kept_drop(&k, 2), "a device is dropped once");
	is_str(kept_find(&k, 5)->set[KEY_BACK_WEIGHT], "5", "the other device stays");
	ok(!kept_find(&k, 2), "a device that was dropped is not found");
	for (unsigned id = 10; kept_add(&k, id); id++)
		;
	is_int(k.count, KEPT_DEVICES_MAX, "a guest has at most KEPT_DEVICES_MAX devices");
	kept_clear(&k);
	ok(kept_is_key(KEY_BACK_WEIGHT) && kept_is_key(KEY_BACK_MAC), "settings are remembered");
	ok(!kept_is_key(KEY_BACK_STATE) && !kept_is_key(KEY_BACK_GENERATION) &&
		   !kept_is_key(KEY_BACK_GUEST_UUID) && !kept_is_key(KEY_BACK_UPLINK) &&
		   !kept_is_key(KEY_UPLINK_TX_CAPACITY),
	   "nothing else is");
}

#define FIRST  "[" UUID "]\n"
#define SECOND "[" UUID "/1]\n"

static const struct row {
	const char *text, *err;
} rows[] = {
	{"", "line 0: it is cut off: the last line is not \"# end\""},
	{FIRST "weight = 3\n", "line 2: it is cut off: the last line is not \"# end\""},
	{FIRST "weight = 3", "line 1: it is cut off: the last line is not \"# end\""},
	{FIRST END "weight = 3\n", "line 3: it is cut off: the last line is not \"# end\""},
	{"weight = 3\n" END, "line 1: weight before the first section"},
	{FIRST "weight=3\n" END, "line 2: \"weight=3\": expected KEY = VALUE"},
	{FIRST "banana = 3\n" END, "line 2: no key \"banana\""},
	{FIRST "state = 3\n" END, "line 2: no key \"state\""},
	{FIRST "weight = 0\n" END, "line 2: weight \"0\": expected an integer 1..65535"},
	{FIRST "# part: tx-min = 50\n" END, "line 2: \"50\": expected a percentage of a rate"},
	{FIRST "# part: weight = 50%\n" END, "line 2: \"50%\": expected a percentage of a rate"},
	{FIRST "# policy: tx-min = 50%\n" END,
	 "line 2: tx-min \"50%\": expected bits per second, an integer 0..1000000000000"},
	{FIRST "# policy: weight = x\n" END, "line 2: weight \"x\": expected an integer 1..65535"},
	{FIRST "weight = 3\nweight = 4\n" END, "line 3: weight is given twice"},
	{FIRST FIRST END,
	 "line 2: \"[6fa459ea-ee8a-3ca4-894e-db77e16\"...: a second section of this device"},
	{FIRST "[" OTHER "/1]\n" END,
	 "line 2: \"[00000000-ee8a-3ca4-894e-db77e16\"...: expected the same UUID in all "
	 "sections"},
	{"[web1]\n" END, "line 1: \"[web1]\": expected [UUID] or [UUID/ID]"},
	{"[6fa459ea]\n" END, "line 1: \"[6fa459ea]\": expected the same UUID in all sections"},
	{"[" UUID "/65536]\n" END,
	 "line 1: \"[6fa459ea-ee8a-3ca4-894e-db77e16\"...: expected [UUID] or [UUID/ID]"},
	{"[" UUID "/1\n" END,
	 "line 1: \"[6fa459ea-ee8a-3ca4-894e-db77e16\"...: expected [UUID] or [UUID/ID]"},
};

/* What the good lines say: of device 0 the weight, tx-max and spoof-check; of device 1 the weight.
 */
static const struct {
	const char *what, *text;
	size_t len;
	const char *want;
} half[] = {
#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define HALF(what, text, want)                     \
	{                                          \
		what, text, sizeof(text) - 1, want \
	}
	HALF("a bad value", FIRST "weight = 0\ntx-max = 7000000\n" SECOND "weight = 5\n" END,
	     "- 7000000 - 5"),
	HALF("an unknown key", FIRST "banana = 0\ntx-max = 7000000\nspoof-check = 0\n" END,
	     "- 7000000 0 -"),
	HALF("garbage that is no section",
	     FIRST "weight = 4\n@@@@\ntx-max = 7000000\n" SECOND "weight = 5\n" END,
	     "4 7000000 - 5"),
	HALF("a damaged section",
	     FIRST "weight = 4\n"
		   "{" UUID "/1]\ntx-max = 7000000\n" END,
	     "4 - - -"),
	HALF("zeros where a section may have been",
	     FIRST "weight = 4\n" ZEROS "\ntx-max = 7000000\n" SECOND "weight = 5\n" END,
	     "4 - - 5"),
	HALF("a section in two lines",
	     FIRST "weight = 4\n[6fa459ea-ee8a\n3ca4-894e-db77e160355e/1]\ntx-max = 7000000\n" END,
	     "4 - - -"),
	HALF("two lines that may be a section",
	     FIRST "weight = 4\n{6fa459ea-ee8a\n3ca4-894e-db77e160355e/1]\ntx-max = 7000000\n" END,
	     "4 - - -"),
	HALF("bytes that were no section",
	     FIRST "\xf3ght = 4\ntx-max = 7000000\n" SECOND "weight = 5\n" END, "- 7000000 - 5"),
	HALF("zeros that were no section", FIRST "we\0\0\0t = 4\ntx-max = 7000000\n" END,
	     "- 7000000 - -"),
	HALF("a long bad value",
	     FIRST "mac = 00:16:3e:00:00:01:00:16:3e:00:00:01:00:16:3e\nspoof-check = 0\n" END,
	     "- - 0 -"),
	HALF("an end that is cut off", FIRST "weight = 4\n" SECOND "weight = 5\nspo", "4 - - 5"),
	HALF("an end of zeros", FIRST "weight = 4\n\0\0\0", "4 - - -"),
#undef HALF
};

static const char *set_of(const struct kept *k, unsigned id, enum schema_key key)
{
	const struct kept_device *d = kept_find(k, id);

	return d && d->set[key] ? d->set[key] : "-";
}

static void test_half(void)
{
	char err[KEPT_ERR_MAX], got[128];
	struct kept k;

	for (size_t i = 0; i < sizeof(half) / sizeof(half[0]); i++) {
		is_int(kept_parse(half[i].text, half[i].len, &k, err), -EBADMSG,
		       "it is told of %s: %s", half[i].what, err);
		snprintf(got, sizeof(got), "%s %s %s %s", set_of(&k, 0, KEY_BACK_WEIGHT),
			 set_of(&k, 0, KEY_BACK_TX_MAX), set_of(&k, 0, KEY_BACK_SPOOF_CHECK),
			 set_of(&k, 1, KEY_BACK_WEIGHT));
		is_str(got, half[i].want, "good lines count beside %s", half[i].what);
		kept_clear(&k);
	}
	is_int(kept_parse(FIRST "weight = 0\nbanana = 1\n" END,
			  strlen(FIRST "weight = 0\nbanana = 1\n" END), &k, err),
	       -EBADMSG, "two mistakes are refused");
	ok(strstr(err, "line 2: weight"), "the first one is told: %s", err);
	kept_clear(&k);
}

/* A key of which it is not known what the file says. */
static void test_stays(void)
{
	struct kept file = {.count = 0}, late = {.count = 0}, fresh = {.count = 0};

	kept_put(&kept_add(&file, 0)->set[KEY_BACK_WEIGHT], "7");
	kept_put(&kept_add(&fresh, 0)->set[KEY_BACK_TX_MAX], "1000");
	fresh.device[0].stays[KEY_BACK_WEIGHT] = true;
	kept_merge(&late, &fresh);
	kept_merge(&late, &fresh);
	kept_merge(&file, &late);
	is_str(set_of(&file, 0, KEY_BACK_WEIGHT), "7", "what stays is left as it is");
	is_str(set_of(&file, 0, KEY_BACK_TX_MAX), "1000", "what is set beside it is put");
	fresh.device[0].stays[KEY_BACK_WEIGHT] = false;
	kept_merge(&late, &fresh);
	kept_merge(&file, &late);
	is_str(set_of(&file, 0, KEY_BACK_WEIGHT), "-", "what is known later is put");
	kept_clear(&file);
	kept_clear(&late);
	kept_clear(&fresh);
}

static void test_mistakes(void)
{
	struct kept k;
	char err[KEPT_ERR_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_int(kept_parse(rows[i].text, strlen(rows[i].text), &k, err), -EBADMSG,
		       "a mistake is refused: %s", rows[i].err);
		is_str(err, rows[i].err, "a mistake has its sentence: %s", rows[i].err);
		kept_clear(&k);
	}
	is_int(kept_parse(FIRST "\0" END, sizeof(FIRST "\0" END) - 1, &k, err), -EBADMSG,
	       "a NUL is refused");
	kept_clear(&k);
	is_int(kept_parse(FIRST "\n# mine\n" END, strlen(FIRST "\n# mine\n" END), &k, err), 0,
	       "comments and empty lines are passed over");
	kept_clear(&k);
	ok(!kept_is_uuid("6FA459EA-EE8A-3CA4-894E-DB77E160355E") && !kept_is_uuid("../x") &&
		   !kept_is_uuid(UUID ".new") && kept_is_uuid(UUID),
	   "a file's name is a UUID in lower case");
}

int main(void)
{
	test_text();
	test_devices();
	test_mistakes();
	test_half();
	test_stays();
	return done_testing();
}
