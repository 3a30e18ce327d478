/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend's half of the handshake: every pair of states is a row. */
#include "backend/control/handshake.h"

#include "tests/unit/tap.h"

/*
 * One letter for each frontend state 0 (missing), 1 .. 6:
 * - wait, O offer, C connect, D disconnect, c closing, X closed, F forget
 */
struct row {
	enum xenbus_state back;
	const char *expect;
};

struct table {
	const char *name;
	bool connected, online, fresh;
	struct row rows[7];
};

static const struct table tables[] = {
	{"wanted without rings",
	 false,
	 true,
	 false,
	 {
		 /*   0123456 */
		 {0, "OOOOOOO"},
		 {1, "OOOOOOO"},
		 {2, "---C---"},
		 {3, "OOOOOOO"}, /* never ours: somebody else wrote it */
		 {4, "OOOOOOO"},
		 {5, "XXXXXXX"},
		 {6, "-OO---O"}, /* 3, 4 and 5 have a server to close yet */
	 }},
	{"wanted with rings mapped",
	 true,
	 true,
	 false,
	 {
		 {0, "DDDDDDD"},
		 {1, "DDDDDDD"},
		 {2, "DDDDDDD"},
		 {3, "DDDDDDD"},
		 {4, "DDD--DD"},
		 {5, "DDDDDDD"},
		 {6, "DDDDDDD"},
	 }},
	{"wanted after a restart",
	 false,
	 true,
	 true,
	 {
		 {0, "OOOOOOO"},
		 {1, "OOOOOOO"},
		 {2, "OOOOOOO"},
		 {3, "OOOOOOO"},
		 {4, "OOOOOOO"},
		 {5, "OOOOOOO"},
		 {6, "OOOOOOO"},
	 }},
	{"to go without rings",
	 false,
	 false,
	 false,
	 {
		 {0, "XXXXXXX"},
		 {1, "XXXXXXX"},
		 {2, "XXXXXXX"},
		 {3, "XXXXXXX"},
		 {4, "XXXXXXX"},
		 {5, "XXXXXXX"},
		 {6, "FF----F"},
	 }},
	{"to go with rings mapped",
	 true,
	 false,
	 false,
	 {
		 {0, "DccccDD"},
		 {1, "DccccDD"},
		 {2, "DccccDD"},
		 {3, "DccccDD"},
		 {4, "DccccDD"},
		 {5, "D----DD"},
		 {6, "DccccDD"},
	 }},
};

static enum hs_action action_of(char letter)
{
	switch (letter) {
	case 'O':
		return HS_OFFER;
	case 'C':
		return HS_CONNECT;
	case 'D':
		return HS_DISCONNECT;
	case 'c':
		return HS_CLOSING;
	case 'X':
		return HS_CLOSED;
	case 'F':
		return HS_FORGET;
	}
	return HS_WAIT;
}

static void check_table(const struct table *t, bool fresh)
{
	for (size_t r = 0; r < 7; r++) {
		const struct row *row = &t->rows[r];

		for (int front = 0; front <= 6; front++) {
			struct hs_input in = {
				.back = row->back,
				.front = (enum xenbus_state)front,
				.connected = t->connected,
				.online = t->online,
				.fresh = fresh,
			};
			enum hs_action got = handshake_next(&in);

			ok(got == action_of(row->expect[front]),
			   "a device %s%s, back %d, front %d, gets: %s", t->name,
			   fresh && !t->fresh ? " at the first look" : "", (int)row->back, front,
			   handshake_action_name(got));
		}
	}
}

int main(void)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		check_table(&tables[t], tables[t].fresh);
		/* The first look matters to a device that is wanted and has no rings only. */
		if (tables[t].connected || !tables[t].online)
			check_table(&tables[t], true);
	}
	return done_testing();
}
