/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl check: lists the problems of uplinks and devices. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "backend/credit/logfile.h"
#include "backend/ctl/group_view.h"
#include "backend/ctl/policy_diff.h"
#include "backend/ctl/remembered.h"
#include "backend/ctl/table.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

struct check {
	struct ctl *ctl;
	struct json_object *problems;
	unsigned n;
	struct devices devices;
};

__attribute__((format(printf, 3, 4))) static void problem(struct check *c, const char *what,
							  const char *fmt, ...)
{
	struct json_object *o;
	char text[SCHEMA_VALUE_MAX + 200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->n++;
	if (!c->ctl->json) {
		printf("%s: %s\n", what, text);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "what", json_object_new_string(what));
	json_object_object_add(o, "text", json_object_new_string(text));
	json_object_array_add(c->problems, o);
}

/*
 * A daemon that runs holds the lock file beside its log. The key `state` does not tell: a daemon
 * that was killed leaves it unchanged.
 */
static bool is_locked(const char *log_path, const char *name)
{
	const char *slash = strrchr(log_path, '/');
	char path[SCHEMA_VALUE_MAX + 80];
	bool locked;
	int fd;

	if (!slash)
		return true;
	snprintf(path, sizeof(path), "%.*s/%s.lock", (int)(slash - log_path), log_path, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno != ENOENT; /* unknown: assume that it runs */
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

static void check_file(struct check *c, const char *what, const char *path)
{
	struct mapfile f;
	int ret = logfile_map(&f, path);

	if (ret < 0)
		problem(c, what, "its credit log %s cannot be read: %s", path,
			ret == -EINVAL ? "it is damaged" : strerror(-ret));
	mapfile_close(&f);
}

static bool is_used(const struct check *c, const char *name)
{
	char uplink[VIEW_TEXT_MAX];

	for (int i = 0; i < c->devices.count; i++) {
		view_text(&c->devices.view[i].keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
		if (strcmp(uplink, name) == 0)
			return true;
	}
	return false;
}

static bool has_agentless(const struct check *c, const char *name)
{
	char uplink[VIEW_TEXT_MAX];

	for (int i = 0; i < c->devices.count; i++) {
		view_text(&c->devices.view[i].keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
		if (strcmp(uplink, name) == 0 && ldp_view_is_agentless(&c->devices.view[i]))
			return true;
	}
	return false;
}

static int check_groups(struct check *c, const char *uplink)
{
	char what[2 * SCHEMA_NAME_MAX + 32], text[VIEW_TEXT_MAX];
	struct group_view *g;
	int count = group_views_read(c->ctl, uplink, &c->devices, &g);

	for (int i = 0; i < count; i++) {
		const char *error = g[i].keys.value[KEY_GROUP_ERROR];

		if (!error || !*error)
			continue;
		snprintf(what, sizeof(what), "group %s of uplink %s", g[i].name, uplink);
		problem(c, what, "%s", view_text(&g[i].keys, KEY_GROUP_ERROR, text, sizeof(text)));
	}
	group_views_free(g, count);
	return count < 0 ? count : 0;
}

struct remembered_check {
	struct check *c;
	const char *what, *dir;
};

static int check_guest(const char *uuid, void *arg)
{
	const struct remembered_check *r = arg;
	struct kept k = {.count = 0};
	char err[KEPT_FILE_ERR_MAX];
	int ret = kept_file_read(r->dir, uuid, &k, err);

	if (ret < 0 && ret != -ENOENT)
		problem(r->c, r->what, "%s", err);
	kept_clear(&k);
	return 0;
}

/* What is remembered of guests: can it be read? */
static void check_remembered(struct check *c, const char *what, const char *name)
{
	char dir[PATH_MAX], err[KEPT_FILE_ERR_MAX];
	struct remembered_check r = {c, what, dir};

	if (!remembered_dir(c->ctl, name, dir))
		return;
	if (access(dir, F_OK) < 0)
		problem(c, what, "what is set for guests cannot be remembered: %s: %s", dir,
			strerror(errno));
	else if (kept_file_each(dir, check_guest, &r, err) < 0)
		problem(c, what, "%s", err);
}

static int check_uplink(struct check *c, const char *name, const struct view *view)
{
	char what[80], path[VIEW_TEXT_MAX], text[VIEW_TEXT_MAX];
	bool has_log = view->value[KEY_UPLINK_LOG_PATH] != NULL;

	snprintf(what, sizeof(what), "uplink %s", name);
	view_text(view, KEY_UPLINK_LOG_PATH, path, sizeof(path));
	if (view->value[KEY_UPLINK_STATE] &&
	    strcmp(view->value[KEY_UPLINK_STATE], "waiting") == 0) {
		problem(c, what, "dmvl-back waits: %s",
			view_text(view, KEY_UPLINK_ERROR, text, sizeof(text)));
		return 0;
	}
	if (!ctl_uplink_is_served(c->ctl, name)) {
		/* An uplink without devices is no problem. */
		if (is_used(c, name))
			problem(c, what, "dmvl-back has ended, and devices are attached to it");
		return 0;
	}
	if (c->ctl->backend_given) /* its files are in another domain */
		has_log = false;
	if (has_log && !is_locked(path, name)) {
		problem(c, what, "dmvl-back does not run, but it did not stop cleanly%s",
			has_agentless(c, name) ? "; guests without an agent have no network until "
						 "it is started, or dmvlctl release-vifs is run"
					       : "");
		return 0;
	}
	if (view->value[KEY_UPLINK_ERROR] && *view->value[KEY_UPLINK_ERROR])
		problem(c, what, "%s", view_text(view, KEY_UPLINK_ERROR, text, sizeof(text)));
	if (has_log)
		check_file(c, what, path);
	if (view->value[KEY_UPLINK_KEPT_PATH])
		check_remembered(c, what, name);
	return check_groups(c, name);
}

static int check_uplinks(struct check *c)
{
	char root[SCHEMA_PATH_MAX], dir[SCHEMA_PATH_MAX], **names = NULL;
	struct view view;
	unsigned count = 0;
	int ret = schema_uplink_root(root, sizeof(root), c->ctl->backend_domid);

	if (ret > 0)
		ret = xs_conn_list(c->ctl->xs, XS_NO_TXN, root, &names, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	for (unsigned i = 0; i < count && ret == 0; i++) {
		if (schema_uplink_dir(dir, sizeof(dir), c->ctl->backend_domid, names[i]) < 0)
			continue;
		memset(&view, 0, sizeof(view));
		ret = view_read(c->ctl, dir, SCHEMA_UPLINK, &view);
		if (ret == 0)
			ret = check_uplink(c, names[i], &view);
		view_free(&view);
	}
	free(names);
	return ret;
}

static void check_device(struct check *c, const struct ldp_view *d)
{
	char what[TARGET_NAME_MAX + 16], text[VIEW_TEXT_MAX], uplink[VIEW_TEXT_MAX];
	char dir[SCHEMA_PATH_MAX];

	if (d->name[0])
		snprintf(what, sizeof(what), "%s/%u", d->name, d->id);
	else
		snprintf(what, sizeof(what), "%u/%u", d->domid, d->id);
	view_text(&d->keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
	if (d->keys.value[KEY_BACK_ERROR] && *d->keys.value[KEY_BACK_ERROR])
		problem(c, what, "%s", view_text(&d->keys, KEY_BACK_ERROR, text, sizeof(text)));
	if (schema_uplink_dir(dir, sizeof(dir), c->ctl->backend_domid, uplink) < 0 ||
	    !xs_conn_exists(c->ctl->xs, XS_NO_TXN, dir))
		problem(c, what, "no dmvl-back has served its uplink %s since boot", uplink);
}

static void on_difference(void *arg, const char *what, const char *text)
{
	problem(arg, what, "%s", text);
}

static int check_all(struct check *c)
{
	int ret;

	c->devices.count = ldp_views_read(c->ctl, &c->devices.view);
	if (c->devices.count < 0)
		return c->devices.count;
	ret = check_uplinks(c);
	for (int i = 0; ret == 0 && i < c->devices.count; i++)
		check_device(c, &c->devices.view[i]);
	ldp_views_free(c->devices.view, c->devices.count);
	return ret < 0 ? ret : policy_diff(c->ctl, on_difference, c);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct check c = {.ctl = ctl};
	struct json_object *o;
	int ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	c.problems = ctl->json ? json_object_new_array() : NULL;
	ret = check_all(&c);
	if (ret < 0) {
		json_object_put(c.problems);
		return ctl_fail_xs(ret, "read", "the uplinks and devices");
	}
	if (ctl->json) {
		o = json_object_new_object();
		json_object_object_add(o, "problems", c.problems);
		ret = json_print(o);
	} else {
		ret = output_end();
	}
	return ret ? ret : c.n > 0 ? EXIT_FAILED : 0;
}

const struct command check_command = {
	.name = "check",
	.args = "",
	.summary = "what is wrong with uplinks and devices",
	.details = "Prints a line for each problem; the exit status is 1 if there is any.\n",
	.run = run,
};
