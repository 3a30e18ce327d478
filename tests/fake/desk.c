/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/desk.h"

#include <unistd.h>

#include "backend/control/control_admit.h"
#include "backend/control/control_domains.h"
#include "backend/control/control_forget.h"
#include "backend/control/control_group.h"
#include "backend/control/control_group_keys.h"
#include "backend/control/control_kept.h"
#include "backend/control/control_policy.h"
#include "backend/control/control_watch.h"
#include "backend/control/device.h"
#include "backend/control/device_list.h"
#include "backend/control/minima.h"
#include "backend/kept/kept_file.h"
#include "backend/policy/policy_parse.h"
#include "backend/vif/vif_tap.h"
#include "backend/xen/nodes.h"
#include "common/log.h"
#include "common/offload.h"
#include "tests/fake/must.h"
#include "tests/fake/scratch.h"

#define TURNS_MAX 1000

/* --- begin and end ---------------------------------------------------------------------------- */

static int remove_file(const char *uuid, void *arg)
{
	struct desk *k = arg;
	char err[KEPT_FILE_ERR_MAX];

	return kept_file_remove(k->c.kept.dir, uuid, err);
}

struct desk *desk_new(void)
{
	struct desk *k = calloc(1, sizeof(*k));

	must(k);
	log_init("desk", LOG_ERROR);
	store_clear();
	hyp_clear();
	snprintf(k->c.conf.name, sizeof(k->c.conf.name), "%s", DESK_UPLINK);
	k->uplink.offloads = TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO;
	k->c.conf.uplink = &k->uplink;
	TAILQ_INIT(&k->c.devices.all);
	TAILQ_INIT(&k->c.groups.all);
	TAILQ_INIT(&k->c.policy.guests);
	TAILQ_INIT(&k->c.kept.late);
	snprintf(k->state_dir, sizeof(k->state_dir), "%s/XXXXXX", scratch_dir());
	must(mkdtemp(k->state_dir));
	k->c.conf.state_dir = k->state_dir;
	k->c.now_ns = 1000 * DESK_SEC;
	k->c.in = mbox_new();
	k->c.out = mbox_new();
	must(k->c.in && k->c.out && xs_conn_open(&k->c.xs) == 0);
	must(schema_uplink_dir(k->c.uplink_dir, sizeof(k->c.uplink_dir), 0, DESK_UPLINK) > 0);
	must(control_watch_all(&k->c) == 0);
	control_kept_open(&k->c);
	desk_turn(k);
	return k;
}

static void remove_state(struct desk *k)
{
	char err[KEPT_FILE_ERR_MAX], path[PATH_MAX + 16];

	kept_file_each(k->c.kept.dir, remove_file, k, err);
	snprintf(path, sizeof(path), "%s/.unseen", k->c.kept.dir);
	unlink(path);
	rmdir(k->c.kept.dir);
	rmdir(k->state_dir);
}

void desk_free(struct desk *k)
{
	desk_said(k);
	control_kept_close(&k->c);
	remove_state(k);
	device_free_all(&k->c);
	control_group_free_all(&k->c);
	control_policy_close(&k->c);
	for (unsigned i = 0; i < DESK_GUESTS; i++) {
		vchan_close(k->vchan[i]);
		vif_tap_close(k->tap[i]);
		if (k->rings[i].used)
			chan_free(&k->rings[i].chan);
	}
	mbox_free(k->c.in);
	mbox_free(k->c.out);
	xs_conn_close(k->c.xs);
	free(k);
}

/* --- the thread's loop, as control.c has it ----------------------------------------------------
 */

static bool take_events(struct desk *k)
{
	struct xs_event ev;
	bool any = false, domains;

	while (xs_conn_next(k->c.xs, &ev)) {
		control_event(&k->c, &ev);
		xs_event_free(&ev);
		any = true;
	}
	domains = k->c.due.domains || k->c.due.newcomers;
	if (k->c.due.domains)
		control_check_domains(&k->c);
	k->policy_ns = control_policy_step(&k->c, domains);
	control_welcome_back(&k->c);
	return any;
}

void desk_lose_events(struct desk *k)
{
	struct xs_event ev;

	while (xs_conn_next(k->c.xs, &ev))
		xs_event_free(&ev);
}

void desk_look(struct desk *k)
{
	take_events(k);
	k->next_ns = device_step_all(&k->c);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

void desk_turn(struct desk *k)
{
	unsigned turns = 0;
	bool any;

	do {
		must(turns++ < TURNS_MAX);
		any = take_events(k);
		any |= control_group_step(&k->c);
		k->next_ns = device_step_all(&k->c);
		if (minima_judge(&k->c)) {
			control_group_show_all(&k->c);
			k->next_ns = device_step_all(&k->c);
		}
		k->next_ns = earlier(k->next_ns, k->policy_ns);
		k->next_ns = earlier(k->next_ns, control_kept_step(&k->c));
		k->next_ns = earlier(k->next_ns, control_forget_step(&k->c));
		k->next_ns = earlier(k->next_ns, control_welcome_back(&k->c));
		any |= control_group_step(&k->c);
		k->next_ns = earlier(k->next_ns, control_group_again_ns(&k->c));
	} while (any || k->next_ns <= k->c.now_ns);
	control_admit_step(&k->c);
}

void desk_pass(struct desk *k, uint64_t ns)
{
	uint64_t until_ns = k->c.now_ns + ns;

	desk_turn(k);
	while (k->next_ns <= until_ns) {
		k->c.now_ns = k->next_ns;
		desk_turn(k);
	}
	k->c.now_ns = until_ns;
	desk_turn(k);
}

/* --- the frame loop ----------------------------------------------------------------------------
 */

static char letter(struct desk *k, const struct msg *m)
{
	switch (m->type) {
	case MSG_ADD:
		must(m->slot < DESK_GUESTS && !k->vchan[m->slot] && !k->tap[m->slot]);
		must(!m->vchan == !!m->tap);
		k->vchan[m->slot] = m->vchan;
		k->tap[m->slot] = m->tap;
		k->added = *m;
		return 'A';
	case MSG_CONF:
		k->configured = *m;
		return 'C';
	case MSG_DELETE:
		return 'D';
	case MSG_FREEZE:
		return m->on ? 'F' : 'T';
	case MSG_BROUGHT:
		k->brought = *m;
		return 'B';
	case MSG_ENDED:
		k->ended = *m;
		return 'E';
	case MSG_LINK:
		return 'L';
	default:
		return '?';
	}
}

static void keep(struct desk *k, const struct msg *m)
{
	if (m->type == MSG_OWNER)
		k->owner[m->owner.on] = *m;
	else
		k->group[m->group.on] = *m;
	k->groups_said += m->type == MSG_GROUP;
}

const char *desk_said(struct desk *k)
{
	struct msg *m;
	size_t n = 0;

	while ((m = (struct msg *)mbox_get(k->c.out))) {
		if (m->type == MSG_OWNER || m->type == MSG_GROUP) {
			keep(k, m);
			free(m);
			continue;
		}
		must(n < sizeof(k->said) - 1);
		k->said[n++] = letter(k, m);
		free(m);
	}
	k->said[n] = '\0';
	return k->said;
}

static struct device *let_go(struct desk *k, uint32_t slot, struct vchan **v, struct vif_tap **tap)
{
	*v = k->vchan[slot];
	*tap = k->tap[slot];
	k->vchan[slot] = NULL;
	k->tap[slot] = NULL;
	must((*v || *tap) && k->c.devices.by_slot[slot]);
	return k->c.devices.by_slot[slot];
}

void desk_deleted(struct desk *k, uint32_t slot)
{
	struct vif_tap *tap;
	struct vchan *v;
	struct device *d = let_go(k, slot, &v, &tap);

	device_deleted(&k->c, d, v, tap);
}

void desk_refused(struct desk *k, uint32_t slot, const char *why)
{
	struct vif_tap *tap;
	struct vchan *v;
	struct device *d = let_go(k, slot, &v, &tap);

	device_refused(&k->c, d, v, tap, why);
}

void desk_failed(struct desk *k, uint32_t slot, const char *why)
{
	device_failed(&k->c, k->c.devices.by_slot[slot], why);
}

/* --- dom0 and the guests -----------------------------------------------------------------------
 */

void desk_boot(unsigned domid, unsigned guest)
{
	char path[SCHEMA_PATH_MAX], name[16];

	*hyp_domain(domid) = (struct dom_info){.exists = true, .uuid = {(uint8_t)guest, 1}};
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	snprintf(name, sizeof(name), "guest%u", guest);
	store_write(path, name);
	store_fire("@introduceDomain");
}

void desk_end(unsigned domid)
{
	char path[SCHEMA_PATH_MAX];

	hyp_domain(domid)->exists = false;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	store_remove(path);
	store_fire("@releaseDomain");
}

void desk_attach(struct desk *k, unsigned domid)
{
	char mac[18], uuid[UUID_TEXT_LEN + 1];
	const struct node_value value[] = {{KEY_BACK_MAC, mac}, {KEY_BACK_GUEST_UUID, uuid}};

	desk_boot(domid, domid);
	uuid_format(hyp_domain(domid)->uuid, uuid);
	snprintf(mac, sizeof(mac), "00:16:3e:00:00:%02x", domid);
	must(nodes_create(k->c.xs, 0, domid, 0, value, 2) == 0);
}

const char *desk_dir(unsigned domid, enum schema_area area)
{
	static char dir[SCHEMA_PATH_MAX];

	if (area == SCHEMA_FRONT)
		must(schema_frontend_dir(dir, sizeof(dir), domid, 0) > 0);
	else
		must(schema_backend_dir(dir, sizeof(dir), 0, domid, 0) > 0);
	return dir;
}

static const char *key_path(unsigned domid, enum schema_key key)
{
	static char path[SCHEMA_PATH_MAX];

	must(schema_key_path(path, sizeof(path), desk_dir(domid, schema_entry(key)->area), key) >
	     0);
	return path;
}

const char *desk_read(unsigned domid, enum schema_key key)
{
	return store_read(key_path(domid, key));
}

void desk_write(unsigned domid, enum schema_key key, const char *value)
{
	if (value)
		store_write(key_path(domid, key), value);
	else
		store_remove(key_path(domid, key));
}

int desk_state(unsigned domid)
{
	const char *text = desk_read(domid, KEY_BACK_STATE);

	return text ? atoi(text) : 0;
}

struct device *desk_device(struct desk *k, unsigned domid)
{
	return device_find(&k->c, domid, 0);
}

/* Rings that the product does not have are used again. */
static struct chan *free_rings(struct desk *k)
{
	for (unsigned i = 0; i < DESK_GUESTS; i++) {
		struct desk_rings *r = &k->rings[i];

		if (r->used && r->chan.mapped)
			continue;
		if (r->used)
			chan_free(&r->chan);
		r->used = true;
		return &r->chan;
	}
	must(false);
	return NULL;
}

struct chan *desk_serve(struct desk *k, unsigned domid, unsigned order)
{
	struct chan *c = order ? free_rings(k) : NULL;
	char version[4];

	if (c)
		chan_offer(c, order);
	snprintf(version, sizeof(version), "%d", WIRE_VERSION);
	desk_write(domid, KEY_FRONT_PROTOCOL_VERSION, version);
	desk_write(domid, KEY_FRONT_STATE, "3");
	return c;
}

uint32_t desk_connect(struct desk *k, unsigned domid)
{
	desk_attach(k, domid);
	desk_turn(k);
	desk_serve(k, domid, 12);
	desk_turn(k);
	must(strcmp(desk_said(k), "A") == 0 && desk_state(domid) == 4);
	desk_write(domid, KEY_FRONT_STATE, "4");
	desk_turn(k);
	return k->added.slot;
}

static void on_mistake(void *arg, const char *sentence)
{
	(void)arg;
	must(!sentence);
}

void desk_policy(struct desk *k, const char *text)
{
	struct policy *p = policy_new();

	must(policy_parse(p, "policy.conf", text, strlen(text), on_mistake, NULL) == 0);
	policy_free(k->c.policy.now);
	k->c.policy.now = p;
}
