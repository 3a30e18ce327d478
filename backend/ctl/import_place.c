/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/import_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/import_keys.h"
#include "backend/ctl/remembered.h"
#include "backend/ctl/travel.h"
#include "backend/ctl/view.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * A device that is attached gets its keys in xenstore (import_keys.c), all devices in one
 * transaction; its dmvl-back remembers them then, as always. What is not attached goes into the
 * files of what is remembered, and dmvl-back makes it when the guest appears, or now if the guest
 * is there. The files are written first. If the transaction fails, they are put back.
 *
 * All directories are locked from the first look on. So no dmvl-back makes a device of a file that
 * is about to be replaced.
 */

/* --- looking ---------------------------------------------------------------------------------- */

static bool read_key(struct ctl *ctl, const char *dir, enum schema_key key,
		     char out[SCHEMA_VALUE_MAX + 1])
{
	const char *dflt = schema_entry(key)->dflt;

	if (xskey_read(ctl->xs, XS_NO_TXN, dir, key, out, SCHEMA_VALUE_MAX + 1) >= 0)
		return true;
	snprintf(out, SCHEMA_VALUE_MAX + 1, "%s", dflt ? dflt : "");
	return dflt;
}

static void uplink_of(struct ctl *ctl, const char *dir, char out[SCHEMA_VALUE_MAX + 1])
{
	if (!read_key(ctl, dir, KEY_BACK_SERVED_BY, out))
		read_key(ctl, dir, KEY_BACK_UPLINK, out);
}

/* The device of the guest that is attached: it cannot change its uplink, nor what it stands for. */
static int look_at_own(struct import *im, const char *dir, unsigned domid, unsigned id)
{
	const struct kept_device *d = kept_find(im->k, id);
	char uplink[SCHEMA_VALUE_MAX + 1], via[SCHEMA_VALUE_MAX + 1];

	if (!d)
		return 0;
	uplink_of(im->ctl, dir, uplink);
	read_key(im->ctl, dir, KEY_BACK_VIA, via);
	if (strcmp(uplink, import_text(d, KEY_BACK_UPLINK)) != 0)
		return ctl_fail(EXIT_FAILED,
				"device %u is attached to domain %u with uplink %s, and not %s: "
				"detach it first",
				id, domid, uplink, import_text(d, KEY_BACK_UPLINK));
	if (strcmp(via, import_text(d, KEY_BACK_VIA)) != 0)
		return ctl_fail(EXIT_FAILED,
				"device %u is attached to domain %u with %s=%s, and not %s: "
				"detach it first",
				id, domid, schema_name(KEY_BACK_VIA), via,
				import_text(d, KEY_BACK_VIA));
	im->domid[d - im->k->device] = (int)domid;
	return 0;
}

/* Has the device of another guest a MAC address of this one, on the same uplink? */
static int look_at_other(struct import *im, const char *dir, unsigned domid, unsigned id)
{
	char uplink[SCHEMA_VALUE_MAX + 1], mac[SCHEMA_VALUE_MAX + 1];

	if (!read_key(im->ctl, dir, KEY_BACK_MAC, mac))
		return 0;
	uplink_of(im->ctl, dir, uplink);
	for (unsigned i = 0; i < im->k->count; i++) {
		const struct kept_device *d = &im->k->device[i];

		if (d->set[KEY_BACK_MAC] && strcasecmp(d->set[KEY_BACK_MAC], mac) == 0 &&
		    strcmp(import_text(d, KEY_BACK_UPLINK), uplink) == 0)
			return ctl_fail(EXIT_FAILED,
					"%s %s belongs to device %u of domain %u, another guest",
					schema_name(KEY_BACK_MAC), mac, id, domid);
	}
	return 0;
}

static int look(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	struct import *im = arg;
	char dir[SCHEMA_PATH_MAX], whose[UUID_TEXT_LEN + 1];
	bool own = travel_is_of(ctl, domid, id, im->k->uuid, whose);

	if (schema_backend_dir(dir, sizeof(dir), ctl->backend_domid, domid, id) < 0)
		return 0;
	return own ? look_at_own(im, dir, domid, id) : look_at_other(im, dir, domid, id);
}

static int look_all(struct import *im)
{
	int ret;

	for (unsigned i = 0; i < KEPT_DEVICES_MAX; i++)
		im->domid[i] = -1;
	ret = ldp_each(im->ctl, look, im);
	return ret < 0 ? ctl_fail_xs(ret, "read", "the devices") : ret;
}

/* --- files ------------------------------------------------------------------------------------ */

/* What an uplink remembered of the guest, and will. */
struct page {
	char dir[PATH_MAX];
	struct kept was, now;
	bool damaged; /* its good lines count, and a copy stays */
	bool written;
};

/* All uplinks that this host knows or the guest names. */
struct book {
	struct import *im;
	struct page *page;
	unsigned pages;
};

/* As dmvl-back remembers it: not what the policy says too, and beside the rest what it says. */
static bool fill_device(const struct kept_device *from, const struct policy_match *match,
			const struct policy_capacity *capacity, struct kept_device *to)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	bool good = kept_put(&to->account, from->account);

	for (int i = 0; i < KEY_COUNT && good; i++) {
		const struct policy_item *item = match->item[i];
		bool said = item && policy_resolve(item, capacity, text, err) == 0;

		if (i == KEY_BACK_UPLINK || !from->set[i] ||
		    (said && strcmp(text, from->set[i]) == 0))
			continue;
		good = kept_put(&to->set[i], from->set[i]) &&
		       kept_put(&to->policy[i], said   ? text
						: item ? item->value
						       : NULL);
	}
	return good;
}

/* Whether the policy gives the device to another uplink: that counts when it says yet another. */
static bool note_uplink(const struct import *im, const struct policy *policy, const char *uplink,
			struct kept_device *to)
{
	struct policy_match any;

	policy_find(policy, NULL, im->k->uuid, im->k->name, to->id, &any);
	return !any.attach || strcmp(policy_uplink(&any), uplink) == 0 ||
	       kept_put(&to->policy[KEY_BACK_UPLINK], policy_uplink(&any));
}

/* The devices that belong on this page, and are not attached. 0, -ENOMEM or an exit status. */
static int fill_page(struct import *im, const char *uplink, struct page *p)
{
	struct policy_capacity capacity = ctl_policy_capacity(im->ctl, uplink);
	char path[PATH_MAX];
	struct policy *policy = ctl_policy_load(im->ctl, uplink);
	struct policy_match match;
	bool good = true;

	if (!policy && ctl_policy_path(im->ctl, uplink, path, sizeof(path)))
		return ctl_fail(EXIT_FAILED, CTL_POLICY_UNKNOWN);

	for (unsigned i = 0; i < im->k->count && good; i++) {
		const struct kept_device *d = &im->k->device[i];
		struct kept_device *to;

		if (im->domid[i] >= 0)
			continue;
		kept_drop(&p->now, d->id); /* on another page it is not this device any more */
		if (strcmp(import_text(d, KEY_BACK_UPLINK), uplink) != 0)
			continue;
		to = kept_add(&p->now, d->id);
		policy_find(policy, uplink, im->k->uuid, im->k->name, d->id, &match);
		good = to && fill_device(d, &match, &capacity, to) &&
		       note_uplink(im, policy, uplink, to);
	}
	policy_free(policy);
	return good ? 0 : -ENOMEM;
}

static int read_page(struct page *p, const char *uuid)
{
	char err[KEPT_FILE_ERR_MAX], ignored[KEPT_FILE_ERR_MAX];
	int ret = kept_file_read(p->dir, uuid, &p->was, err);

	p->damaged = ret == -EBADMSG;
	if (ret == 0 || p->damaged)
		ret = kept_file_read(p->dir, uuid, &p->now, ignored);
	if (ret == 0 || ret == -ENOENT || ret == -EBADMSG)
		return 0;
	return ctl_fail(EXIT_FAILED, "%s", err);
}

static int open_page(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	struct book *b = arg;
	struct import *im = b->im;
	struct page *more = realloc(b->page, (b->pages + 1) * sizeof(*more)), *p;
	int ret;

	(void)ctl;
	if (!more)
		return -ENOMEM;
	b->page = more;
	p = &more[b->pages++];
	*p = (struct page){.written = false};
	snprintf(p->dir, sizeof(p->dir), "%s", dir);
	ret = read_page(p, im->k->uuid);
	if (ret)
		return ret;
	memcpy(p->was.uuid, im->k->uuid, sizeof(p->was.uuid));
	memcpy(p->now.uuid, im->k->uuid, sizeof(p->now.uuid));
	if (im->k->name[0])
		memcpy(p->now.name, im->k->name, sizeof(p->now.name));
	return fill_page(im, uplink, p);
}

static bool has_page(const struct book *b, const char *dir)
{
	for (unsigned i = 0; i < b->pages; i++) {
		if (strcmp(b->page[i].dir, dir) == 0)
			return true;
	}
	return false;
}

/* Of uplinks too that no dmvl-back has ever served here. */
static int open_all(struct book *b)
{
	struct import *im = b->im;
	int ret = remembered_each(im->ctl, open_page, b);

	for (unsigned i = 0; i < im->k->count && ret == 0; i++) {
		const char *uplink = import_text(&im->k->device[i], KEY_BACK_UPLINK);
		char dir[PATH_MAX];

		if (remembered_dir(im->ctl, uplink, dir) && !has_page(b, dir))
			ret = open_page(im->ctl, uplink, dir, b);
	}
	return ret < 0 ? ctl_fail_xs(ret, "read", "what is remembered") : ret;
}

static bool is_changed(const struct page *p)
{
	if (p->damaged)
		return p->now.count > 0;
	if (p->was.count != p->now.count)
		return true;
	for (unsigned i = 0; i < p->now.count; i++) {
		if (p->was.device[i].id != p->now.device[i].id ||
		    !kept_same(&p->was.device[i], &p->now.device[i]))
			return true;
	}
	return false;
}

static void put_back(struct book *b)
{
	char err[KEPT_FILE_ERR_MAX];

	for (unsigned i = 0; i < b->pages; i++) {
		if (b->page[i].written && kept_file_write(b->page[i].dir, &b->page[i].was, err) < 0)
			log_error("%s", err);
	}
}

static int write_all(struct book *b)
{
	char err[KEPT_FILE_ERR_MAX];

	for (unsigned i = 0; i < b->pages; i++) {
		struct page *p = &b->page[i];
		int ret = is_changed(p) ? kept_dir_make(p->dir, err) : 0;

		if (ret == 0 && is_changed(p) && p->damaged)
			ret = kept_file_put_aside(p->dir, p->now.uuid, err);
		if (ret == 0 && is_changed(p)) {
			ret = kept_file_write(p->dir, &p->now, err);
			p->written = ret == 0;
			if (ret == 0)
				ret = kept_dir_sync(p->dir, err);
		}
		if (ret < 0) {
			put_back(b);
			return ctl_fail(EXIT_FAILED, "%s", err);
		}
	}
	return 0;
}

static void close_all(struct book *b)
{
	for (unsigned i = 0; i < b->pages; i++) {
		kept_clear(&b->page[i].was);
		kept_clear(&b->page[i].now);
	}
	free(b->page);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Those that serve the uplinks look for the guest. */
static void wake(const struct import *im)
{
	for (unsigned i = 0; i < im->k->count; i++) {
		const char *uplink = import_text(&im->k->device[i], KEY_BACK_UPLINK);
		char dir[SCHEMA_PATH_MAX];

		if (im->domid[i] < 0 && ctl_uplink_is_served(im->ctl, uplink) &&
		    schema_uplink_dir(dir, sizeof(dir), im->ctl->backend_domid, uplink) >= 0)
			xskey_write(im->ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_KEPT_RELOAD, "1");
	}
}

static int put(struct import *im, struct book *b)
{
	int ret = write_all(b);

	if (ret)
		return ret;
	ret = import_keys_write(im);
	if (ret)
		put_back(b);
	return ret;
}

static int put_all(struct import *im)
{
	struct book b = {.im = im};
	int ret = open_all(&b);

	if (!ret)
		ret = put(im, &b);
	close_all(&b);
	return ret;
}

static int lock_one(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	struct import *im = arg;
	int *more = realloc(im->lock, (im->locks + 1) * sizeof(*more)), ret;

	(void)ctl;
	(void)uplink;
	if (!more)
		return -ENOMEM;
	im->lock = more;
	ret = remembered_lock(dir, &more[im->locks]);
	im->locks += ret == 0;
	return ret;
}

static void unlock_all(struct import *im)
{
	for (unsigned i = 0; i < im->locks; i++)
		remembered_unlock(im->lock[i]);
	free(im->lock);
}

int import_put(struct import *im)
{
	int ret = remembered_each(im->ctl, lock_one, im);

	if (ret < 0)
		ret = ctl_fail_xs(ret, "lock", "what is remembered");
	if (!ret)
		ret = look_all(im);
	if (!ret)
		ret = put_all(im);
	unlock_all(im);
	if (!ret)
		wake(im);
	return ret;
}
