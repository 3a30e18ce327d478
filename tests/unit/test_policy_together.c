/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy asks for that its sections cannot get together, and what nobody can be sure of. */
#include "backend/policy/policy_together.h"

#include "backend/policy/policy_parse.h"
#include "tests/unit/tap.h"

#define ID "11111111-0000-0000-0000-00000000000"

static char said[2048];

static void on_said(void *arg, const char *sentence)
{
	size_t used = strlen(said);

	(void)arg;
	snprintf(said + used, sizeof(said) - used, "%s\n", sentence);
}

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{"minima that just fit are nothing to tell", "[a]\ntx-min = 50mbit\n[b]\ntx-min = 45mbit\n",
	 ""},
	{"minima of names that sum to more than 95 %",
	 "[a]\ntx-min = 50mbit\n[b]\ntx-min = 46mbit\n[c]\n",
	 "p:3: tx-min of [a], [b] sum to 96000000, 1000000 more than 95 % of tx-capacity: while "
	 "all "
	 "of them run, not all are admitted\n"},
	{"percentages, of what is received", "[a]\nrx-min = 50%\n[b/1]\nrx-min = 50%\n",
	 "p:3: rx-min of [a], [b/1] sum to 200000000, 10000000 more than 95 % of rx-capacity: "
	 "while "
	 "all of them run, not all are admitted\n"},
	{"minima of patterns and of [default] count for guests with a section",
	 "[default]\ntx-min = 40mbit\n[web*]\ntx-min = 60mbit\n[web1]\n[db]\n",
	 "p:6: tx-min of [web1], [db] sum to 100000000, 5000000 more than 95 % of tx-capacity: "
	 "while "
	 "all of them run, not all are admitted\n"},
	{"patterns are of nobody knows how many guests",
	 "[web*]\ntx-min = 60mbit\n[db*]\ntx-min = 60mbit\n", ""},
	{"one guest may have a name and a UUID",
	 "[a]\ntx-min = 60mbit\n[" ID "1]\ntx-min = 60mbit\n", ""},
	{"two UUIDs are two guests",
	 "[a]\ntx-min = 60mbit\n[" ID "1]\ntx-min = 60mbit\n[" ID "2]\ntx-min = 60mbit\n",
	 "p:5: tx-min of [" ID "1], [" ID "2] sum to 120000000, 25000000 more than 95 % of "
	 "tx-capacity: while all of them run, not all are admitted\n"},
	{"a guest that is attached by hand need not be there",
	 "[a]\ntx-min = 60mbit\n[b]\nattach = no\ntx-min = 60mbit\n", ""},
	{"another uplink has a capacity of its own",
	 "[a]\ntx-min = 60mbit\n[b]\nuplink = other\ntx-min = 60mbit\n", ""},
	{"more sections than a sentence names",
	 "[default]\ntx-min = 30mbit\n[a]\n[b]\n[c]\n[d]\n[e]\n[f]\n",
	 "p:6: tx-min of [a], [b], [c], [d] and 2 more sum to 180000000, 85000000 more than 95 % "
	 "of "
	 "tx-capacity: while all of them run, not all are admitted\n"},
	{"a group counts once, with what its devices need",
	 "[group g]\ntx-min = 50mbit\n[a]\ngroup = g\ntx-min = 25mbit\n[b]\ngroup = g\n"
	 "tx-min = 25mbit\n[c]\ntx-min = 45mbit\n",
	 ""},
	{"a group and guests outside it",
	 "[group g]\ntx-min = 50mbit\n[a]\ngroup = g\ntx-min = 25mbit\n[c]\ntx-min = 46mbit\n",
	 "p:6: tx-min of [group g], [c] sum to 96000000, 1000000 more than 95 % of tx-capacity: "
	 "while all of them run, not all are admitted\n"},
	{"devices in a group that is too small",
	 "[group g]\ntx-min = 50mbit\n[a]\ngroup = g\ntx-min = 26mbit\n[b]\ngroup = g\n"
	 "tx-min = 25mbit\n",
	 "p:6: tx-min of [a], [b] sum to 51000000, 1000000 more than tx-min 50000000 of [group g] "
	 "(p:2): while all of them run, not all are admitted\n"},
	{"devices in a group without a minimum count by themselves",
	 "[group g]\n[a]\ngroup = g\ntx-min = 50mbit\n[b]\ngroup = none\ntx-min = 50mbit\n",
	 "p:5: tx-min of [a], [b] sum to 100000000, 5000000 more than 95 % of tx-capacity: while "
	 "all "
	 "of them run, not all are admitted\n"},
	{"a minimum that alone is more than there is, which is a mistake", "[a]\ntx-min = 96mbit\n",
	 ""},
	{"a group of another uplink",
	 "[group g]\nuplink = other\ntx-min = 60mbit\n[group h]\ntx-min = 60mbit\n", ""},
	{"devices whose group is of another uplink",
	 "[group g]\nuplink = other\ntx-min = 95mbit\n[a]\ngroup = g\ntx-min = 48mbit\n[b]\n"
	 "group = g\ntx-min = 48mbit\n",
	 "p:7: tx-min of [a], [b] sum to 96000000, 1000000 more than 95 % of tx-capacity: while "
	 "all of them run, not all are admitted\n"},
	{"two groups, each of which is enough for its devices",
	 "[group g]\ntx-min = 30mbit\n[group h]\ntx-min = 30mbit\n[a]\ngroup = g\n"
	 "tx-min = 20mbit\n[b]\ngroup = h\ntx-min = 20mbit\n[c]\ngroup = g\ntx-min = 10mbit\n",
	 ""},
	{"a guest of a group by name and by UUID",
	 "[group g]\ntx-min = 50mbit\n[a]\ngroup = g\ntx-min = 40mbit\n[" ID "1]\ngroup = g\n"
	 "tx-min = 40mbit\n",
	 ""},
	{"one MAC address at two guests",
	 "[a]\nmac = 02:00:00:00:00:0a\n[b]\nmac = 02:00:00:00:00:0b\n[c]\nmac = "
	 "02:00:00:00:00:0A\n",
	 "p:6: mac 02:00:00:00:00:0A is in p:2 already: two devices with one address disturb each "
	 "other\n"},
	{"one MAC address at two devices of a guest",
	 "[a]\nmac = 02:00:00:00:00:0a\n[a/1]\nmac = 02:00:00:00:00:0a\n",
	 "p:4: mac 02:00:00:00:00:0a is in p:2 already: two devices with one address disturb each "
	 "other\n"},
	{"one MAC address on two uplinks",
	 "[a]\nmac = 02:00:00:00:00:0a\n[b]\nuplink = other\nmac = 02:00:00:00:00:0a\n", ""},
	{"the MAC address of a guest by name and by UUID",
	 "[a]\nmac = 02:00:00:00:00:0a\n[" ID "1]\nmac = 02:00:00:00:00:0a\n", ""},
	{"a name and two UUIDs with one MAC address",
	 "[a]\nmac = 02:00:00:00:00:0a\n[" ID "1]\nmac = 02:00:00:00:00:0a\n[" ID
	 "2]\nmac = 02:00:00:00:00:0a\n",
	 "p:6: mac 02:00:00:00:00:0a is in p:4 already: two devices with one address disturb each "
	 "other\n"},
};

static unsigned check(const char *text, uint64_t tx_bps, uint64_t rx_bps)
{
	struct policy *p = policy_new();
	unsigned n;

	said[0] = '\0';
	policy_parse(p, "p", text, strlen(text), on_said, NULL);
	n = policy_check_together(p, "default", &(struct policy_capacity){tx_bps, rx_bps}, on_said,
				  NULL);
	policy_free(p);
	return n;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned n = check(cases[i].text, 100000000, 200000000);

		is_str(said, cases[i].want, "%s", cases[i].name);
		is_int(n, cases[i].want[0] != '\0', "the sentences are counted: %s", cases[i].name);
	}
	check("[a]\ntx-min = 60mbit\n[b]\ntx-min = 60mbit\n", 0, 200000000);
	is_str(said, "", "without a capacity nothing is known of minima");
	return done_testing();
}
