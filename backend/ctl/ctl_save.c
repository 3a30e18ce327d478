/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/ctl_save.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/policy/policy_edit.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/policy_lock.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

#define HEAD_MAX (TARGET_NAME_MAX + 12)
#define LOCK_S	 10u /* others need milliseconds */

static void warn(void *arg, const char *sentence)
{
	(void)arg;
	log_warning("%s", sentence);
}

static void read_uplink(struct ctl *ctl, const struct target *target, char *out, size_t size)
{
	char dir[SCHEMA_PATH_MAX];

	if (schema_backend_dir(dir, sizeof(dir), ctl->backend_domid, target->domid, target->id) <
		    0 ||
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_UPLINK, out, size) <= 0)
		snprintf(out, size, "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
}

/* Would the head "[NAME]" end before the name does? */
static bool ends_early(const char *name)
{
	char head[TARGET_NAME_MAX + 2];
	int len = snprintf(head, sizeof(head), "%s]", name);

	return policy_head_end(head) != head + len - 1;
}

/* Would a section of this name be that of the guest? A name may be a pattern, too. */
static bool is_plain(const char *name)
{
	char err[POLICY_SAID_MAX];
	struct policy_section s;
	bool plain;

	if (!name[0] || ends_early(name) || policy_parse_section(name, &s, err) < 0)
		return false;
	plain = s.kind == POLICY_NAME && s.id == 0 && strcmp(s.name, name) == 0;
	free(s.name);
	return plain;
}

/* The head of the section to change, and its file, which is save->path if there is none yet. */
static void choose_section(struct ctl *ctl, const struct target *target, const struct policy *p,
			   struct ctl_save *save, char head[HEAD_MAX])
{
	char full[TARGET_NAME_MAX], name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];
	const struct policy_section *s;
	const char *word = uuid;

	target_identity(ctl, target->domid, full, uuid);
	policy_guest_name(full, name, sizeof(name));
	s = policy_head(p, POLICY_UUID, target->id, uuid);
	if (!s && is_plain(name)) {
		s = policy_head(p, POLICY_NAME, target->id, name);
		word = name;
	}
	if (s)
		snprintf(save->path, sizeof(save->path), "%s", s->file);
	if (target->id)
		snprintf(head, HEAD_MAX, "%s/%u", word, target->id);
	else
		snprintf(head, HEAD_MAX, "%s", word);
}

/* The text with all arguments in it; NULL: the section cannot be written. */
static char *edit_all(const char *text, size_t len, const char *head, int count, char *const *args)
{
	char *now = strndup(text, len), *next, key[64];

	for (int i = 0; i < count && now; i++) {
		const char *equals = strchr(args[i], '=');

		snprintf(key, sizeof(key), "%.*s", (int)(equals - args[i]), args[i]);
		next = policy_edit(now, strlen(now), head, key, equals + 1);
		free(now);
		now = next;
	}
	return now;
}

/* With the new text, is the policy as a whole still right? */
static int try_draft(const char *path, const struct ctl_save *save)
{
	const struct policy_draft draft = {save->path, save->text, strlen(save->text)};
	struct policy *policy;
	unsigned mistakes = policy_load_draft(path, &draft, &policy, warn, NULL);

	policy_free(policy);
	return mistakes ? ctl_fail(EXIT_FAILED, "with this the policy would have mistakes: nothing "
						"is changed")
			: 0;
}

static int prepare(struct ctl *ctl, const struct target *target, int count, char *const *args,
		   const struct policy *policy, struct ctl_save *save)
{
	char path[SCHEMA_VALUE_MAX + 1], head[HEAD_MAX], *old = NULL;
	size_t len = 0;
	int ret;

	memcpy(path, save->path, sizeof(path));
	choose_section(ctl, target, policy, save, head);
	ret = policy_file_read(save->path, &old, &len);
	if (ret < 0 && ret != -ENOENT)
		return ctl_fail(EXIT_FAILED, "cannot read %s: %s", save->path, strerror(-ret));
	save->text = edit_all(old ? old : "", len, head, count, args);
	free(old);
	if (!save->text)
		return ctl_fail(EXIT_FAILED,
				"the name of domain %u cannot be a section of a policy",
				target->domid);
	return try_draft(path, save);
}

/* Before the files are read: what another dmvlctl saves now would be lost. */
static int lock(struct ctl_save *save)
{
	save->lock = policy_lock(POLICY_LOCK_DIR, LOCK_S * 1000);
	if (save->lock >= 0)
		return 0;
	if (save->lock == -EWOULDBLOCK)
		return ctl_fail(EXIT_FAILED,
				"another dmvlctl has been saving into the policy for %u seconds: "
				"nothing is changed",
				LOCK_S);
	return ctl_fail(EXIT_FAILED, "cannot lock the policy in %s: %s: nothing is changed",
			POLICY_LOCK_DIR, strerror(-save->lock));
}

int ctl_save_prepare(struct ctl *ctl, const struct target *target, int count, char *const *args,
		     struct ctl_save *out)
{
	struct policy *policy;
	int ret;

	*out = CTL_SAVE_NONE;
	read_uplink(ctl, target, out->uplink, sizeof(out->uplink));
	if (!ctl_policy_path(ctl, out->uplink, out->path, sizeof(out->path)))
		return ctl_fail(EXIT_WRONG_USE,
				"--save is for the domain that serves the device: its "
				"policy is there");
	ret = lock(out);
	if (ret)
		return ret;
	if (policy_load(out->path, false, &policy, warn, NULL) > 0)
		ret = ctl_fail(EXIT_FAILED, "%s: the policy has mistakes: nothing is changed",
			       out->path);
	else
		ret = prepare(ctl, target, count, args, policy, out);
	policy_free(policy);
	if (ret)
		ctl_save_free(out);
	return ret;
}

void ctl_save_free(struct ctl_save *save)
{
	free(save->text);
	if (save->lock >= 0)
		close(save->lock);
	*save = CTL_SAVE_NONE;
}

int ctl_save_write(struct ctl *ctl, struct ctl_save *save)
{
	char dir[SCHEMA_PATH_MAX], copy[sizeof(save->path)];
	int ret;

	memcpy(copy, save->path, sizeof(copy));
	mkdir(dirname(copy), 0755); /* usually it is there */
	ret = policy_file_write(save->path, save->text, strlen(save->text));
	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "it is set, but not saved: cannot write %s: %s",
				save->path, strerror(-ret));
	if (ctl_uplink_is_served(ctl, save->uplink) &&
	    schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, save->uplink) > 0)
		xskey_write(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_POLICY_RELOAD, "1");
	return 0;
}
