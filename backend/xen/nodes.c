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
 *
 * A guest that is saved or rebooted comes back with the same UUID and another domid, and the nodes
 * of the old domid go. In between, the operator's settings are stored under the UUID in the
 * uplink's directory, so that they also survive a restart of the daemon.
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

/* Removes a directory that has no children left. */
static void remove_if_empty(struct xs_conn *xs, const char *path)
{
	char **names;
	unsigned count;

	if (xs_conn_list(xs, XS_NO_TXN, path, &names, &count) < 0)
		return;
	free(names);
	if (count == 0)
		xs_conn_rm(xs, XS_NO_TXN, path);
}

struct removal {
	const struct creation *made;
	const char *generation; /* NULL: any */
};

/* Removes both directories, if the device still has the generation. */
static int remove_both(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct removal *r = arg;
	char now[SCHEMA_GUEST_VALUE_MAX + 1];
	int ret;

	if (r->generation) {
		if (xskey_read(xs, t, r->made->back, KEY_BACK_GENERATION, now, sizeof(now)) < 0)
			now[0] = '\0';
		if (strcmp(now, r->generation) != 0)
			return -ESTALE;
	}
	ret = xs_conn_rm(xs, t, r->made->front);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	ret = xs_conn_rm(xs, t, r->made->back);
	return ret == -ENOENT ? 0 : ret;
}

int nodes_remove(struct xs_conn *xs, unsigned backend_domid, unsigned domid, unsigned id,
		 const char *generation)
{
	struct creation c = {.backend_domid = backend_domid, .domid = domid};
	int ret = fill_paths(&c, id);

	if (ret < 0)
		return ret;
	ret = xs_txn(xs, remove_both, &(struct removal){.made = &c, .generation = generation});
	*strrchr(c.back, '/') = '\0';
	remove_if_empty(xs, c.back);
	*strrchr(c.front, '/') = '\0';
	remove_if_empty(xs, c.front);
	return ret;
}

/* --- saving and restoring --------------------------------------------------------------------- */

static bool is_kept(enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);

	return e->area == SCHEMA_BACK && key != KEY_BACK_GENERATION &&
	       (e->owner == SCHEMA_BY_OPERATOR || e->owner == SCHEMA_BY_ATTACH);
}

int nodes_save(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
	       const char *uuid_text, unsigned domid, unsigned id)
{
	char back[SCHEMA_PATH_MAX], dir[SCHEMA_PATH_MAX], value[SCHEMA_VALUE_MAX + 1];
	int ret = schema_backend_dir(back, sizeof(back), backend_domid, domid, id);

	if (ret >= 0)
		ret = schema_saved_dir(dir, sizeof(dir), backend_domid, uplink, uuid_text, id);
	if (ret < 0)
		return ret;
	xs_conn_rm(xs, XS_NO_TXN, dir);
	for (int key = 0; key < KEY_COUNT; key++) {
		if (!is_kept((enum schema_key)key) ||
		    xskey_read(xs, XS_NO_TXN, back, (enum schema_key)key, value, sizeof(value)) < 0)
			continue;
		ret = xskey_write(xs, XS_NO_TXN, dir, (enum schema_key)key, value);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int restore_device(struct xs_conn *xs, unsigned backend_domid, const char *dir,
			  unsigned domid, unsigned id)
{
	struct node_value values[KEY_COUNT];
	char buf[SCHEMA_VALUE_MAX + 1];
	unsigned n = 0;
	int ret;

	for (int key = 0; key < KEY_COUNT; key++) {
		if (!is_kept((enum schema_key)key) ||
		    xskey_read(xs, XS_NO_TXN, dir, (enum schema_key)key, buf, sizeof(buf)) < 0)
			continue;
		values[n] = (struct node_value){(enum schema_key)key, strdup(buf)};
		if (values[n].value)
			n++;
	}
	ret = nodes_create(xs, backend_domid, domid, id, values, n);
	while (n > 0)
		free((char *)(uintptr_t)values[--n].value);
	return ret;
}

int nodes_restore(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
		  const char *uuid_text, unsigned domid)
{
	char root[SCHEMA_PATH_MAX], dir[SCHEMA_PATH_MAX];
	int ret = schema_saved_root(root, sizeof(root), backend_domid, uplink, uuid_text), done = 0;
	char **ids;
	unsigned count;

	if (ret < 0)
		return ret;
	ret = xs_conn_list(xs, XS_NO_TXN, root, &ids, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	for (unsigned i = 0; i < count; i++) {
		unsigned id = (unsigned)strtoul(ids[i], NULL, 10);

		if (schema_saved_dir(dir, sizeof(dir), backend_domid, uplink, uuid_text, id) < 0)
			continue;
		ret = restore_device(xs, backend_domid, dir, domid, id);
		if (ret == 0)
			done++;
		if (ret == 0 || ret == -EEXIST)
			xs_conn_rm(xs, XS_NO_TXN, dir);
	}
	free(ids);
	remove_if_empty(xs, root);
	return done;
}

bool nodes_saved(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
		 const char *uuid_text)
{
	char root[SCHEMA_PATH_MAX];

	return schema_saved_root(root, sizeof(root), backend_domid, uplink, uuid_text) >= 0 &&
	       xs_conn_exists(xs, XS_NO_TXN, root);
}

void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_LEN + 1])
{
	char *p = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, "%02x", uuid[i]);
	}
}
