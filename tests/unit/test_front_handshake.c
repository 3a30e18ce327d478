/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every pair of states, and what changes the answer. */
#include "frontend/agent_handshake.h"

#include "tests/unit/tap.h"

/* What the agent does in a pair of states when nothing is wrong: the server is there and open in
 * states 3 and 4 and still there in 5. */
static const struct {
	int own, peer;
	enum agent_hs_action action;
} rows[] = {
	/* No device directory yet, or no more. */
	{0, 0, AGENT_HS_WAIT},
	{0, 1, AGENT_HS_WAIT},
	{0, 2, AGENT_HS_WAIT},
	{0, 3, AGENT_HS_WAIT},
	{0, 4, AGENT_HS_WAIT},
	{0, 5, AGENT_HS_WAIT},
	{0, 6, AGENT_HS_WAIT},
	/* Initialising */
	{1, 0, AGENT_HS_WAIT},
	{1, 1, AGENT_HS_WAIT},
	{1, 2, AGENT_HS_OPEN},
	{1, 3, AGENT_HS_WAIT},
	{1, 4, AGENT_HS_CLOSING}, /* of a connection that we know nothing of */
	{1, 5, AGENT_HS_CLOSED},
	{1, 6, AGENT_HS_WAIT},
	/* InitWait is no state of a frontend: start over. */
	{2, 0, AGENT_HS_RESET},
	{2, 1, AGENT_HS_RESET},
	{2, 2, AGENT_HS_RESET},
	{2, 3, AGENT_HS_RESET},
	{2, 4, AGENT_HS_RESET},
	{2, 5, AGENT_HS_RESET},
	{2, 6, AGENT_HS_RESET},
	/* Initialised */
	{3, 0, AGENT_HS_CLOSING},
	{3, 1, AGENT_HS_CLOSING},
	{3, 2, AGENT_HS_WAIT},
	{3, 3, AGENT_HS_WAIT},
	{3, 4, AGENT_HS_CONNECT},
	{3, 5, AGENT_HS_CLOSING},
	{3, 6, AGENT_HS_CLOSING},
	/* Connected */
	{4, 0, AGENT_HS_CLOSING},
	{4, 1, AGENT_HS_CLOSING},
	{4, 2, AGENT_HS_CLOSING}, /* a backend that restarted */
	{4, 3, AGENT_HS_CLOSING},
	{4, 4, AGENT_HS_WAIT},
	{4, 5, AGENT_HS_CLOSING},
	{4, 6, AGENT_HS_CLOSING},
	/* Closing: until the backend has unmapped */
	{5, 0, AGENT_HS_CLOSED},
	{5, 1, AGENT_HS_CLOSED},
	{5, 2, AGENT_HS_CLOSED},
	{5, 3, AGENT_HS_CLOSED},
	{5, 4, AGENT_HS_WAIT},
	{5, 5, AGENT_HS_WAIT},
	{5, 6, AGENT_HS_CLOSED},
	/* Closed */
	{6, 0, AGENT_HS_WAIT},
	{6, 1, AGENT_HS_RESET},
	{6, 2, AGENT_HS_RESET},
	{6, 3, AGENT_HS_WAIT},
	{6, 4, AGENT_HS_WAIT},
	{6, 5, AGENT_HS_WAIT},
	{6, 6, AGENT_HS_RESET},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct agent_hs_input pair(int own, int peer)
{
	return (struct agent_hs_input){
		.own = (enum xenbus_state)own,
		.peer = (enum xenbus_state)peer,
		.end = own >= 3 && own <= 5 ? AGENT_HS_END_OPEN : AGENT_HS_END_NONE,
	};
}

static void is_action(const struct agent_hs_input *in, enum agent_hs_action want, const char *what)
{
	is_str(agent_hs_action_name(agent_hs_next(in)), agent_hs_action_name(want),
	       "own %d, backend %d%s: the agent does \"%s\"", in->own, in->peer, what,
	       agent_hs_action_name(want));
}

static void test_pairs(void)
{
	bool seen[7][7] = {{false}};
	int count = 0;

	for (size_t i = 0; i < ROWS; i++) {
		struct agent_hs_input in = pair(rows[i].own, rows[i].peer);

		is_action(&in, rows[i].action, "");
		count += !seen[rows[i].own][rows[i].peer];
		seen[rows[i].own][rows[i].peer] = true;
	}
	is_int(count, 49, "every pair has its row");
}

static void test_stale(void)
{
	for (int own = 0; own <= 6; own++) {
		for (int peer = 0; peer <= 6; peer++) {
			struct agent_hs_input in = pair(own, peer);
			enum agent_hs_action without = agent_hs_next(&in);

			in.stale = true;
			in.end = AGENT_HS_END_OPEN;
			is_action(&in, AGENT_HS_REBUILD, ", nodes replaced under an open server");
			in.stopping = true;
			is_action(&in, AGENT_HS_REBUILD, ", nodes replaced while stopping");
			in = pair(own, peer);
			in.stale = true;
			if (in.end == AGENT_HS_END_NONE)
				is_action(&in, without, ", nodes replaced without a server");
		}
	}
}

static void test_server_end(void)
{
	for (int own = 3; own <= 4; own++) {
		for (int peer = 0; peer <= 6; peer++) {
			struct agent_hs_input in = pair(own, peer);

			in.end = AGENT_HS_END_NONE;
			is_action(&in, AGENT_HS_CLOSING, ", left by an agent that died");
			in.end = AGENT_HS_END_LOST;
			is_action(&in, AGENT_HS_CLOSING, ", the backend's end is gone");
			in = pair(own, peer);
			in.failed = true;
			is_action(&in, AGENT_HS_CLOSING, ", after an error");
		}
	}
	{
		struct agent_hs_input in = pair(3, 4);

		in.end = AGENT_HS_END_WAITING;
		is_action(&in, AGENT_HS_WAIT, ", but it has not mapped");
		in = pair(3, 2);
		in.end = AGENT_HS_END_WAITING;
		is_action(&in, AGENT_HS_WAIT, ", not connected yet");
	}
}

static void test_pauses(void)
{
	struct agent_hs_input in;

	for (int peer = 0; peer <= 6; peer++) {
		in = pair(5, peer);
		in.overdue = true;
		is_action(&in, AGENT_HS_CLOSED, ", overdue");
	}
	in = pair(1, 2);
	in.hold = true;
	is_action(&in, AGENT_HS_WAIT, ", pause");
	in = pair(1, 2);
	in.offline = true;
	is_action(&in, AGENT_HS_WAIT, ", being detached");
	in = pair(6, 6);
	in.hold = true;
	is_action(&in, AGENT_HS_WAIT, ", pause");
	in = pair(6, 6);
	in.offline = true;
	is_action(&in, AGENT_HS_WAIT, ", being detached");
	in = pair(4, 5);
	in.hold = true;
	is_action(&in, AGENT_HS_CLOSING, ", a pause delays no closing");

	is_int((long long)agent_hs_backoff_ns(0), 0, "without a failure there is no pause");
	is_int((long long)agent_hs_backoff_ns(1), 0, "the first failure costs no pause");
	is_int((long long)agent_hs_backoff_ns(2), 500000000,
	       "the second failure costs half a second");
	is_int((long long)agent_hs_backoff_ns(4), 2000000000,
	       "each further failure doubles the pause");
	is_int((long long)agent_hs_backoff_ns(8), 30000000000,
	       "the pause is 30 s after eight failures");
	is_int((long long)agent_hs_backoff_ns(4000000000u), 30000000000,
	       "the pause is never more than 30 s");
}

/* From anywhere, an agent that stops comes to its end, whatever the backend does. */
static void test_stopping(void)
{
	for (int own = 0; own <= 6; own++) {
		for (int peer = 0; peer <= 6; peer++) {
			struct agent_hs_input in = pair(own, peer);
			enum agent_hs_action action = AGENT_HS_WAIT;
			int steps = 0;

			in.stopping = true;
			while (action != AGENT_HS_DONE && steps++ < 10) {
				action = agent_hs_next(&in);
				if (action == AGENT_HS_WAIT) {
					in.overdue = true;
				} else if (action == AGENT_HS_CLOSING) {
					in.own = XenbusStateClosing;
				} else if (action == AGENT_HS_CLOSED) {
					in.own = XenbusStateClosed;
					in.end = AGENT_HS_END_NONE;
				}
			}
			ok(action == AGENT_HS_DONE && in.end == AGENT_HS_END_NONE,
			   "own %d, backend %d: stopping ends", own, peer);
		}
	}
	{
		struct agent_hs_input in = pair(5, 4);

		in.stopping = true;
		is_action(&in, AGENT_HS_WAIT, ", stopping waits for the backend to unmap");
	}
}

int main(void)
{
	test_pairs();
	test_stale();
	test_server_end();
	test_pauses();
	test_stopping();
	return done_testing();
}
