/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/candidates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/remembered.h"
#include "backend/ctl/view.h"
#include "common/log.h"

/* A shell takes these as they are. */
static bool is_plain(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "+,-./:=@_")] == '\0';
}

void candidate(const struct beginning *b, const char *text)
{
	size_t prefix = strlen(b->prefix), typed = strlen(b->word);

	if (!is_plain(text) || strncmp(b->word, b->prefix, prefix < typed ? prefix : typed) != 0)
		return;
	if (typed <= prefix || strncmp(b->word + prefix, text, typed - prefix) == 0)
		printf("%s%s\n", b->prefix, text);
}

static int connect_once(const struct beginning *b)
{
	return b->ctl->xs ? 0 : ctl_connect(b->ctl);
}

/* Prints the guest, with "/ID" behind it if the id is not 0. */
static void candidate_target(const struct beginning *b, unsigned domid, unsigned id)
{
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1], text[TARGET_NAME_MAX + 16];

	target_identity(b->ctl, domid, name, uuid);
	if (!name[0] || (b->word[0] >= '0' && b->word[0] <= '9'))
		snprintf(name, sizeof(name), "%u", domid);
	if (id > 0)
		snprintf(text, sizeof(text), "%s/%u", name, id);
	else
		snprintf(text, sizeof(text), "%s", name);
	candidate(b, text);
}

int candidate_guests(const struct beginning *b)
{
	unsigned *domids = NULL;
	int count, ret = connect_once(b);

	if (ret)
		return ret;
	count = ctl_list_ids(b->ctl, XS_NO_TXN, "/local/domain", SCHEMA_DOMID_MAX, &domids);
	if (count < 0)
		return ctl_fail_xs(count, "list", "the domains");
	for (int i = 0; i < count; i++)
		if (domids[i] != b->ctl->backend_domid)
			candidate_target(b, domids[i], 0);
	free(domids);
	return 0;
}

static int visit_device(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	(void)ctl;
	candidate_target(arg, domid, id);
	return 0;
}

int candidate_devices(const struct beginning *b)
{
	int ret = connect_once(b);

	if (ret)
		return ret;
	ret = ldp_each(b->ctl, visit_device, &(struct beginning){b->ctl, b->word, b->prefix});
	return ret < 0 ? ctl_fail_xs(ret, "list", "the devices") : ret;
}

/* Prints the names of a directory's children. There may be no directory. */
static int candidate_children(const struct beginning *b, const char *dir)
{
	char **names = NULL;
	unsigned count = 0;
	int ret = xs_conn_list(b->ctl->xs, XS_NO_TXN, dir, &names, &count);

	if (ret < 0)
		return ret == -ENOENT ? 0 : ctl_fail_xs(ret, "list", dir);
	for (unsigned i = 0; i < count; i++)
		candidate(b, names[i]);
	free(names);
	return 0;
}

int candidate_uplinks(const struct beginning *b)
{
	char root[SCHEMA_PATH_MAX];
	int ret = connect_once(b);

	if (ret)
		return ret;
	if (schema_uplink_root(root, sizeof(root), b->ctl->backend_domid) < 0)
		return 0;
	return candidate_children(b, root);
}

int candidate_groups(const struct beginning *b)
{
	char root[SCHEMA_PATH_MAX], groups[SCHEMA_PATH_MAX], **uplinks = NULL;
	unsigned count = 0;
	int ret = connect_once(b);

	if (ret)
		return ret;
	if (schema_uplink_root(root, sizeof(root), b->ctl->backend_domid) < 0)
		return 0;
	ret = xs_conn_list(b->ctl->xs, XS_NO_TXN, root, &uplinks, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ctl_fail_xs(ret, "list", root);
	for (unsigned i = 0; i < count && ret == 0; i++)
		if (schema_groups_root(groups, sizeof(groups), b->ctl->backend_domid, uplinks[i]) >
		    0)
			ret = candidate_children(b, groups);
	free(uplinks);
	return ret;
}

static int visit_uuid(const char *uuid, void *arg)
{
	candidate(arg, uuid);
	return 0;
}

static int visit_uplink(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	char err[KEPT_FILE_ERR_MAX];

	(void)ctl;
	(void)uplink;
	return kept_file_each(dir, visit_uuid, arg, err) < 0 ? ctl_fail(EXIT_FAILED, "%s", err) : 0;
}

int candidate_uuids(const struct beginning *b)
{
	int ret = connect_once(b);

	if (ret)
		return ret;
	ret = remembered_each(b->ctl, visit_uplink,
			      &(struct beginning){b->ctl, b->word, b->prefix});
	return ret < 0 ? ctl_fail_xs(ret, "read", "the uplinks") : ret;
}
