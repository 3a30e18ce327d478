/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl's words for the state of a device. */
#include "backend/ctl/words.h"

#include "tests/unit/tap.h"

/* Values of the keys; NULL: missing. */
struct row {
	const char *back, *front, *online, *carrier, *via;
	bool served;
	const char *words;
	enum state_tone tone;
};

static const struct row rows[] = {
	{"4", "4", "1", "1", NULL, true, "connected", STATE_GOOD},
	{"4", "4", NULL, NULL, NULL, true, "connected", STATE_GOOD},
	{"4", "4", "1", "0", NULL, true, "connected, no carrier", STATE_BAD},
	{"4", "4", "1", "1", NULL, false, "waiting for dmvl-back", STATE_BAD},
	{"1", "1", "1", NULL, NULL, true, "waiting for dmvl-back", STATE_BAD},
	{"1", "1", "1", NULL, "vif", true, "waiting for dmvl-back", STATE_BAD},
	{"2", "1", "1", NULL, NULL, true, "no agent in the guest", STATE_BAD},
	{"2", "3", "1", NULL, NULL, true, "connecting", STATE_WAITS},
	{"2", "4", "1", NULL, NULL, true, "agent does not answer", STATE_BAD},
	{"2", "6", "1", NULL, NULL, true, "agent was stopped", STATE_BAD},
	{"2", NULL, "1", NULL, NULL, true, "removed in the guest", STATE_BAD},
	{"2", "banana", "1", NULL, NULL, true, "removed in the guest", STATE_BAD},
	{"4", "3", "1", NULL, NULL, true, "connecting", STATE_WAITS},
	{"4", "1", "1", NULL, NULL, true, "reconnecting", STATE_WAITS},
	{"5", "4", "1", NULL, NULL, true, "closing", STATE_WAITS},
	{"6", "4", "1", NULL, NULL, true, "agent does not answer", STATE_BAD},
	{"6", "6", "1", NULL, NULL, true, "closed", STATE_WAITS},
	{"4", "4", "0", NULL, NULL, true, "being detached", STATE_WAITS},
	{NULL, "1", "1", NULL, NULL, true, "being attached", STATE_WAITS},
	{"4", NULL, "1", "1", "vif", true, "connected to its vif", STATE_GOOD},
	{"4", NULL, "1", "0", "vif", true, "connected, no carrier", STATE_BAD},
	{"2", NULL, "1", NULL, "vif", true, "waiting for its vif", STATE_WAITS},
	{"6", NULL, "1", NULL, "vif", true, "closed", STATE_WAITS},
};

/* The strings are not changed: a view owns its values, and this one is not freed. */
static struct ldp_view view_of(const struct row *r)
{
	struct ldp_view v = {0};

	v.keys.value[KEY_BACK_STATE] = (char *)r->back;
	v.keys.value[KEY_FRONT_STATE] = (char *)r->front;
	v.keys.value[KEY_BACK_ONLINE] = (char *)r->online;
	v.keys.value[KEY_BACK_CARRIER] = (char *)r->carrier;
	v.keys.value[KEY_BACK_VIA] = (char *)r->via;
	return v;
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ldp_view v = view_of(&rows[i]);
		enum state_tone tone;

		is_str(state_words(&v, rows[i].served, &tone), rows[i].words,
		       "row %zu has the words \"%s\"", i, rows[i].words);
		is_int(tone, rows[i].tone, "row %zu has its tone", i);
	}
}

/* Whatever a guest writes: there are words, and they fit. */
static void test_all_states(void)
{
	static const char *const states[] = {"0", "1", "2", "3", "4", "5", "6", "7", "", "x"};
	unsigned bad = 0;

	for (unsigned b = 0; b < 10; b++) {
		for (unsigned f = 0; f < 10; f++) {
			const struct row r = {.back = states[b], .front = states[f]};
			const struct ldp_view v = view_of(&r);
			const char *words = state_words(&v, true, NULL);

			bad += !words[0] || strlen(words) >= STATE_WORDS_MAX;
		}
	}
	is_int(bad, 0, "each pair of states has words that fit");
}

int main(void)
{
	test_rows();
	test_all_states();
	return done_testing();
}
