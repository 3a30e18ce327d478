/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl top: which devices it shows, in which order, and what it remembers of them. */
#include "backend/ctl/top_model.h"

#include "backend/ctl/top_keys.h"
#include "tests/unit/tap.h"
#include "tests/unit/top_world.h"

static const char *name_at(const struct top_model *m, unsigned i)
{
	return i < m->shown ? m->row[i]->now.name : "(none)";
}

static void test_order(void)
{
	struct top_model m;

	top_model_init(&m);
	three();
	ok(update(&m, 3) && m.shown == 3, "all devices are shown");
	is_str(name_at(&m, 0), "web1", "the one that sends most is first");
	top_keys_press(&m, 'r');
	is_str(name_at(&m, 2), "web1", "r turns the order round");
	top_keys_press(&m, 'r');
	top_keys_press(&m, 'N');
	is_str(name_at(&m, 0), "db", "N sorts by name");
	top_keys_press(&m, 'E');
	is_str(name_at(&m, 2), "db", "E sorts by state");
	device[1].weight = 1000;
	update(&m, 3);
	top_keys_press(&m, 'W');
	is_str(name_at(&m, 0), "web2", "W sorts by weight");
	device[0].flow[TOP_TX].balance_bytes = -5000;
	device[1].flow[TOP_TX].balance_bytes = -6000;
	update(&m, 3);
	top_keys_press(&m, 'B');
	is_str(name_at(&m, 0), "db", "B sorts by balance: what lent most is first");
	is_str(name_at(&m, 2), "web2", "B sorts by balance: what owes most is last");
	for (unsigned i = 0; i < TOP_SORTS; i++)
		top_keys_press(&m, 's');
	is_int(m.sort, TOP_BY_BALANCE, "s goes through all orders and begins again");
	top_model_free(&m);
}

static void type(struct top_model *m, const char *text)
{
	top_keys_press(m, '/');
	for (; *text; text++)
		top_keys_press(m, *text);
}

static void test_filter(void)
{
	struct top_model m;

	top_model_init(&m);
	three();
	update(&m, 3);
	type(&m, "WEB");
	is_int(m.shown, 2, "a filter leaves the devices with that text in their names");
	top_keys_press(&m, TOP_KEY_ENTER);
	top_keys_press(&m, 'q');
	ok(m.done, "after Enter a letter is a command again");
	m.done = false;
	top_keys_press(&m, TOP_KEY_ESCAPE);
	is_int(m.shown, 3, "Escape shows all");
	type(&m, "no agent");
	is_int(m.shown, 1, "a filter finds a state");
	top_keys_press(&m, TOP_KEY_ERASE);
	is_int(strlen(m.filter), 7, "backspace removes a character");
	top_keys_press(&m, TOP_KEY_ESCAPE);
	ok(m.shown == 3 && !m.typing, "Escape while typing removes the filter");
	for (unsigned i = 0; i < 2 * TOP_TEXT_MAX; i++)
		type(&m, "x");
	is_int(strlen(m.filter), TOP_TEXT_MAX - 1, "a filter that is too long is cut");
	is_int(m.shown, 0, "a text that is nowhere shows none");
	ok(!m.at, "where none is shown, none is selected");
	top_model_free(&m);
}

static void test_selection(void)
{
	struct top_model m;

	top_model_init(&m);
	three();
	update(&m, 3);
	is_int(m.cursor, 0, "the first one is selected");
	top_keys_press(&m, TOP_KEY_DOWN);
	is_str(m.at->now.name, "web2", "down selects the next one");
	device[1].flow[TOP_TX].rate_bps = 20000000;
	update(&m, 3);
	ok(m.cursor == 0 && strcmp(m.at->now.name, "web2") == 0,
	   "the selection stays at the device when the order changes");
	top_keys_press(&m, TOP_KEY_ENTER);
	is_int(m.page, TOP_DETAIL, "Enter shows its details");
	device[1] = device[2];
	update(&m, 2);
	ok(m.page == TOP_LIST && m.at, "a device that goes away takes its page along");
	top_keys_press(&m, TOP_KEY_END);
	is_int(m.cursor, 1, "End selects the last one");
	top_keys_press(&m, TOP_KEY_DOWN);
	is_int(m.cursor, 1, "there is none below the last one");
	update(&m, 0);
	ok(!m.at && m.rows == 0, "no device is left");
	top_keys_press(&m, TOP_KEY_ENTER);
	is_int(m.page, TOP_LIST, "without a device there are no details");
	top_model_free(&m);
}

static void test_history(void)
{
	struct top_model m;

	top_model_init(&m);
	three();
	for (unsigned i = 0; i < TOP_HISTORY + 10; i++) {
		device[0].flow[TOP_TX].rate_bps = 1000 + i;
		update(&m, 1);
	}
	is_int(m.row[0]->history.points, TOP_HISTORY, "a history is bounded");
	is_int(m.row[0]->history.rate_bps[TOP_TX][TOP_HISTORY - 1], 1000 + TOP_HISTORY + 9,
	       "the newest rate is last");
	is_int(m.row[0]->history.rate_bps[TOP_TX][0], 1010, "the oldest ones are gone");
	is_int(m.uplink[0].history.points, TOP_HISTORY, "an uplink has a history too");
	device[0].uuid[0]++;
	update(&m, 1);
	is_int(m.row[0]->history.points, 1,
	       "a guest that got the domid of another one does not get its history");
	strcpy(uplink[0].name, "other");
	update(&m, 1);
	is_int(m.uplink[0].history.points, 1, "nor does an uplink in the place of another one");
	top_model_free(&m);
}

static void test_delay(void)
{
	struct top_model m;
	uint64_t *wait = device[0].flow[TOP_TX].wait;

	top_model_init(&m);
	three();
	wait[20] = 1000;
	update(&m, 1);
	is_int(top_row_delay(m.row[0], TOP_TX, 990), 1 << 20,
	       "at first sight the delay is of all frames");
	wait[5] += 100;
	update(&m, 1);
	is_int(top_row_delay(m.row[0], TOP_TX, 990), 32, "then it is of the frames since");
	for (unsigned i = 0; i < TOP_MARKS; i++)
		update(&m, 1);
	is_int(top_row_delay(m.row[0], TOP_TX, 990), 0, "and after ten seconds without, of none");
	memset(wait, 0, sizeof(device[0].flow[TOP_TX].wait));
	wait[3] = 1;
	update(&m, 1);
	is_int(top_row_delay(m.row[0], TOP_TX, 990), 8,
	       "counters that began again are taken as such");
	is_int(top_row_delay(m.row[0], TOP_RX, 990), 0, "the other direction has none");
	top_model_free(&m);
}

static void test_per_second(void)
{
	struct top_model m;

	top_model_init(&m);
	three();
	update(&m, 1);
	is_int(top_row_drops(m.row[0]), 0, "at first sight nothing is known of drops");
	device[0].drop[0].frames = 30;
	device[0].drop[1].frames = 10;
	device[0].flow[TOP_TX].lent_bytes = 1000;
	update(&m, 1);
	update(&m, 1);
	is_int(top_row_drops(m.row[0]), 20, "drops are of all reasons, a second");
	is_int(top_row_lent(m.row[0], TOP_TX), 4000, "what was lent is in bits a second");
	is_int(top_row_borrowed(m.row[0], TOP_TX), 0, "nothing was borrowed");
	is_int(top_row_share(m.row[0], TOP_TX), 900, "9 of 10 Mbit/s are 90 %% of the promise");
	device[0].flow[TOP_TX].promise_bps = 0;
	update(&m, 1);
	is_int(top_row_share(m.row[0], TOP_TX), 0, "without a promise there is no share");
	device[0].counted = false;
	update(&m, 1);
	is_int(top_row_drops(m.row[0]), 0, "a device that left the statistics has no drops");
	top_model_free(&m);
}

static void test_hostile_names(void)
{
	struct top_model m;

	top_model_init(&m);
	three();
	strcpy(device[0].name, "a\033[2J\n\xc3\xa4");
	strcpy(device[0].error, "tx-min: \"\007\"");
	update(&m, 1);
	is_str(m.row[0]->now.name, "a?[2J???", "a name has no byte that a terminal would obey");
	is_str(m.row[0]->now.error, "tx-min: \"?\"", "nor has an error");
	top_model_free(&m);
}

int main(void)
{
	test_order();
	test_filter();
	test_selection();
	test_history();
	test_delay();
	test_per_second();
	test_hostile_names();
	return done_testing();
}
