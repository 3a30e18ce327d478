/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desk.h: the product's control thread without the thread: struct control over a xenstore in memory
 * (store.h), a played hypervisor (hyp.h) and guests' rings (chan.h). The test is dom0, the guests
 * and the frame loop, and says what time it is. The uplink is called DESK_UPLINK.
 */
#ifndef DMVL_TESTS_FAKE_DESK_H
#define DMVL_TESTS_FAKE_DESK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/device_state.h"
#include "backend/msg/msg.h"
#include "tests/fake/chan.h"
#include "tests/fake/hyp.h"
#include "tests/fake/scratch.h"
#include "tests/fake/store.h"

#define DESK_UPLINK "default"
#define DESK_MS	    1000000ull
#define DESK_SEC    (1000 * DESK_MS)
#define DESK_GUESTS 16 /* connections at a time */

/* A guest's server, from desk_serve() on. */
struct desk_rings {
	struct chan chan;
	bool used;
};

struct desk {
	struct control c;
	struct uplink uplink;
	char state_dir[SCRATCH_PATH_MAX + 8]; /* a real one; desk_free() removes it */
	uint64_t next_ns; /* when a device wants to be looked at; UINT64_MAX: when something changes
			   */
	uint64_t policy_ns;		  /* likewise, of the policy */
	char said[32];			  /* see desk_said() */
	struct msg owner[2];		  /* the last MSG_OWNER that said no, and yes */
	struct msg group[2];		  /* the last MSG_GROUP that said no, and yes */
	unsigned groups_said;		  /* how many there were */
	struct msg added, configured;	  /* the last MSG_ADD and MSG_CONF */
	struct msg brought, ended;	  /* the last MSG_BROUGHT and MSG_ENDED */
	struct vchan *vchan[DESK_GUESTS]; /* by slot: the frame loop has them, */
	struct vif_tap *tap[DESK_GUESTS]; /* or these */
	struct desk_rings rings[DESK_GUESTS];
};

/* No devices, no domains; all watches are set. Never NULL. One at a time. */
struct desk *desk_new(void);
void desk_free(struct desk *k);

/* Takes the events that wait, and looks once at the devices that are due. */
void desk_look(struct desk *k);
/* The events that wait are lost, as if they had not come yet. */
void desk_lose_events(struct desk *k);
/* As the thread works: until nothing is left to do now. */
void desk_turn(struct desk *k);

/* What the operator's policy says from now on. It has no mistakes. */
void desk_policy(struct desk *k, const char *text);
/* Time passes; the thread works whenever something is due. */
void desk_pass(struct desk *k, uint64_t ns);

/*
 * What was posted to the frame loop since the last call, a letter for each message: A add, C conf,
 * D delete, F freeze, T thaw, L link, B brought, E ended. MSG_OWNER and MSG_GROUP are kept in
 * `owner` and `group` instead. Good until the next call.
 */
const char *desk_said(struct desk *k);
/* The frame loop's answers: it deleted the device, refused or failed it. No turn yet. */
void desk_deleted(struct desk *k, uint32_t slot);
void desk_refused(struct desk *k, uint32_t slot, const char *why);
void desk_failed(struct desk *k, uint32_t slot, const char *why);

/*
 * A guest, whose UUID begins with its number, is built as this domain: it exists, and has a name.
 * Or it ends, and its nodes with it. No turn yet.
 */
void desk_boot(unsigned domid, unsigned guest);
void desk_end(unsigned domid);
/* Dom0 attaches device 0 to the domain, which exists from now on, as the guest of its number; no
 * turn yet. */
void desk_attach(struct desk *k, unsigned domid);
/* Its directories. Good until the next call. */
const char *desk_dir(unsigned domid, enum schema_area area);
/* A key of it, as it stands; NULL: missing. To write NULL is to remove. */
const char *desk_read(unsigned domid, enum schema_key key);
void desk_write(unsigned domid, enum schema_key key, const char *value);
/* The backend's state; 0: missing. */
int desk_state(unsigned domid);
/* The device as the control thread knows it; NULL: it does not. */
struct device *desk_device(struct desk *k, unsigned domid);

/*
 * The guest chooses, serves rings of 2^order bytes for the next connection (0: it has none, and
 * NULL is returned), and says state 3.
 */
struct chan *desk_serve(struct desk *k, unsigned domid, unsigned order);
/* Attaches, and plays the guest until the device is connected. Its slot. */
uint32_t desk_connect(struct desk *k, unsigned domid);

#endif
