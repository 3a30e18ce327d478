/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which changes of its own state node an agent takes for its own. */
#include "frontend/agent_device.h"

#include <string.h>

#include "tests/fake/store.h"
#include "tests/unit/tap.h"

#define OWN_STATE "device/dmvl/0/state"

static bool echo(struct agent_device *d, enum xenbus_state wrote)
{
	agent_device_drain(d);
	return agent_device_is_echo(d, wrote);
}

static void open_device(struct agent_device *d, const char *state)
{
	store_clear();
	store_write(OWN_STATE, state);
	agent_device_open(d, 0);
	agent_device_watch(d);
	agent_device_drain(d);
}

static void test_own_writing_is_an_echo(void)
{
	struct agent_device d;

	open_device(&d, "1");
	agent_device_set_state(&d, XenbusStateInitialised);
	ok(echo(&d, XenbusStateInitialised), "the state that the agent wrote is an echo");
	store_write(OWN_STATE, "6");
	ok(!echo(&d, XenbusStateInitialised), "a state that somebody else wrote is none");
	agent_device_close(&d);
}

/* A waiting agent wrote 1 last, and so did who made the nodes again. */
static void test_new_nodes_are_no_echo(void)
{
	struct agent_device d;

	open_device(&d, "6");
	agent_device_set_state(&d, XenbusStateInitialising);
	agent_device_drain(&d);
	store_remove("device/dmvl/0");
	store_write(OWN_STATE, "1");
	ok(!echo(&d, XenbusStateInitialising), "nodes that were made again are no echo");
	agent_device_close(&d);
}

static void test_error_is_bounded(void)
{
	char longer[SCHEMA_GUEST_VALUE_MAX + 11];
	struct agent_device d;

	open_device(&d, "1");
	agent_device_show_error(&d, "no rings");
	is_str(store_read("device/dmvl/0/error"), "no rings", "the agent's sentence is shown");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	agent_device_show_error(&d, longer);
	is_int(strlen(store_read("device/dmvl/0/error")), SCHEMA_GUEST_VALUE_MAX,
	       "a longer sentence is cut off where the host stops reading");
	agent_device_show_error(&d, "");
	is_str(store_read("device/dmvl/0/error"), "", "the sentence is taken back");
	agent_device_close(&d);
}

int main(void)
{
	test_error_is_bounded();
	test_own_writing_is_an_echo();
	test_new_nodes_are_no_echo();
	return done_testing();
}
