/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes_store.c: xenstore and the handshake. */
#include <stdio.h>
#include <string.h>

#include "common/xs.h"
#include "tests/hostile/modes.h"

#define BIT(s) (1u << (s))
/* xenstored itself lets a guest write some 200 times a second, and no more. */
#define WRITES 40

/* What frontends write, and some more. */
static const char *const names[] = {
	"state",
	"protocol-version",
	"ring-order",
	"feature-csum",
	"feature-tso4",
	"feature-tso6",
	"feature-uso",
	"demand",
	"log-offset",
	"backend",
	"backend-id",
	"vchan",
	"vchan/ring-ref",
	"vchan/event-channel",
	"vchan/ring-ref/deeper/and/deeper",
	"nonsense",
	"state/below",
};

static const char *odd_value(struct peer *p)
{
	static const char *const values[] = {"",
					     "0",
					     "1",
					     "2",
					     "3",
					     "4",
					     "5",
					     "6",
					     "7",
					     "8",
					     "-1",
					     "01",
					     "1 ",
					     " 1",
					     "0x1",
					     "1e3",
					     "1.0",
					     "4294967295",
					     "4294967296",
					     "18446744073709551616",
					     "banana",
					     "%s%n%s",
					     "\x1b[2J\nforged line",
					     "/local/domain/0/backend/dmvl/0/0",
					     "../../..",
					     "12",
					     "20",
					     "21",
					     "11"};
	static char big[4000];

	if (!one_in(p, 6))
		return pick(p, values);
	memset(big, 'x', sizeof(big));
	/* 64 bytes are read at the most; and as long as xenstored takes. */
	big[one_in(p, 2) ? 63 + below(p, 4) : 3900 + below(p, 99)] = '\0';
	return big;
}

/* One write, or a removal, of anything that is the guest's. */
static void odd_write(struct peer *p)
{
	char fresh[24];

	if (one_in(p, 8)) {
		peer_remove(p, pick(p, names));
	} else if (one_in(p, 8)) {
		snprintf(fresh, sizeof(fresh), "n%u", below(p, 2000));
		peer_write(p, fresh, odd_value(p));
	} else {
		peer_write(p, pick(p, names), odd_value(p));
	}
}

bool mode_store(struct peer *p)
{
	bool connected = one_in(p, 2) && peer_connect(p);

	for (int i = 0; i < WRITES && !peer_over(p); i++)
		odd_write(p);
	if (connected)
		peer_part(p);
	peer_remove(p, "vchan");
	peer_mend(p);
	return true;
}

/* State after state, as fast as they can be written. */
static void flap(struct peer *p)
{
	for (int i = 0; i < WRITES / 2 && !peer_over(p); i++)
		peer_state(p, (enum xenbus_state)below(p, 9));
}

/* What the backend watches goes and comes back. */
bool mode_nodes(struct peer *p)
{
	static const char *const gone[] = {"state", "vchan", "vchan/ring-ref", "protocol-version"};
	bool connected = one_in(p, 2) && peer_connect(p);

	for (int i = 0; i < WRITES && !peer_over(p); i++) {
		const char *name = pick(p, gone);

		peer_remove(p, name);
		if (one_in(p, 2))
			peer_write(p, name, one_in(p, 2) ? "1" : odd_value(p));
		if (one_in(p, 8))
			flap(p);
		if (p->x && one_in(p, 8))
			peer_notify(p);
	}
	if (connected)
		peer_part(p);
	return true;
}

/* Ends at each step of the handshake in turn, in one way or another. */
bool mode_steps(struct peer *p)
{
	uint32_t last = below(p, 6);

	if (!peer_offered(p, p->patience_ms))
		return false;
	if (last >= 1)
		agent_device_read_offer(&p->dev, &p->offer);
	if (last >= 2)
		peer_serve(p, PEER_ORDER);
	if (last >= 3 && p->x)
		peer_answer(p);
	if (last >= 4)
		peer_await(p, BIT(XenbusStateConnected) | BIT(XenbusStateClosed), 1000);
	if (last >= 5)
		peer_state(p, XenbusStateConnected);
	switch (below(p, 5)) {
	case 0:
		peer_state(p, (enum xenbus_state)below(p, 9));
		break;
	case 1:
		peer_remove(p, one_in(p, 2) ? "state" : "vchan");
		break;
	case 2:
		peer_leave(p);
		return true;
	}
	peer_drop(p);
	return true;
}

bool mode_reconnect(struct peer *p)
{
	for (int i = 0; i < 20 && !peer_over(p); i++) {
		if (!peer_connect(p))
			return i > 0;
		peer_part(p);
	}
	return true;
}

/* A page, or a channel, that is not what its node says. */
static uint32_t odd_ref(struct peer *p, uint32_t good)
{
	const uint32_t refs[] = {0, 1, 7, 8, good + 1, good - 1, 65535, 0x7fffffff, 0xffffffff};

	return one_in(p, 2) ? pick(p, refs) : below(p, 2000);
}

static void spoil_nodes(struct peer *p)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", odd_ref(p, p->x->event_port));
	if (one_in(p, 2))
		peer_write(p, one_in(p, 2) ? "vchan/ring-ref" : "vchan/event-channel", text);
	else
		peer_write(p, one_in(p, 2) ? "vchan/ring-ref" : "vchan/event-channel",
			   odd_value(p));
}

static void spoil_page(struct peer *p)
{
	struct vchan_interface *ring = p->x->ring;
	uint32_t grants = 2u << (PEER_ORDER - 12), from = below(p, grants);

	switch (below(p, 4)) {
	case 0: /* orders that are too small, too large, or of more pages than there are */
		ring->left_order = (uint16_t)(8 + below(p, 16));
		ring->right_order = (uint16_t)(8 + below(p, 16));
		break;
	case 1: /* a page that does not exist */
		ring->grants[from] = odd_ref(p, ring->grants[from]);
		break;
	case 2: /* one page twice: the rings lie over each other */
		ring->grants[from] = ring->grants[below(p, grants)];
		break;
	case 3: /* all rings are one page */
		for (uint32_t i = 0; i < grants; i++)
			ring->grants[i] = ring->grants[from];
		break;
	}
	p->n.writes++;
}

bool mode_refs(struct peer *p)
{
	static const uint8_t body[WIRE_VNET_LEN + WIRE_FRAME_MIN];
	struct wire_hdr hdr = wire_make(WIRE_DATA, sizeof(body));

	if (!peer_offered(p, p->patience_ms))
		return false;
	agent_device_read_offer(&p->dev, &p->offer);
	if (!peer_serve(p, PEER_ORDER))
		return false;
	if (one_in(p, 2))
		spoil_nodes(p);
	else
		spoil_page(p);
	peer_answer(p);
	peer_await(p, BIT(XenbusStateConnected) | BIT(XenbusStateClosed), 1000);
	for (int i = 0; i < 20 && peer_connected(p); i++)
		peer_send(p, &hdr, body, sizeof(body));
	peer_part(p);
	return true;
}

/* The own directory goes; a guest cannot make it again. */
bool mode_gone(struct peer *p)
{
	if (one_in(p, 2) && !peer_connect(p))
		return false;
	peer_remove(p, "");
	peer_drop(p);
	return true;
}
