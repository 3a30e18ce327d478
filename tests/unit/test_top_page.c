/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl top: its pages as text, short numbers, histories and bars. */
#include "backend/ctl/top_page.h"

#include "backend/ctl/top_keys.h"
#include "tests/unit/tap.h"
#include "tests/unit/top_world.h"

static const struct cell_style blocks, ascii = {.ascii = true};

static void test_numbers(void)
{
	char out[CELL_MAX];

	is_str(cell_number(out, 0), "0", "0");
	is_str(cell_number(out, 999), "999", "below 1000 a number is as it is");
	is_str(cell_number(out, 1000), "1.00k", "1000");
	is_str(cell_number(out, 93120000), "93.1M", "93.12 million");
	is_str(cell_number(out, 99960), "100k", "rounding up to three digits");
	is_str(cell_number(out, 999499), "999k", "just below the next unit");
	is_str(cell_number(out, 999500), "1.00M", "rounding up to the next unit");
	is_str(cell_number(out, UINT64_MAX), "18.4E", "the largest number");
	is_str(cell_signed(out, -12000000), "-12.0M", "a negative number");
	is_str(cell_signed(out, INT64_MIN), "-9.22E", "the smallest number");
	is_str(cell_signed(out, 5), "+5", "a positive number has a sign");
	is_str(cell_signed(out, 0), "0", "0 has none");
	is_str(cell_time(out, 64), "64us", "64 us");
	is_str(cell_time(out, 1024), "1.02ms", "1024 us");
	is_str(cell_time(out, 8388608), "8.39s", "8 s");
	is_str(cell_time(out, 0), "-", "no time");
	is_int(cell_permille(3, 0), 0, "a part of nothing is 0");
	is_int(cell_permille(UINT64_MAX, 1), 999999, "a part is bounded");
}

static void test_short_numbers_stay_short(void)
{
	char out[CELL_MAX];
	unsigned longest = 0;

	for (uint64_t v = 1; v < UINT64_MAX / 3; v += v / 7 + 1)
		if (strlen(cell_number(out, v)) > longest)
			longest = (unsigned)strlen(out);
	is_int(longest, 5, "no number has more than five characters");
}

static void test_histories(void)
{
	const uint64_t rates[] = {0, 1, 50, 100, 200};
	char out[CELL_MAX];

	is_str(cell_spark(out, ascii, rates, 5, 5, 100), " _~##",
	       "a history's columns are its rates");
	is_str(cell_spark(out, ascii, rates, 5, 3, 100), "~##", "only the newest have room");
	is_str(cell_spark(out, ascii, rates, 2, 4, 100), "   _", "a short history is at the right");
	is_str(cell_spark(out, blocks, rates + 2, 2, 2, 100), "▄█", "blocks");
	is_str(cell_spark(out, ascii, rates, 1, 1, 0), " ", "no rate at all is flat");
	is_str(cell_bar(out, ascii, 4, 500), "##..", "half a bar");
	is_str(cell_bar(out, blocks, 4, 625), "██▌·", "a bar has parts of a block");
	is_str(cell_bar(out, ascii, 4, 5000), "####", "a bar is not longer than full");
	is_int(line_columns_of("██▌·"), 4, "characters of several bytes have one column");
}

static void test_lines(void)
{
	struct line line;

	line_begin(&line, 10);
	line_cell_right(&line, LINE_BOLD, 4, "ab");
	line_cell_left(&line, LINE_PLAIN, 3, "cdef");
	line_add(&line, LINE_PLAIN, "▁▂▃▄");
	is_str(line.text, "  abcde▁▂▃", "cells are filled and cut, and so is the line");
	ok(line.parts == 2 && line.part[0].look == LINE_BOLD && line.part[0].bytes == 4,
	   "each part has its look");
	line_add(&line, LINE_BAD, "more");
	is_int(line.columns, 10, "a full line takes no more");
	for (unsigned i = 0; i < 4 * LINE_PARTS_MAX; i++)
		line_add(&line, i % 2 ? LINE_BAD : LINE_GOOD, "");
	ok(line.parts == 2, "an empty text is no part");
}

static void test_list(void)
{
	struct top_model m;
	const char *text;

	top_model_init(&m);
	three();
	device[0].flow[TOP_TX].wait[6] = 10;
	device[0].flow[TOP_TX].min_bps = 5000000;
	update(&m, 3);
	text = drawn(&m, 80, 24);
	ok(strstr(text, "14:03:22  3 devices, by TX"), "the title has time, number and order");
	ok(strstr(text, "default  TX 13.0M of 20.0M 65%"), "an uplink has rate and capacity");
	ok(in_order(text, "web1/0", "web2/0"), "devices are in order");
	ok(strstr(text, "web1/0         connected  9.00M"), "a device has name, state and rate");
	ok(strstr(text, "█████▍  90%"), "its share of the promise is a bar");
	ok(strstr(text, "64us/64us"), "its delays");
	ok(strstr(text, "db/0           no agent in the guest\n") ||
		   strstr(text, "db/0           no agent in the guest "),
	   "a device without numbers has its state in words");
	ok(!strstr(text, "MIN/WEIGHT/MAX"), "80 columns have no room for the limits");
	for (unsigned i = 0; i < 4; i++)
		top_keys_press(&m, TOP_KEY_RIGHT);
	text = drawn(&m, 80, 24);
	ok(strstr(text, "TX MIN/WEIGHT/MAX") && strstr(text, "5.00M/256/-"),
	   "the arrow keys show the limits");
	for (unsigned i = 0; i < 20; i++)
		top_keys_press(&m, TOP_KEY_RIGHT);
	ok(strstr(drawn(&m, 80, 24), "UPLINK"), "no key goes beyond the last column");
	top_keys_press(&m, TOP_KEY_LEFT);
	ok(!strstr(drawn(&m, 80, 24), "UPLINK"), "one key back shows another column");
	top_keys_press(&m, 'd');
	ok(strstr(drawn(&m, 200, 24), "RX MIN/WEIGHT/MAX"), "d shows the other direction");
	top_model_free(&m);
}

static void test_no_devices(void)
{
	struct top_model m;
	const struct top_sample none = {NULL, 0, NULL, 0, 0};

	top_model_init(&m);
	top_model_update(&m, &none);
	ok(in_order(drawn(&m, 80, 24), "does dmvl-back run?", "dmvlctl attach DOM"),
	   "without uplinks and devices the screen says what to do");
	three();
	strcpy(uplink[0].why, "its dmvl-back does not write any more: does it run?");
	update(&m, 3);
	ok(strstr(drawn(&m, 80, 24), "default: its dmvl-back does not write"),
	   "an uplink without numbers says why");
	top_keys_press(&m, '/');
	top_keys_press(&m, 'z');
	ok(in_order(drawn(&m, 80, 24), "Esc shows all", "filter: z_"),
	   "a filter that fits none says so");
	top_model_free(&m);
}

static void test_detail(void)
{
	struct top_model m;
	const char *text;

	top_model_init(&m);
	three();
	device[0].flow[TOP_TX].balance_bytes = -2500;
	strcpy(device[0].error, "tx-min \"x\": not a rate");
	device[0].drop[1].frames = 12;
	update(&m, 3);
	top_keys_press(&m, TOP_KEY_ENTER);
	text = drawn(&m, 80, 24);
	ok(in_order(text, "web1/0  connected  on default", "domid 1, UUID 01000000-"),
	   "the page of a device says who it is");
	ok(strstr(text, "tx-min \"x\": not a rate"), "and what is wrong with it");
	ok(strstr(text, "2.50kB borrowed"), "and what it owes");
	ok(strstr(text, "in all: mtu 12") && !strstr(text, "flood"), "and why frames were dropped");
	ok(!strstr(text, "lent/borrowed"), "but nothing that is not known");
	device[0].has_loans = true;
	update(&m, 3);
	ok(strstr(drawn(&m, 80, 24), "lent/borrowed"), "what is known is there");
	top_keys_press(&m, TOP_KEY_DOWN);
	top_keys_press(&m, TOP_KEY_DOWN);
	ok(in_order(drawn(&m, 80, 24), "db/0  no agent in the guest", "there are no numbers"),
	   "the page of a device without numbers");
	top_keys_press(&m, '?');
	ok(strstr(drawn(&m, 80, 24), "SHARE    rate in percent"), "the help");
	top_keys_press(&m, 'q');
	ok(!m.done && m.page == TOP_LIST, "q goes back first");
	top_model_free(&m);
}

static void test_scrolling(void)
{
	struct top_model m;

	top_model_init(&m);
	for (unsigned i = 0; i < 8; i++)
		device[i] = sender(i + 1, "guest", 1000 * (8 - i));
	update(&m, 8);
	ok(!strstr(drawn(&m, 80, 8), "guest/0         connected  1.00k"),
	   "a small screen has no room for all");
	is_int(m.page_rows, 4, "it has room for four");
	top_keys_press(&m, TOP_KEY_END);
	ok(strstr(drawn(&m, 80, 8), "connected  1.00k"), "End shows the last one");
	top_keys_press(&m, TOP_KEY_PAGE_UP);
	is_int(m.cursor, 3, "a page is what was on the screen");
	top_keys_press(&m, TOP_KEY_HOME);
	ok(strstr(drawn(&m, 80, 8), "connected  8.00k"), "Home shows the first one");
	ok(strstr(drawn(&m, 30, 8), "needs 40 columns"), "a terminal may be too small");
	top_model_free(&m);
}

/* Whatever is pressed and however large the screen: no line is longer than it, none has a control.
 */
static void test_any_key(void)
{
	static const unsigned sizes[][2] = {{80, 24}, {40, 8},	{41, 9},  {132, 50},
					    {1, 1},   {500, 3}, {100, 10}};
	struct top_model m;
	unsigned wide = 0, controls = 0, seed = 1;

	top_model_init(&m);
	three();
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned *size = sizes[i % 7];
		const char *text;

		seed = seed * 1103515245 + 12345;
		top_keys_press(&m, (int)(seed >> 16) % (TOP_KEY_ERASE + 1));
		if (i % 50 == 0)
			update(&m, i / 50 % 4);
		text = drawn(&m, size[0], size[1]);
		for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
			char one[LINE_BYTES_MAX + 1];

			snprintf(one, sizeof(one), "%.*s", (int)strcspn(line, "\n"), line);
			wide += line_columns_of(one) > size[0];
			for (const char *c = one; *c; c++)
				controls += (unsigned char)*c < 0x20 || *c == 0x7f;
		}
	}
	is_int(wide, 0, "no line is wider than the screen");
	is_int(controls, 0, "no line has a control character");
	top_model_free(&m);
}

int main(void)
{
	test_numbers();
	test_short_numbers_stay_short();
	test_histories();
	test_lines();
	test_list();
	test_no_devices();
	test_detail();
	test_scrolling();
	test_any_key();
	return done_testing();
}
