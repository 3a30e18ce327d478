/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl saved: prints one line for each device that dmvl-back remembers, of guests that are there
 * or not. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/remembered.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/kept/kept_unseen.h"
#include "common/log.h"

struct saved {
	struct ctl *ctl;
	const char *uplink, *dir;
	struct kept_unseen *unseen; /* of this uplink's guests */
	unsigned *domids;
	int domids_count;
	struct table table;
	struct json_object *array; /* NULL: a table */
	bool found;		   /* an uplink */
	bool damaged;
};

#define COLUMNS 6

/* The domain that has the UUID now; -1: none. */
static int domid_of(const struct saved *s, const char *uuid)
{
	char name[TARGET_NAME_MAX], now[UUID_TEXT_LEN + 1];

	for (int i = 0; i < s->domids_count; i++) {
		target_identity(s->ctl, s->domids[i], name, now);
		if (strcmp(now, uuid) == 0)
			return (int)s->domids[i];
	}
	return -1;
}

static void add_row(struct saved *s, const struct kept *k, const struct kept_device *d)
{
	char id[12], age[16], settings[4096] = "";
	const char *cells[COLUMNS] = {
		k->name[0] ? k->name : "-", k->uuid, id, s->uplink, age, settings};
	size_t used = 0;

	snprintf(id, sizeof(id), "%u", d->id);
	snprintf(age, sizeof(age), "%ud", kept_unseen_days(s->unseen, k->uuid));
	for (int key = 0; key < KEY_COUNT && used < sizeof(settings); key++) {
		if (d->set[key])
			used += (size_t)snprintf(settings + used, sizeof(settings) - used,
						 "%s%s=%s", used ? " " : "",
						 schema_name((enum schema_key)key), d->set[key]);
	}
	table_add(&s->table, cells);
}

static void add_object(struct saved *s, const struct kept *k, const struct kept_device *d)
{
	struct json_object *o = json_object_new_object(), *set = json_object_new_object();
	int domid = domid_of(s, k->uuid);

	json_object_object_add(o, "guest", json_object_new_string(k->name));
	json_object_object_add(o, "uuid", json_object_new_string(k->uuid));
	json_object_object_add(o, "domid", domid < 0 ? NULL : json_object_new_int(domid));
	json_object_object_add(o, "id", json_object_new_int64(d->id));
	json_object_object_add(o, schema_name(KEY_BACK_UPLINK), json_object_new_string(s->uplink));
	json_object_object_add(o, "age-days",
			       json_object_new_int64(kept_unseen_days(s->unseen, k->uuid)));
	for (int key = 0; key < KEY_COUNT; key++) {
		if (d->set[key])
			json_object_object_add(set, schema_name((enum schema_key)key),
					       json_object_new_string(d->set[key]));
	}
	json_object_object_add(o, "settings", set);
	json_object_array_add(s->array, o);
}

static int add_guest(const char *uuid, void *arg)
{
	struct saved *s = arg;
	struct kept k = {.count = 0};
	char err[KEPT_FILE_ERR_MAX];
	int ret = kept_file_read(s->dir, uuid, &k, err);

	if (ret < 0 && ret != -ENOENT) {
		log_error("%s", err);
		s->damaged = true;
	}
	for (unsigned i = 0; i < k.count; i++) {
		if (s->array)
			add_object(s, &k, &k.device[i]);
		else
			add_row(s, &k, &k.device[i]);
	}
	kept_clear(&k);
	return 0;
}

static int add_uplink(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	struct saved *s = arg;
	char err[KEPT_FILE_ERR_MAX];
	int ret;

	if (ctl->uplink && strcmp(ctl->uplink, uplink) != 0)
		return 0;
	s->found = true;
	s->uplink = uplink;
	s->dir = dir;
	s->unseen = kept_unseen_read(dir);
	ret = s->unseen ? kept_file_each(dir, add_guest, s, err) : -ENOMEM;
	kept_unseen_free(s->unseen);
	if (ret == -ENOMEM)
		return ret;
	return ret < 0 ? ctl_fail(EXIT_FAILED, "%s", err) : 0;
}

static int print(struct saved *s)
{
	struct json_object *o;

	if (!s->array) {
		table_print(&s->table, stdout);
		return output_end();
	}
	o = json_object_new_object();
	json_object_object_add(o, "saved", s->array);
	return json_print(o);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	const char *const header[COLUMNS] = {"GUEST", "UUID", "ID", "UPLINK", "AGE", "SETTINGS"};
	struct saved s = {.ctl = ctl};
	int ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	if (ctl->backend_given)
		return ctl_fail(EXIT_FAILED, "what is remembered is in the backend's domain: run "
					     "dmvlctl saved there");
	s.domids_count = ctl_list_ids(ctl, XS_NO_TXN, "/local/domain", SCHEMA_DOMID_MAX, &s.domids);
	table_init(&s.table, COLUMNS);
	if (ctl->json)
		s.array = json_object_new_array();
	else
		table_add(&s.table, header);
	ret = remembered_each(ctl, add_uplink, &s);
	if (ret < 0)
		ret = ctl_fail_xs(ret, "read", "the uplinks");
	else if (ret == 0 && ctl->uplink && !s.found)
		ret = ctl_fail_no_uplink(ctl->uplink);
	if (ret == 0) {
		ret = print(&s);
	} else {
		table_clear(&s.table);
		json_object_put(s.array);
	}
	if (s.domids_count >= 0)
		free(s.domids);
	return ret ? ret : s.damaged ? EXIT_FAILED : 0;
}

const struct command saved_command = {
	.name = "saved",
	.args = "[--uplink NAME]",
	.summary = "what guests get back when they come back",
	.details = "One line for each device. AGE: days that dmvl-back looked for the guest in "
		   "vain.\n"
		   "Without uuid= in its configuration, xl gives a guest "
		   "another\nUUID at each create, and nothing is found for it.\n",
	.uplink_help = "only those of this uplink",
	.run = run,
};
