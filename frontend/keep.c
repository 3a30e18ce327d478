/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/keep.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fdstore.h"
#include "common/log.h"
#include "common/tap.h"
#include "common/tap_if.h"

#define NET	  "/sys/class/net"
#define ALIAS_MAX 96

static void alias_path(char path[64], const char *ifname)
{
	snprintf(path, 64, NET "/%.15s/ifalias", ifname);
}

/* "" if there is none. */
static void read_alias(const char *ifname, char alias[ALIAS_MAX])
{
	char path[64];
	FILE *f;

	alias_path(path, ifname);
	alias[0] = '\0';
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(alias, ALIAS_MAX, f))
		alias[0] = '\0';
	alias[strcspn(alias, "\n")] = '\0';
	fclose(f);
}

static int write_alias(const char *ifname, const char *alias)
{
	char path[64];
	FILE *f;
	int ret;

	alias_path(path, ifname);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	ret = fprintf(f, "%s\n", alias) < 0 ? -errno : 0;
	if (fclose(f) != 0)
		ret = -errno;
	return ret;
}

/* The part of the alias that is the same for all agents of this device. */
static void format_owner(char owner[ALIAS_MAX], unsigned id)
{
	snprintf(owner, ALIAS_MAX, "dmvl-front %u ", id);
}

static bool is_owned(const char *alias, unsigned id)
{
	char owner[ALIAS_MAX];

	format_owner(owner, id);
	return strncmp(alias, owner, strlen(owner)) == 0;
}

static void format_alias(char alias[ALIAS_MAX], const struct front_options *opts,
			 const char *generation)
{
	snprintf(alias, ALIAS_MAX, "dmvl-front %u %s %s", opts->id, opts->ifname, generation);
}

/* Finds the interface that an agent of this device left. */
static bool find(unsigned id, char name[IFNAMSIZ], char alias[ALIAS_MAX])
{
	DIR *dir = opendir(NET);
	bool found = false;
	struct dirent *e;

	while (dir && !found && (e = readdir(dir))) {
		if (strlen(e->d_name) >= IFNAMSIZ)
			continue;
		read_alias(e->d_name, alias);
		found = is_owned(alias, id);
		if (found)
			strcpy(name, e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* True: the interface that an earlier agent left is open, or cannot be. */
static bool open_left(struct keep *k, const char *generation)
{
	char alias[ALIAS_MAX], wanted[ALIAS_MAX], left[IFNAMSIZ];

	if (!find(k->opts->id, left, alias))
		return false;
	strcpy(k->name, left);
	k->tap_fd = tap_open(left);
	if (k->tap_fd < 0)
		return true;
	format_alias(wanted, k->opts, generation);
	if (generation[0] && strcmp(alias, wanted) == 0) {
		log_notice("%s was left by an agent that did not end in order: it is used again",
			   left);
		return true;
	}
	log_notice("%s was left by an agent whose device was detached since: it is removed", left);
	tap_set_persistent(k->tap_fd, false);
	close(k->tap_fd);
	return false;
}

/*
 * True: the service manager has kept the interface of an earlier process. Whatever became of the
 * device meanwhile, it is as if that process had run on.
 */
static bool open_kept(struct keep *k)
{
	char alias[ALIAS_MAX];

	k->tap_fd = fdstore_take(k->opts->ifname);
	if (k->tap_fd < 0 || tap_if_name(k->tap_fd, k->name) < 0)
		return false;
	read_alias(k->name, alias);
	k->foreign = tap_is_persistent(k->tap_fd) && !is_owned(alias, k->opts->id);
	return true;
}

int keep_open(struct keep *k, const struct front_options *opts, const char *generation)
{
	*k = (struct keep){.opts = opts};
	k->kept = open_kept(k);
	if (k->kept || open_left(k, generation))
		return k->tap_fd;
	strcpy(k->name, opts->ifname);
	k->tap_fd = tap_open(opts->ifname);
	k->foreign = k->tap_fd >= 0 && tap_is_persistent(k->tap_fd);
	return k->tap_fd;
}

void keep_store(const struct keep *k)
{
	fdstore_give(k->opts->ifname, k->tap_fd);
}

void keep_on(const struct keep *k, const char *generation)
{
	char is[ALIAS_MAX], alias[ALIAS_MAX];
	struct tap_if t;
	int ret = 0;

	if (k->foreign || tap_if_open(&t, k->tap_fd) < 0)
		return;
	/* An agent finds nothing in another namespace, nor where somebody took the alias. */
	if (!t.moved) {
		read_alias(t.name, is);
		format_alias(alias, k->opts, generation);
		if (is[0] == '\0' || is_owned(is, k->opts->id))
			ret = write_alias(t.name, alias);
		else
			ret = -EEXIST;
	}
	if (ret == 0)
		ret = tap_set_persistent(k->tap_fd, !t.moved);
	if (ret < 0)
		log_info("%s: the interface goes if this agent is killed: %s", t.name,
			 ret == -EEXIST ? "its alias is in use" : strerror(-ret));
	tap_if_close(&t);
}

void keep_off(const struct keep *k)
{
	if (!k->foreign)
		tap_set_persistent(k->tap_fd, false);
}
