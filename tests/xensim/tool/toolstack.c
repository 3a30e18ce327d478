/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl does, to a simulated machine
 *
 * A domain's life in xenstore: its home directory (Dom0's, readable by the guest) with the few
 * directories that the guest owns, /vm/UUID and /libxl/DOMID, then xs_introduce_domain.  At the end
 * the nodes go first and the domain after them; xenstored learns of that by itself.
 */
#include "tool.h"
#include "../guest/kernel.h"
#include "../lib/client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xen/sched.h>
#include <xen/xen.h>
#include <xenstore.h>

static int conn = -1;
static struct xs_handle *xs;

int toolstack_open(void)
{
	if (conn < 0)
		conn = sim_open(SIM_TOOL, NULL, NULL);
	return conn < 0 ? -1 : 0;
}

/* xenstored comes up later than the broker: connect when it is first needed. */
static int need_xs(void)
{
	if (!xs)
		xs = xs_open(0);
	return xs ? 0 : -1;
}

int toolstack_request(enum sim_op op, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t *val)
{
	struct sim_call call = {.req = {.op = op, .arg = {a, b, c, d}}};

	if (toolstack_open() || sim_call(conn, &call))
		return -1;
	if (val)
		memcpy(val, call.rep.val, sizeof(call.rep.val));
	return 0;
}

int toolstack_list(struct sim_dominfo **info)
{
	size_t max = SIM_MAX_PAYLOAD / sizeof(**info);
	unsigned int n = 0, first = 0;
	struct sim_dominfo *all = NULL;

	if (toolstack_open())
		return -1;
	for (;;) {
		struct sim_call c = {.req = {.op = SIM_GETINFO, .arg = {first, (uint32_t)max}}};
		struct sim_dominfo *more = realloc(all, (n + max) * sizeof(*all));
		unsigned int got;

		if (!more)
			break;
		all = more;
		c.out = all + n;
		c.out_size = max * sizeof(*all);
		if (sim_call(conn, &c))
			break;
		got = c.rep.len / sizeof(*all);
		n += got;
		if (got < max) {
			*info = all;
			return (int)n;
		}
		first = all[n - 1].domid + 1;
	}
	free(all);
	return -1;
}

int toolstack_lookup(const char *word, struct sim_dominfo *out)
{
	struct sim_dominfo *info;
	int n = toolstack_list(&info), i, domid = -1;
	char *end;
	unsigned long id = strtoul(word, &end, 10);
	bool number = *word && !*end;

	for (i = 0; i < n; i++) {
		if (info[i].dying || (number ? info[i].domid != id : strcmp(info[i].name, word)))
			continue;
		domid = (int)info[i].domid;
		if (out)
			*out = info[i];
	}
	if (n >= 0)
		free(info);
	if (domid < 0)
		errno = ESRCH;
	return domid;
}

void uuid_make(uint8_t *uuid)
{
	if (getrandom(uuid, SIM_UUID_BYTES, 0) != SIM_UUID_BYTES)
		abort();
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

void uuid_text(const uint8_t *u, char *text)
{
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		 u[13], u[14], u[15]);
}

/* One node: made with its permissions, given a value unless that is NULL. */
static bool node(xs_transaction_t t, const char *dir, const char *name, const char *value,
		 struct xs_permissions *perms, unsigned int nr_perms)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
	if (value ? !xs_write(xs, t, path, value, (unsigned int)strlen(value))
		  : !xs_mkdir(xs, t, path))
		return false;
	return xs_set_permissions(xs, t, path, perms, nr_perms);
}

static bool home_nodes(xs_transaction_t t, unsigned int domid, const char *name, const char *uuid)
{
	static const char *const readable[] = {"cpu", "memory", "device", "control"};
	static const char *const owned[] = {"control/shutdown",
					    "device/suspend/event-channel",
					    "data",
					    "drivers",
					    "feature",
					    "attr",
					    "error"};
	struct xs_permissions ro[2] = {{0, XS_PERM_NONE}, {domid, XS_PERM_READ}};
	struct xs_permissions own[1] = {{domid, XS_PERM_NONE}};
	char home[64], vm[64], lib[64], text[16];
	bool ok;
	unsigned int i;

	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	snprintf(lib, sizeof(lib), "/libxl/%u", domid);
	snprintf(text, sizeof(text), "%u", domid);
	ok = node(t, home, "", NULL, ro, 2) && node(t, vm, "", NULL, ro, 2) &&
	     node(t, lib, "", NULL, ro, 1) && node(t, lib, "type", "pv", ro, 1) &&
	     node(t, home, "vm", vm, ro, 2) && node(t, home, "name", name, ro, 2) &&
	     node(t, home, "domid", text, ro, 2) && node(t, vm, "name", name, ro, 2) &&
	     node(t, vm, "uuid", uuid, ro, 2);
	for (i = 0; ok && i < sizeof(readable) / sizeof(readable[0]); i++)
		ok = node(t, home, readable[i], NULL, ro, 2);
	for (i = 0; ok && i < sizeof(owned) / sizeof(owned[0]); i++)
		ok = node(t, home, owned[i], NULL, own, 1);
	return ok && node(t, home, "memory/target", "98304", ro, 2);
}

static int make_nodes(unsigned int domid, const char *name, const uint8_t *uuid)
{
	char text[37];
	xs_transaction_t t;
	bool ok;

	uuid_text(uuid, text);
	do {
		t = xs_transaction_start(xs);
		if (!t)
			return -1;
		ok = home_nodes(t, domid, name, text);
		if (!ok) {
			xs_transaction_end(xs, t, true);
			return -1;
		}
	} while (!xs_transaction_end(xs, t, false) && (ok = false, errno == EAGAIN));
	return ok ? 0 : -1;
}

static void remove_home(unsigned int domid)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	xs_rm(xs, XBT_NULL, path);
	snprintf(path, sizeof(path), "/libxl/%u", domid);
	xs_rm(xs, XBT_NULL, path);
}

static void remove_nodes(unsigned int domid, const uint8_t *uuid)
{
	char path[64], text[37];

	uuid_text(uuid, text);
	snprintf(path, sizeof(path), "/vm/%s", text);
	xs_rm(xs, XBT_NULL, path);
	remove_home(domid);
}

int toolstack_dom0(void)
{
	struct xs_permissions none[1] = {{0, XS_PERM_NONE}};

	if (need_xs() || !node(XBT_NULL, "/local/domain/0", "domid", "0", none, 1) ||
	    !node(XBT_NULL, "/local/domain/0", "name", "Domain-0", none, 1))
		return -1;
	return 0;
}

int toolstack_begin(const char *name, const uint8_t *uuid, unsigned int *domid, unsigned int *nr)
{
	char payload[SIM_NAME_MAX + SIM_UUID_BYTES] = "";
	struct sim_call c = {.req = {.op = SIM_CREATE, .len = sizeof(payload)}, .payload = payload};

	snprintf(payload, SIM_NAME_MAX, "%s", name);
	memcpy(payload + SIM_NAME_MAX, uuid, SIM_UUID_BYTES);
	if (toolstack_open() || sim_call(conn, &c))
		return -1;
	*domid = c.rep.val[0];
	*nr = c.rep.val[1];
	return kernel_start(*nr, name) < 0 ? -1 : 0;
}

int toolstack_finish(unsigned int domid, unsigned int nr, const char *name, const uint8_t *uuid)
{
	int port;

	if (need_xs())
		return -1;
	port = kernel_tell(nr, "attach");
	if (port <= 0) {
		errno = EIO;
		return -1;
	}
	if (make_nodes(domid, name, uuid) ||
	    !xs_introduce_domain(xs, domid, SIM_XENSTORE_REF, (unsigned int)port))
		return -1;
	return kernel_tell(nr, "run");
}

static int get(unsigned int domid, struct sim_dominfo *info)
{
	char word[16];

	snprintf(word, sizeof(word), "%u", domid);
	if (!domid) {
		errno = EINVAL;
		return -1;
	}
	return need_xs() || toolstack_lookup(word, info) < 0 ? -1 : 0;
}

int toolstack_destroy(unsigned int domid)
{
	struct sim_dominfo info;

	if (get(domid, &info))
		return -1;
	if (toolstack_request(SIM_FREEZE, domid, 0, 0, 0, NULL))
		return -1;
	remove_nodes(domid, info.uuid);
	return toolstack_request(SIM_DESTROY, domid, 0, 0, 0, NULL);
}

int toolstack_shutdown(unsigned int domid, unsigned int reason)
{
	struct sim_dominfo info;

	if (get(domid, &info) || toolstack_request(SIM_FREEZE, domid, 0, 0, 0, NULL))
		return -1;
	if (kernel_tell(info.guest, "drain")) {
		errno = EIO;
		return -1;
	}
	return toolstack_request(SIM_SHUTDOWN, domid, reason, 0, 0, NULL);
}

int toolstack_suspend(unsigned int domid)
{
	char path[64];

	if (!domid || need_xs())
		return -1;
	/* Processes see control/shutdown change only after the resume: the kernel is faster. */
	if (toolstack_request(SIM_FREEZE, domid, 0, 0, 0, NULL))
		return -1;
	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	xs_write(xs, XBT_NULL, path, "suspend", 7);
	xs_write(xs, XBT_NULL, path, "", 0);
	return toolstack_shutdown(domid, SHUTDOWN_suspend);
}

int toolstack_resume(unsigned int domid)
{
	struct sim_dominfo info;

	if (get(domid, &info) || !xs_resume_domain(xs, domid) ||
	    toolstack_request(SIM_RESUME, domid, 0, 0, 0, NULL) || kernel_tell(info.guest, "run"))
		return -1;
	return toolstack_request(SIM_THAW, domid, 0, 0, 0, NULL);
}

/* Suspend a guest and move it to a new domain, `name` or its own if NULL. The old one is empty. */
static int move(unsigned int domid, const char *name, struct sim_dominfo *info, unsigned int *to)
{
	struct sim_call c = {.req = {.op = SIM_NEW_DOMAIN, .arg = {domid}}, .payload = name};

	if (get(domid, info) || (!info->shutdown && toolstack_suspend(domid)))
		return -1;
	c.req.len = name ? (uint32_t)strlen(name) : 0;
	if (sim_call(conn, &c))
		return -1;
	*to = c.rep.val[0];
	return 0;
}

static int wake(unsigned int domid, const struct sim_dominfo *info, const char *name)
{
	if (toolstack_finish(domid, info->guest, name, info->uuid))
		return -1;
	return toolstack_request(SIM_THAW, domid, 0, 0, 0, NULL);
}

int toolstack_restore(unsigned int domid, unsigned int *new_domid)
{
	struct sim_dominfo info;

	if (move(domid, NULL, &info, new_domid))
		return -1;
	remove_nodes(domid, info.uuid);
	if (toolstack_request(SIM_DESTROY, domid, 0, 0, 0, NULL))
		return -1;
	return wake(*new_domid, &info, info.name);
}

int toolstack_migrate(unsigned int domid, unsigned int *new_domid)
{
	char word[16], incoming[SIM_NAME_MAX + 16], away[SIM_NAME_MAX + 16];
	struct sim_dominfo info;

	snprintf(word, sizeof(word), "%u", domid);
	if (toolstack_lookup(word, &info) < 0)
		return -1;
	snprintf(incoming, sizeof(incoming), "%s--incoming", info.name);
	snprintf(away, sizeof(away), "%s--migratedaway", info.name);
	if (move(domid, incoming, &info, new_domid) ||
	    toolstack_finish(*new_domid, info.guest, incoming, info.uuid) ||
	    toolstack_rename(domid, away) || toolstack_rename(*new_domid, info.name) ||
	    toolstack_request(SIM_THAW, *new_domid, 0, 0, 0, NULL))
		return -1;
	remove_home(domid);
	return toolstack_request(SIM_DESTROY, domid, 0, 0, 0, NULL);
}

int toolstack_rename(unsigned int domid, const char *name)
{
	struct sim_call c = {.req = {.op = SIM_RENAME, .arg = {domid}}, .payload = name};
	char path[64], text[37];
	struct sim_dominfo info;

	c.req.len = (uint32_t)strlen(name);
	if (get(domid, &info) || sim_call(conn, &c))
		return -1;
	uuid_text(info.uuid, text);
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	if (!xs_write(xs, XBT_NULL, path, name, c.req.len))
		return -1;
	snprintf(path, sizeof(path), "/vm/%s/name", text);
	return xs_write(xs, XBT_NULL, path, name, c.req.len) ? 0 : -1;
}
