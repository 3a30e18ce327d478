/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy's text means, and what is said of each kind of mistake. */
#include "backend/policy/policy_parse.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static char said[8192];

static void on_said(void *arg, const char *sentence)
{
	size_t used = strlen(said);

	(void)arg;
	snprintf(said + used, sizeof(said) - used, "%s\n", sentence);
}

static struct policy *parse(const char *text, size_t len, unsigned *mistakes)
{
	struct policy *p = policy_new();
	char *copy = malloc(len + 1); /* without a NUL, as long as it says */

	memcpy(copy, text, len);
	said[0] = '\0';
	*mistakes = policy_parse(p, "p.conf", copy, len, on_said, NULL);
	*mistakes += policy_check(p, on_said, NULL);
	free(copy);
	return p;
}

/* --- mistakes --------------------------------------------------------------------------------- */

static const struct {
	const char *name, *text, *want;
} golden[] = {
	{"an unknown key", "[web1]\nweigth = 5\n",
	 "p.conf:2: no key \"weigth\": did you mean weight?\n"},
	{"a key with an underscore", "[web1]\ntx_min = 5mbit\n",
	 "p.conf:2: no key \"tx_min\": did you mean tx-min?\n"},
	{"a key like no other", "[web1]\nbandwidth = 5\n", "p.conf:2: no key \"bandwidth\"\n"},
	{"attach, mistyped", "[web1]\natach = yes\n",
	 "p.conf:2: no key \"atach\": did you mean attach?\n"},
	{"a key of an uplink at a guest", "[web1]\n\nhost-min = 5mbit\n",
	 "p.conf:3: host-min is a key of an uplink: write it in a section [uplink NAME]\n"},
	{"a key of a guest at an uplink", "[uplink default]\nvlan = 5\n",
	 "p.conf:2: vlan is a key of a device: write it in the section of a guest\n"},
	{"a key that groups do not have", "[group g]\nvlan = 5\n",
	 "p.conf:2: vlan is a key of a device: write it in the section of a guest\n"},
	{"a key that dmvl writes", "[web1]\ncredit = 5\n[uplink u]\nspeed = 1gbit\n",
	 "p.conf:2: credit is written by dmvl, not by the operator\n"
	 "p.conf:4: speed is written by dmvl, not by the operator\n"},
	{"a section twice", "[web1]\nweight = 1\n[web2]\n[web1]\nweight = 2\n",
	 "p.conf:4: [web1] is in p.conf:1 already\n"},
	{"the device 0 twice", "[web1]\n[web1/0]\n", "p.conf:2: [web1/0] is in p.conf:1 already\n"},
	{"a UUID twice",
	 "[6fa459ea-ee8a-3ca4-894e-db77e160355e]\n[6FA459EA-ee8a-3ca4-894e-db77e160355e]\n",
	 "p.conf:2: [6FA459EA-ee8a-3ca4-894e-db77e160355e] is in p.conf:1 already\n"},
	{"a key twice", "[web1]\nweight = 1\nweight = 2\n",
	 "p.conf:3: weight is given in line 2 already\n"},
	{"attach twice", "[web1]\nattach = no\nattach = yes\n",
	 "p.conf:3: attach is given twice in this section\n"},
	{"a value out of range", "[web1]\nweight = 0\n",
	 "p.conf:2: weight \"0\": expected an integer 1..65535\n"},
	{"a value without a unit that is clear", "[web1]\ntx-max = 10m\n",
	 "p.conf:2: tx-max \"10m\": bits or bytes? write 10mbit (bits) or 10mbps (bytes per "
	 "second)\n"},
	{"a value in quotes", "[web1]\nweight = \"5\"\n",
	 "p.conf:2: weight \"\\\"5\\\"\": expected an integer 1..65535\n"},
	{"a list with a bad entry", "[web1]\nvlan = 4095\n",
	 "p.conf:2: vlan: \"4095\" is not a VLAN"},
	{"attach = 1", "[web1]\nattach = 1\n", "p.conf:2: attach \"1\": expected yes or no\n"},
	{"a percentage of a weight", "[web1]\nweight = 5%\n",
	 "p.conf:2: weight \"5%\": a percentage is for minima and maxima only\n"},
	{"more than all", "[web1]\ntx-min = 101%\n",
	 "p.conf:2: tx-min \"101%\": expected a percentage above 0% and up to 100%\n"},
	{"a percentage that is none", "[web1]\ntx-min = -4%\n",
	 "p.conf:2: tx-min \"-4%\": expected a percentage above 0% and up to 100%\n"},
	{"a minimum above its maximum", "[web1]\ntx-min = 20mbit\ntx-max = 10mbit\n",
	 "p.conf:2: tx-min 20000000 is above tx-max 10000000 of p.conf:3\n"},
	{"a minimum above the default maximum",
	 "[default]\nrx-max = 10mbit\n[web1]\nrx-min = 20mbit\n",
	 "p.conf:4: rx-min 20000000 is above rx-max 10000000 of p.conf:2\n"},
	{"a maximum below the default minimum", "[default]\nrx-min = 30%\n[web1]\nrx-max = 20%\n",
	 "p.conf:4: rx-min 30% is above rx-max 20% of p.conf:4\n"},
	{"a MAC for many guests",
	 "[default]\nmac = 02:00:00:00:00:01\n[web*]\nmac = 02:00:00:00:00:01\n",
	 "p.conf:2: mac is for one guest: write it in the section of its name or UUID\n"
	 "p.conf:4: mac is for one guest: write it in the section of its name or UUID\n"},
	{"no section", "weight = 5\n",
	 "p.conf:1: weight stands in no section: write [default] or the name of a guest above "
	 "it\n"},
	{"no '='", "[web1]\nweight 5\n", "p.conf:2: expected KEY = VALUE or [NAME]\n"},
	{"no '=' in the last line", "[web1]\nweight", "p.conf:2: expected KEY = VALUE or [NAME]\n"},
	{"no '=' before the comment", "[web1]\nweight ; = 5\n",
	 "p.conf:2: expected KEY = VALUE or [NAME]\n"},
	{"no key", "[web1]\n= 5\n", "p.conf:2: no key before the '='\n"},
	{"a ':' for the '='", "[web1]\nweight : 5\nmtu: 1400\nmac:00:16:3e:00:00:01\n",
	 "p.conf:2: write '=' behind weight, not ':'\n"
	 "p.conf:3: write '=' behind mtu, not ':'\n"
	 "p.conf:4: write '=' behind mac, not ':'\n"},
	{"a ':' before the '='", "[web1]\nweight := 5\n",
	 "p.conf:2: write '=' behind weight, not ':'\n"},
	{"a ':' behind a key that is there already", "[web1]\nweight = 5\n\tweight\t:\t6\n",
	 "p.conf:3: write '=' behind weight, not ':'\n"},
	{"a ':' and a list that goes on",
	 "[web1]\nvlan = 10\nallowed-ip : 10.0.0.1,\n  fd00::1,\n; between\n  10.0.0.2\nmtu = 0\n",
	 "p.conf:3: write '=' behind allowed-ip, not ':'\n"
	 "p.conf:7: mtu \"0\": expected an integer 68..65521\n"},
	{"a ':' below a list", "[web1]\nallowed-ip = 10.0.0.1,\n  fd00::1\n  weight : 5\n",
	 "p.conf:4: write '=' behind weight, not ':'\n"},
	{"a ':' in no section", "weight : 5\n", "p.conf:1: write '=' behind weight, not ':'\n"},
	{"an address and no key", "[web1]\nallowed-ip = 10.0.0.1\nfd00::1\n",
	 "p.conf:3: expected KEY = VALUE or [NAME]\n"},
	{"an address and no '='", "[web1]\nallowed-ip fd00::1\n",
	 "p.conf:2: expected KEY = VALUE or [NAME]\n"},
	{"a blank in a key", "[web1]\ntx min = 5mbit\n",
	 "p.conf:2: no key \"tx min\": did you mean tx-min?\n"},
	{"a list whose key is mistyped", "[web1]\nalowed-ip = 10.0.0.1,\n  10.0.0.2,\n  fd00::1\n",
	 "p.conf:2: no key \"alowed-ip\": did you mean allowed-ip?\n"},
	{"two keys in a line", "[web1]\nweight = 5 mtu = 1400\n",
	 "p.conf:2: weight \"5 mtu = 1400\": expected an integer 1..65535\n"},
	{"a line that should go on", "[web1]\nallowed-ip = 10.0.0.1, \\\n10.0.0.2\n",
	 "p.conf:2: allowed-ip \"10.0.0.1, \\\\\": expected 0..1023 characters, items separated "
	 "by ','\n"
	 "p.conf:3: expected KEY = VALUE or [NAME]\n"},
	{"an empty value", "[web1]\nweight =\nmtu = ; none\nvlan = # none\nattach =\n",
	 "p.conf:2: weight \"\": expected an integer 1..65535\n"
	 "p.conf:3: mtu \"\": expected an integer 68..65521\n"
	 "p.conf:4: vlan: a comment behind a value begins with ';'\n"
	 "p.conf:5: attach \"\": expected yes or no\n"},
	{"a comment without a blank before it", "[web1]\nweight = 5;half\n",
	 "p.conf:2: weight \"5;half\": expected an integer 1..65535\n"},
	{"capital letters", "[web1]\nWeight = 5\n[Default]\n[GROUP g]\n[Uplink default]\n",
	 "p.conf:2: no key \"Weight\": did you mean weight?\n"
	 "p.conf:3: section \"Default\": write default in lower case\n"
	 "p.conf:4: section \"GROUP g\": write the first word in lower case\n"
	 "p.conf:5: section \"Uplink default\": write the first word in lower case\n"},
	{"a rest of what is no list", "[web1]\nweight = 5\n  6\n",
	 "p.conf:3: expected KEY = VALUE or [NAME]\n"},
	{"a section without end", "[web1\nweight = 0\n",
	 "p.conf:1: expected [NAME] and nothing behind it\n"},
	{"words behind a section", "[web1] weight = 5\n",
	 "p.conf:1: expected [NAME] and nothing behind it\n"},
	{"a section without name", "[]\nweight = 0\n",
	 "p.conf:1: section \"\": expected the name, the UUID or a pattern of guests\n"},
	{"a device of [default]", "[default/1]\n",
	 "p.conf:1: section \"default\": it is for all devices: leave out the id\n"},
	{"a guest on its way", "[web1--incoming]\n",
	 "p.conf:1: section \"web1--incoming\": leave out what a migration puts behind the name\n"},
	{"a device without guest", "[/1]\n",
	 "p.conf:1: section \"\": expected the name, the UUID or a pattern of guests\n"},
	{"a device id that is none", "[web1/x]\n[web1/]\n[web1/65536]\n[web1/99999999999]\n",
	 "p.conf:1: section \"web1/x\": expected a device id 0..65535 behind the '/'\n"
	 "p.conf:2: section \"web1/\": expected a device id 0..65535 behind the '/'\n"
	 "p.conf:3: section \"web1/65536\": expected a device id 0..65535 behind the '/'\n"
	 "p.conf:4: section \"web1/99999999999\": expected a device id 0..65535 behind the '/'\n"},
	{"a UUID with a digit less, and one in braces",
	 "[6fa459ea-ee8a-3ca4-894e-db77e160355]\n[{6fa459ea-ee8a-3ca4-894e-db77e160355e}]\n",
	 "p.conf:1: section \"6fa459ea-ee8a-3ca4-894e-db77e160\"...: a UUID has 8, 4, 4, 4 and 12 "
	 "hexadecimal digits\n"
	 "p.conf:2: section \"{6fa459ea-ee8a-3ca4-894e-db77e16\"...: a UUID has 8, 4, 4, 4 and 12 "
	 "hexadecimal digits\n"},
	{"a pattern without end", "[web[12]\n[a[!]]\n",
	 "p.conf:1: section \"web[12\": expected a ']' behind each '[' of a pattern\n"
	 "p.conf:2: section \"a[!]\": expected a ']' behind each '[' of a pattern\n"},
	{"a group without name", "[group]\n[uplink a/b]\n",
	 "p.conf:1: section \"group\": expected a name of 1..32 letters, digits, '.', '_' and '-', "
	 "not "
	 "'.' or '-' first\n"
	 "p.conf:2: section \"uplink a/b\": expected a name of 1..32 letters, digits, '.', '_' and "
	 "'-', not '.' or '-' first\n"},
	{"a comment that begins with '#'", "[web1]\nweight = 5 # half\n",
	 "p.conf:2: weight: a comment behind a value begins with ';'\n"},
	{"a control character", "[web1]\nwei\x01ght = 5\nweight = 5\rmtu = 0\n",
	 "p.conf:2: the line has a control character, 0x01\n"
	 "p.conf:3: the line has a control character, 0x0d\n"},
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		unsigned mistakes;
		const char *want = golden[i].want;

		policy_free(parse(golden[i].text, strlen(golden[i].text), &mistakes));
		if (!ok(mistakes > 0 && strncmp(said, want, strlen(want)) == 0 &&
				(want[strlen(want) - 1] != '\n' || strcmp(said, want) == 0),
			"what is said of %s", golden[i].name))
			diag("got %s", said);
	}
}

static void test_bytes(void)
{
	static const char nul[] = "[web1]\nweight = 5\0\nweight = 6\n";
	char line[POLICY_LINE_MAX + 64], text[POLICY_LINE_MAX + 80];
	struct policy *p;
	unsigned mistakes;

	p = parse(nul, sizeof(nul) - 1, &mistakes);
	is_str(said, "p.conf:2: the line has a control character, 0x00\n",
	       "what is said of a NUL byte");
	is_int(p->section[0].items, 1, "the line behind a NUL byte is read");
	policy_free(p);

	memset(line, 'x', sizeof(line));
	snprintf(text, sizeof(text), "[web1]\n; %.*s\nweight = 0", POLICY_LINE_MAX - 2, line);
	policy_free(parse(text, strlen(text), &mistakes));
	is_str(said, "p.conf:3: weight \"0\": expected an integer 1..65535\n",
	       "the longest line is read, and lines behind it have their number");
	snprintf(text, sizeof(text), "[web1]\n; %.*s\nweight = 0", POLICY_LINE_MAX - 1, line);
	policy_free(parse(text, strlen(text), &mistakes));
	is_str(said,
	       "p.conf:2: the line has 200 bytes, at most 199 are read: a list may go on in the "
	       "next line, indented\n"
	       "p.conf:3: weight \"0\": expected an integer 1..65535\n",
	       "what is said of a line that is too long");
}

static void test_many(void)
{
	char text[2048] = "[web1]\n", *last;
	unsigned mistakes, lines = 0;

	for (int i = 0; i < 100; i++)
		strcat(text, "x = 1\n");
	policy_free(parse(text, strlen(text), &mistakes));
	for (last = said; (last = strchr(last, '\n')); last++)
		lines++;
	is_int(mistakes, 100, "all mistakes are counted");
	is_int(lines, POLICY_MISTAKES_MAX, "the first twenty mistakes are said");
}

static void test_ids(void)
{
	char text[2048] = "";
	unsigned mistakes;

	for (unsigned i = 0; i < POLICY_IDS_MAX; i++)
		sprintf(text + strlen(text), "[web1/%u]\n", i);
	strcat(text, "[web2/63]\n");
	policy_free(parse(text, strlen(text), &mistakes));
	is_int(mistakes, 0, "a policy may have 64 device ids");
	strcat(text, "[web2/64]\n");
	policy_free(parse(text, strlen(text), &mistakes));
	is_str(said, "p.conf:66: [web2/64]: a policy has at most 64 different device ids\n",
	       "one more is a mistake");
}

/* --- what is right ---------------------------------------------------------------------------- */

static void is_value(const struct policy *p, const char *uuid, const char *name, unsigned id,
		     enum schema_key key, const char *want)
{
	struct policy_match m;
	const char *got;

	policy_find(p, NULL, uuid, name, id, &m);
	got = policy_value(&m, key);
	is_str(got ? got : "-", want, "%s of %s%s/%u", schema_name(key), name, uuid, id);
}

#define UUID "6fa459ea-ee8a-3ca4-894e-db77e160355e"

static void test_precedence(void)
{
	static const char text[] = "[web2]\nweight = 1\n"
				   "[web*]\nweight = 2\nmtu = 2000\nlatency = low\n"
				   "[*2]\nmtu = 3000\n"
				   "[web2/1]\nweight = 7\n"
				   "[" UUID "]\nweight = 9\n"
				   "[default]\nflood-rate = 5\nweight = 3\nlatency = normal\n";
	unsigned mistakes;
	struct policy *p = parse(text, strlen(text), &mistakes);

	is_int(mistakes, 0, "a good text has no mistakes");
	is_value(p, "", "web2", 0, KEY_BACK_WEIGHT, "1");
	is_value(p, "", "web2", 0, KEY_BACK_MTU, "3000");
	is_value(p, "", "web1", 0, KEY_BACK_MTU, "2000");
	is_value(p, "", "web1", 0, KEY_BACK_WEIGHT, "2");
	is_value(p, "", "web2", 0, KEY_BACK_LATENCY, "low");
	is_value(p, "", "web2--incoming", 0, KEY_BACK_WEIGHT, "1");
	is_value(p, UUID, "web2", 0, KEY_BACK_WEIGHT, "9");
	is_value(p, UUID, "web2", 0, KEY_BACK_MTU, "3000");
	is_value(p, "", "web2", 1, KEY_BACK_WEIGHT, "7");
	is_value(p, "", "web2", 1, KEY_BACK_MTU, "-");
	is_value(p, "", "web2", 2, KEY_BACK_WEIGHT, "3");
	is_value(p, "", "db", 0, KEY_BACK_FLOOD_RATE, "5");
	is_value(p, "", "", 0, KEY_BACK_FLOOD_RATE, "5");
	is_value(p, "6FA459EA-EE8A-3CA4-894E-DB77E160355E", "", 0, KEY_BACK_WEIGHT, "9");
	policy_free(p);
}

static void is_attached(const char *text, const char *name, bool want)
{
	struct policy_match m;
	unsigned mistakes;
	struct policy *p = parse(text, strlen(text), &mistakes);
	char shown[80];

	policy_find(p, NULL, "", name, 0, &m);
	snprintf(shown, sizeof(shown), "%s", text);
	for (char *c = shown; (c = strchr(c, '\n'));)
		*c = ' ';
	ok(mistakes == 0 && m.attach == want, "with %sthe guest %s is %sattached", shown, name,
	   want ? "" : "not ");
	policy_free(p);
}

static void test_attach(void)
{
	is_attached("[web1]\n", "web1", true);
	is_attached("[web1]\n", "web2", false);
	is_attached("[web*]\n", "web2", true);
	is_attached("[web[12]] ; two ]\n", "web2", true);
	is_attached("[web[12]]\n", "web3", false);
	is_attached("[web[[]1]\n", "web[1", true);
	is_attached("[web[!]a]]\n", "web1", true);
	is_attached("[web\\[1]\n", "web[1", true);
	is_attached("[web1]\nattach = no\n", "web1", false);
	is_attached("[*]\n[web1]\nattach = no\n", "web1", false);
	is_attached("[default]\nweight = 5\n", "web1", false);
	is_attached("[default]\nattach = yes\n", "web1", true);
	is_attached("[default]\nattach = no\n[web1]\nweight = 5\n", "web1", false);
	is_attached("[web1/1]\n", "web1", false);
}

static void test_uplink(void)
{
	static const char text[] = "[default]\nuplink = fast\n[web1]\nuplink = slow\n[web2]\n"
				   "[group g]\nweight = 5\n[uplink fast]\nhost-min = 5mbit\n";
	static const char devices[] = "[a/7]\n[b]\n[c/7]\n[d/3]\n";
	const struct policy_section *s;
	struct policy_match m;
	unsigned mistakes, ids[POLICY_IDS_MAX];
	struct policy *p = parse(text, strlen(text), &mistakes);

	ok(policy_find(p, "slow", "", "web1", 0, &m) && m.attach,
	   "a guest is found for the uplink that its section names");
	ok(!policy_find(p, "fast", "", "web1", 0, &m) && !m.attach && !m.by,
	   "it is not found for another one");
	ok(policy_find(p, "fast", "", "web2", 0, &m) && m.attach,
	   "a guest is found for the uplink of [default]");
	s = policy_section(p, POLICY_UPLINK, "fast");
	ok(s && s->items == 1 && s->item[0].key == KEY_UPLINK_HOST_MIN,
	   "a section of an uplink is found by its name");
	ok(policy_section(p, POLICY_GROUP, "g") && !policy_section(p, POLICY_GROUP, "fast"),
	   "a section of a group is found by its name");
	ok(!policy_find(NULL, "slow", "", "web1", 0, &m), "no policy says nothing");
	is_int(policy_ids(NULL, ids), 1, "without a policy there is the device 0");
	policy_free(p);
	p = parse(devices, strlen(devices), &mistakes);
	ok(policy_ids(p, ids) == 3 && ids[0] == 0 && ids[1] == 3 && ids[2] == 7,
	   "each device id is listed once");
	policy_free(p);
}

static void test_notation(void)
{
	static const char text[] = "\xef\xbb\xbf; a comment\r\n# one more\r\n[ web1 ] # behind\r\n"
				   "\tweight=5 ; behind\r\n\r\n  tx-max  =  10mbit\r\n"
				   "allowed-ip = 10.0.0.1 ; first\r\n\t, fd00::1,\r\n\r\n"
				   "   ; between\r\n  10.1.0.0/16 ; last\r\n mtu = 1400";
	unsigned mistakes;
	struct policy *p = parse(text, strlen(text), &mistakes);

	if (!is_int(mistakes, 0, "a text from another system is read"))
		diag("%s", said);
	is_value(p, "", "web1", 0, KEY_BACK_WEIGHT, "5");
	is_value(p, "", "web1", 0, KEY_BACK_TX_MAX, "10000000");
	is_value(p, "", "web1", 0, KEY_BACK_ALLOWED_IP, "10.0.0.1, fd00::1,10.1.0.0/16");
	is_value(p, "", "web1", 0, KEY_BACK_MTU, "1400");
	is_int(p->section[0].item[2].line, 7, "a value has the line in which it begins");
	is_str(p->section[0].item[2].file, "p.conf", "a value has its file");
	policy_free(p);
}

static void is_resolved(const char *value, uint64_t tx_bps, const char *want)
{
	char text[80], out[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	struct policy_match m;
	unsigned mistakes;
	struct policy *p;

	snprintf(text, sizeof(text), "[web1]\ntx-min = %s\n", value);
	p = parse(text, strlen(text), &mistakes);
	policy_find(p, NULL, "", "web1", 0, &m);
	if (policy_resolve(m.item[KEY_BACK_TX_MIN], &(struct policy_capacity){tx_bps, 1}, out,
			   err) < 0)
		snprintf(out, sizeof(out), "%s", err);
	is_str(out, want, "%s of %llu", value, (unsigned long long)tx_bps);
	policy_free(p);
}

static void test_percent(void)
{
	is_resolved("40%", 1000000000, "400000000");
	is_resolved("12.5%", 1000000000, "125000000");
	is_resolved("0.0001%", 1000000000000, "1000000");
	is_resolved("100%", 1000000000000, "1000000000000");
	is_resolved("33.3333%", 100, "33");
	is_resolved("10mbit", 0, "10000000");
	is_resolved("40%", 0, "tx-min 40% is a part of tx-capacity, which is not configured");
}

/* What is said of all sections when the capacity is known. */
static void is_said_of_parts(const char *text, uint64_t tx_bps, const char *want, const char *name)
{
	const struct policy_capacity of = {tx_bps, 0};
	unsigned mistakes, parts = 0;
	struct policy *p = parse(text, strlen(text), &mistakes);

	is_int(mistakes, 0, "%s: the text alone has no mistakes", name);
	for (unsigned i = 0; i < p->sections; i++)
		parts += policy_check_parts(p, &p->section[i], &of, on_said, NULL);
	is_str(said, want, "what is said of %s", name);
	is_int(parts, *want ? 1 : 0, "%s: the mistakes are counted", name);
	policy_free(p);
}

static void test_parts(void)
{
	static const char mixed[] = "[default]\ntx-max = 100mbit\n[web1]\ntx-min = 60%\n";

	is_said_of_parts(mixed, 1000000000,
			 "p.conf:4: tx-min 60% is above tx-max 100000000 of p.conf:2\n",
			 "a part above a rate");
	is_said_of_parts(mixed, 100000000, "", "a part that a rate is not below");
	is_said_of_parts(mixed, 0, "", "a part of nothing");
	is_said_of_parts("[group g]\ntx-min = 500mbit\ntx-max = 40%\n", 1000000000,
			 "p.conf:2: tx-min 500000000 is above tx-max 40% of p.conf:3\n",
			 "a rate above a part");
	is_said_of_parts("[web1]\ntx-min = 96%\n", 1000000000,
			 "p.conf:2: tx-min 96% is above 950000000, which is 95 % of tx-capacity: "
			 "it is not admitted\n",
			 "a part that no capacity admits");
	is_said_of_parts("[web1]\ntx-min = 951mbit\n", 1000000000,
			 "p.conf:2: tx-min 951000000 is above 950000000, which is 95 % of "
			 "tx-capacity: it is not admitted\n",
			 "a rate that no capacity admits");
	is_said_of_parts("[web1]\ntx-min = 95%\ntx-max = 100%\nrx-min = 99gbit\n", 1000000000, "",
			 "what the capacity admits");
	is_said_of_parts("[uplink u]\nhost-min = 99%\n", 1000000000, "",
			 "the host's part, which no minimum is");
}

int main(void)
{
	test_mistakes();
	test_bytes();
	test_many();
	test_ids();
	test_precedence();
	test_attach();
	test_uplink();
	test_notation();
	test_percent();
	test_parts();
	return done_testing();
}
