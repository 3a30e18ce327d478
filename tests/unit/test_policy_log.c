/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of a policy when the daemon starts, waits, and reads it again. */
#include "backend/control/control_policy.h"
#include "tests/fake/desk.h"
#include "tests/unit/logged.h"
#include "tests/unit/tap.h"

#define TOGETHER                                                                 \
	"[uplink " DESK_UPLINK "]\ntx-capacity = 1gbit\n[a]\ntx-min = 600mbit\n" \
	"mac = 02:00:00:00:00:0a\n[b]\ntx-min = 40%\nmac = 02:00:00:00:00:0a\n"
#define MINIMA	"tx-min of [a], [b] sum to 1000000000, 50000000 more than 95 % of tx-capacity"
#define ADDRESS "mac 02:00:00:00:00:0a is in"
#define DAMAGED DESK_UPLINK ".policy is damaged"

static struct desk *k;
static char policy_path[64], applied_path[64];

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

/* A daemon that has read the policy, and waits yet. */
static void begin(void)
{
	k = desk_new();
	k->c.conf.run_dir = scratch_dir();
	k->c.conf.policy = policy_path;
	k->c.policy.started = false;
	log_anew();
	control_policy_open(&k->c);
}

/* It starts. */
static void start(void)
{
	begin();
	k->c.link.configured_bps = k->c.conf.tx_capacity_bps;
	desk_turn(k);
}

/* The same text too gives the file another time. */
static void hang_up(const char *text)
{
	put(policy_path, text);
	k->c.due.policy = true;
	desk_turn(k);
}

static void test_together(void)
{
	unlink(applied_path);
	put(policy_path, TOGETHER);
	start();
	is_int(logged(MINIMA), 1, "a start warns once of minima that do not fit together");
	is_int(logged(ADDRESS), 1, "a start warns once of a MAC address that two guests have");
	log_anew();
	hang_up("[a]\ntx-min = 600mbit\n");
	is_int(logged("warning"), 0, "a policy that holds together is no reason for a warning");
	hang_up(TOGETHER);
	is_int(logged(MINIMA), 1, "a policy that is read again warns of minima");
	is_int(logged(ADDRESS), 1, "a policy that is read again warns of a MAC address");
	log_anew();
	hang_up(TOGETHER "weigth = 5\n");
	is_int(logged("did you mean weight?"), 1, "a mistake is logged once");
	is_int(logged(MINIMA) + logged(ADDRESS), 0, "a policy that is refused warns of nothing");
	desk_free(k);
}

static void test_damaged(const char *policy, const char *name)
{
	put(applied_path, "nonsense\n");
	put(policy_path, policy);
	begin();
	is_int(logged(DAMAGED), 1, "%s: a start warns of a damaged policy of before", name);
	control_policy_open(&k->c);
	control_policy_open(&k->c);
	is_int(logged(DAMAGED), 1, "%s: a daemon that reads again as it waits does not", name);
	put(applied_path, "more nonsense\n");
	control_policy_open(&k->c);
	is_int(logged(DAMAGED), 2, "%s: it does when that was damaged in another way", name);
	desk_turn(k);
	control_policy_again(&k->c, true);
	desk_turn(k);
	is_int(logged(DAMAGED), 2, "%s: another xenstore is no reason to warn again", name);
	desk_free(k);
	start();
	is_int(logged(DAMAGED), 0, "%s: the next start has nothing to warn of", name);
	desk_free(k);
}

/* What could be mended by hand stays. */
static void test_refused(void)
{
	put(applied_path, "nonsense\n");
	put(policy_path, "nonsense too\n");
	start();
	is_int(logged(DAMAGED), 1, "a refused policy: a start warns once of that of before");
	desk_free(k);
	is_str(text_of(applied_path), "nonsense\n", "it stays as long as no policy is in force");
	put(applied_path, TOGETHER);
	start();
	is_int(logged("nonsense too") + logged("KEY = VALUE"), 1, "a start says what is wrong");
	is_int(logged(MINIMA) + logged(ADDRESS), 0, "the policy of before is not warned of again");
	desk_free(k);
}

int main(void)
{
	snprintf(policy_path, sizeof(policy_path), "%s/policy.conf", scratch_dir());
	snprintf(applied_path, sizeof(applied_path), "%s/" DESK_UPLINK ".policy", scratch_dir());
	test_together();
	test_damaged("[a]\n", "a policy");
	test_damaged("", "an empty policy");
	test_refused();
	return done_testing();
}
