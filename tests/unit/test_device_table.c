/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device does in each pair of states, as seen in xenstore and in messages to the frame loop:
 * the tables of docs/handshake.md. test_handshake.c has what the handshake alone answers.
 */
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define DOMID 1

/*
 * One letter for each frontend state 0 (missing or malformed), 1 .. 6:
 * - wait, O offer, C connect, D disconnect, c closing, X closed, F forget
 *
 * With its own state missing the backend waits, whatever the handshake says: the directory is being
 * made or removed, and to write into it would make a part of it again.
 */
struct table {
	const char *name;
	bool connected, online, fresh;
	const char *rows[7]; /* by the backend's state */
};

static const struct table tables[] = {
	/*                                          0123456 */
	{"a device without rings that is wanted",
	 false,
	 true,
	 false,
	 {"-------", "OOOOOOO", "---C---", "OOOOOOO", "OOOOOOO", "XXXXXXX", "-OO---O"}},
	{"a device with rings that is wanted",
	 true,
	 true,
	 false,
	 {"-------", "DDDDDDD", "DDDDDDD", "DDDDDDD", "DDD--DD", "DDDDDDD", "DDDDDDD"}},
	{"a device at the first look",
	 false,
	 true,
	 true,
	 {"-------", "OOOOOOO", "OOOOOOO", "OOOOOOO", "OOOOOOO", "OOOOOOO", "OOOOOOO"}},
	{"a device without rings to be detached",
	 false,
	 false,
	 false,
	 {"-------", "XXXXXXX", "XXXXXXX", "XXXXXXX", "XXXXXXX", "XXXXXXX", "FF----F"}},
	{"a device to be detached at the first look",
	 false,
	 false,
	 true,
	 {"-------", "XXXXXXX", "XXXXXXX", "XXXXXXX", "XXXXXXX", "XXXXXXX", "FF----F"}},
	{"a device with rings to be detached",
	 true,
	 false,
	 false,
	 {"-------", "DccccDD", "DccccDD", "DccccDD", "DccccDD", "D----DD", "DccccDD"}},
};

static struct desk *begin(const struct table *t)
{
	struct desk *k = desk_new();

	if (t->connected) {
		desk_connect(k, DOMID);
		return k;
	}
	desk_attach(k, DOMID);
	if (!t->fresh)
		desk_turn(k);
	desk_serve(k, DOMID, 12);
	return k;
}

static void write_state(enum schema_key key, int state, const char *missing)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", state);
	desk_write(DOMID, key, state ? text : missing);
}

/* Puts the pair into xenstore, as if others had written it, and takes away the offers. */
static void set_pair(const struct table *t, int back, int front, const char *missing)
{
	desk_write(DOMID, KEY_BACK_PROTOCOL_VERSIONS, NULL);
	desk_write(DOMID, KEY_BACK_ONLINE, t->online ? "1" : "0");
	write_state(KEY_BACK_STATE, back, missing);
	write_state(KEY_FRONT_STATE, front, missing);
}

/* What the device did, as a letter. */
static char did(struct desk *k, int back)
{
	const char *said = desk_said(k);
	int now = desk_state(DOMID);

	if (strcmp(said, "A") == 0)
		return now == 4 ? 'C' : '?';
	if (strcmp(said, "D") == 0)
		return now == back ? 'D' : '?';
	if (said[0])
		return '?';
	if (!desk_device(k, DOMID))
		return store_read(desk_dir(DOMID, SCHEMA_BACK)) ||
				       store_read(desk_dir(DOMID, SCHEMA_FRONT))
			       ? '?'
			       : 'F';
	if (desk_read(DOMID, KEY_BACK_PROTOCOL_VERSIONS))
		return now == 2 ? 'O' : '?';
	if (now == back)
		return '-';
	return now == 6 ? 'X' : now == 5 ? 'c' : '?';
}

static void test_pair(const struct table *t, int back, int front, const char *missing)
{
	struct desk *k = begin(t);
	char want = t->rows[back][front], got;

	set_pair(t, back, front, missing);
	desk_look(k);
	got = did(k, back);
	ok(got == want, "%s, in state %d with the guest in %d%s: %c", t->name, back, front,
	   missing ? " (malformed)" : "", got);
	if (got == 'D') {
		desk_deleted(k, 0);
		ok(!k->rings[0].chan.mapped && desk_state(DOMID) == 6,
		   "%s, in state %d with the guest in %d%s, is unmapped and says 6", t->name, back,
		   front, missing ? " (malformed)" : "");
	}
	desk_free(k);
}

int main(void)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (int back = 0; back <= 6; back++) {
			for (int front = 0; front <= 6; front++)
				test_pair(&tables[t], back, front, NULL);
			test_pair(&tables[t], back, 0, "x");
		}
	}
	return done_testing();
}
