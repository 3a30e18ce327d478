/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/xen/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * A guest cannot create nodes under device/, so both directories are created here, in a single
 * transaction: everyone who sees a state also sees all the rest. xenstored gives a new node the
 * permissions of its parent, so each directory gets its own permissions before it gets keys.
 */

struct creation {
	unsigned backend_domid, domid;
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	char generation[17];
	const struct node_value *values;
	unsigned n;
	bool agentless; /* no guest's side */
};

static int make_dir(struct xs_conn *xs, uint32_t t, const char *path, unsigned owner, int reader)
{
	int ret = xs_conn_mkdir(xs, t, path);

	return ret < 0 ? ret : xs_conn_set_perms(xs, t, path, owner, reader);
}

/* Creates the missing ones of the `up` directories above `leaf`, but not `leaf`. */
static int make_parents(struct xs_conn *xs, uint32_t t, const char *leaf, unsigned up,
			unsigned owner, int reader)
{
	char path[SCHEMA_PATH_MAX];
	int ret;

	if (up == 0)
		return 0;
	snprintf(path, sizeof(path), "%s", leaf);
	*strrchr(path, '/') = '\0';
	if (xs_conn_exists(xs, t, path))
		return 0;
	ret = make_parents(xs, t, path, up - 1, owner, reader);
	return ret < 0 ? ret : make_dir(xs, t, path, owner, reader);
}

static int make_dirs(struct xs_conn *xs, uint32_t t, const struct creation *c)
{
	unsigned b = c->backend_domid;
	int guest = (int)c->domid, ret;

	/* backend, backend/dmvl, backend/dmvl/<domid>, and the device's directory */
	ret = make_parents(xs, t, c->back, 3, b, -1);
	if (ret >= 0)
		ret = make_dir(xs, t, c->back, b, guest);
	/* device, device/dmvl, and the device's directory */
	if (ret < 0 || c->agentless)
		return ret;
	ret = make_parents(xs, t, c->front, 2, 0, guest);
	if (ret >= 0)
		ret = make_dir(xs, t, c->front, c->domid, (int)b);
	return ret;
}

static bool is_given(const struct creation *c, enum schema_key key)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->values[i].key == key)
			return true;
	}
	return false;
}

static int write_backend(struct xs_conn *xs, uint32_t t, const struct creation *c)
{
	char domid[12];
	const struct node_value dflt[] = {
		{KEY_BACK_FRONTEND_ID, domid},
		{KEY_BACK_ONLINE, "1"},
		{KEY_BACK_GENERATION, c->generation},
		{KEY_BACK_UPLINK, schema_entry(KEY_BACK_UPLINK)->dflt},
		{KEY_BACK_WEIGHT, schema_entry(KEY_BACK_WEIGHT)->dflt},
		/* The last two are only for agents. */
		{KEY_BACK_MTU, schema_entry(KEY_BACK_MTU)->dflt},
		{KEY_BACK_FRONTEND, c->front},
	};
	size_t count = sizeof(dflt) / sizeof(dflt[0]) - (c->agentless ? 2 : 0);
	int ret = 0;

	snprintf(domid, sizeof(domid), "%u", c->domid);
	for (size_t i = 0; ret >= 0 && i < count; i++) {
		if (!is_given(c, dflt[i].key))
			ret = xskey_write(xs, t, c->back, dflt[i].key, dflt[i].value);
	}
	for (unsigned i = 0; ret >= 0 && i < c->n; i++)
		ret = xskey_write(xs, t, c->back, c->values[i].key, c->values[i].value);
	return ret;
}

static int write_frontend(struct xs_conn *xs, uint32_t t, const struct creation *c)
{
	int ret = xskey_write(xs, t, c->front, KEY_FRONT_BACKEND, c->back);

	if (ret >= 0)
		ret = xskey_write_u64(xs, t, c->front, KEY_FRONT_BACKEND_ID, c->backend_domid);
	if (ret >= 0)
		ret = xskey_write_state(xs, t, c->front, KEY_FRONT_STATE, XenbusStateInitialising);
	return ret;
}

static int create(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct creation *c = arg;
	int ret;

	if (xs_conn_exists(xs, t, c->back) || xs_conn_exists(xs, t, c->front))
		return -EEXIST;
	ret = make_dirs(xs, t, c);
	if (ret >= 0)
		ret = write_backend(xs, t, c);
	if (ret >= 0 && !c->agentless)
		ret = write_frontend(xs, t, c);
	if (ret >= 0)
		ret = xskey_write_state(xs, t, c->back, KEY_BACK_STATE, XenbusStateInitialising);
	return ret;
}

static int make_generation(char out[17])
{
	uint64_t nonce;

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return -EIO;
	snprintf(out, 17, "%016llx", (unsigned long long)nonce);
	return 0;
}

static int fill_paths(struct creation *c, unsigned id)
{
	int ret = schema_backend_dir(c->back, sizeof(c->back), c->backend_domid, c->domid, id);

	if (ret >= 0)
		ret = schema_frontend_dir(c->front, sizeof(c->front), c->domid, id);
	return ret;
}

static bool is_via_vif(const struct node_value *values, unsigned n)
{
	unsigned via = SCHEMA_VIA_RING;

	for (unsigned i = 0; i < n; i++) {
		if (values[i].key == KEY_BACK_VIA)
			schema_parse_enum(KEY_BACK_VIA, values[i].value, &via, NULL);
	}
	return via == SCHEMA_VIA_VIF;
}

int nodes_create(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const struct node_value *values, unsigned n)
{
	struct creation c = {.backend_domid = backend_domid,
			     .domid = domid,
			     .values = values,
			     .n = n,
			     .agentless = is_via_vif(values, n)};
	int ret = fill_paths(&c, id);

	if (ret >= 0)
		ret = make_generation(c.generation);
	return ret < 0 ? ret : xs_txn(xs, create, &c);
}

/* Removes the directory above one that was removed, if it has no children left. */
static int remove_if_empty(struct xs_conn *xs, uint32_t t, const char *below)
{
	char path[SCHEMA_PATH_MAX], **names;
	unsigned count;
	int ret;

	snprintf(path, sizeof(path), "%s", below);
	*strrchr(path, '/') = '\0';
	ret = xs_conn_list(xs, t, path, &names, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	free(names);
	return count == 0 ? xs_conn_rm(xs, t, path) : 0;
}

static int remove_one(struct xs_conn *xs, uint32_t t, const char *dir)
{
	int ret = xs_conn_rm(xs, t, dir);

	return ret < 0 && ret != -ENOENT ? ret : remove_if_empty(xs, t, dir);
}

/* In one transaction with their parents: another device may come below them at any time. */
static int remove_both(struct xs_conn *xs, uint32_t t, const struct creation *c)
{
	int ret = remove_one(xs, t, c->front);

	/* A driver domain is told the same of what is missing and of what it may not remove. */
	if (ret == -EACCES && !xs_conn_exists(xs, XS_NO_TXN, c->front))
		ret = 0;
	if (ret >= 0)
		ret = remove_one(xs, t, c->back);
	/* C xenstored's answer when another client removes the same nodes meanwhile. */
	return ret == -EIO ? -EAGAIN : ret;
}

static bool has_generation(struct xs_conn *xs, uint32_t t, const char *back, const char *generation)
{
	char now[SCHEMA_GUEST_VALUE_MAX + 1];

	if (xskey_read(xs, t, back, KEY_BACK_GENERATION, now, sizeof(now)) < 0)
		now[0] = '\0';
	return strcmp(now, generation) == 0;
}

int nodes_remove_in(struct xs_conn *xs, uint32_t t, unsigned backend_domid, unsigned domid,
		    unsigned id, const char *generation)
{
	struct creation c = {.backend_domid = backend_domid, .domid = domid};
	int ret = fill_paths(&c, id);

	if (ret < 0)
		return ret;
	if (generation && !has_generation(xs, t, c.back, generation))
		return -ESTALE;
	return remove_both(xs, t, &c);
}

struct removal {
	unsigned backend_domid, domid, id;
	const char *generation; /* NULL: any */
};

static int remove_alone(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct removal *r = arg;

	return nodes_remove_in(xs, t, r->backend_domid, r->domid, r->id, r->generation);
}

int nodes_remove(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const char *generation)
{
	return xs_txn(xs, remove_alone,
		      &(struct removal){.backend_domid = backend_domid,
					.domid = domid,
					.id = id,
					.generation = generation});
}
