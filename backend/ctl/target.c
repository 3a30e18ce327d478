/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/target.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xen/guest.h"
#include "common/log.h"
#include "common/quote.h"

/* Digits only, up to max. */
static bool parse_number(const char *text, unsigned max, unsigned *out)
{
	unsigned value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return false;
	}
	*out = value;
	return true;
}

static int refuse(char err[SCHEMA_ERR_MAX], const char *text, const char *why)
{
	char shown[QUOTE_MAX];

	snprintf(err, SCHEMA_ERR_MAX, "%s: %s", quote_text(shown, text), why);
	return -EINVAL;
}

int target_parse(const char *text, struct target *out, char err[SCHEMA_ERR_MAX])
{
	const char *slash = strrchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint8_t uuid[16];

	memset(out, 0, sizeof(*out));
	if (len == 0 || len >= sizeof(out->dom))
		return refuse(err, text, "expected DOM or DOM/ID, DOM a domid, a name or a UUID");
	if (slash && !parse_number(slash + 1, SCHEMA_ID_MAX, &out->id))
		return refuse(err, text, "expected a device id 0..65535 behind the '/'");
	out->id_given = slash != NULL;
	memcpy(out->dom, text, len);
	if (strspn(out->dom, "0123456789") == len) {
		out->kind = TARGET_DOMID;
		if (!parse_number(out->dom, SCHEMA_DOMID_MAX, &out->domid))
			return refuse(err, text, "expected a domid 0..32751");
	} else if (uuid_parse(out->dom, uuid)) {
		out->kind = TARGET_UUID;
		for (size_t i = 0; i < len; i++)
			out->dom[i] = (char)tolower((unsigned char)out->dom[i]);
	} else {
		out->kind = TARGET_NAME;
	}
	return 0;
}

static void read_uuid(struct ctl *ctl, unsigned domid, char uuid[UUID_TEXT_LEN + 1])
{
	char path[64], value[TARGET_NAME_MAX];
	uint8_t bytes[16];

	uuid[0] = '\0';
	snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
	if (xs_conn_read(ctl->xs, XS_NO_TXN, path, value, sizeof(value)) <= 0 ||
	    strncmp(value, "/vm/", 4) != 0)
		return;
	/* Some toolstacks append "-1" when a UUID is used again. */
	value[4 + UUID_TEXT_LEN] = '\0';
	if (uuid_parse(value + 4, bytes))
		for (unsigned i = 0; i <= UUID_TEXT_LEN; i++)
			uuid[i] = (char)tolower((unsigned char)value[4 + i]);
}

void target_identity(struct ctl *ctl, unsigned domid, char name[TARGET_NAME_MAX],
		     char uuid[UUID_TEXT_LEN + 1])
{
	guest_name(ctl->xs, domid, name, TARGET_NAME_MAX);
	read_uuid(ctl, domid, uuid);
}

static bool is_called(struct ctl *ctl, unsigned domid, const struct target *target)
{
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];

	if (target->kind == TARGET_NAME)
		guest_name(ctl->xs, domid, name, TARGET_NAME_MAX);
	else
		read_uuid(ctl, domid, uuid);
	return strcmp(target->dom, target->kind == TARGET_NAME ? name : uuid) == 0;
}

/*
 * Finds the domain of a parsed target and sets its domid. A domain that a domid names need not
 * exist: its nodes may have outlived it.
 */
static int target_resolve(struct ctl *ctl, struct target *target, char err[SCHEMA_ERR_MAX])
{
	char shown[QUOTE_MAX];
	unsigned *domids = NULL;
	bool found = false;
	int count;

	if (target->kind == TARGET_DOMID)
		return 0;
	count = ctl_list_ids(ctl, XS_NO_TXN, "/local/domain", SCHEMA_DOMID_MAX, &domids);
	if (count < 0) {
		snprintf(err, SCHEMA_ERR_MAX, "cannot list domains: %s", strerror(-count));
		return count;
	}
	/* The newest first: a guest that reboots has two domains of one name for a moment. */
	for (int i = count; i-- > 0 && !found;) {
		found = is_called(ctl, domids[i], target);
		if (found)
			target->domid = domids[i];
	}
	free(domids);
	if (found)
		return 0;
	snprintf(err, SCHEMA_ERR_MAX, "no domain has the %s %s",
		 target->kind == TARGET_NAME ? "name" : "UUID", quote_text(shown, target->dom));
	return -ENOENT;
}

int target_find(struct ctl *ctl, const char *text, struct target *out)
{
	char err[SCHEMA_ERR_MAX];
	int ret;

	if (target_parse(text, out, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	ret = ctl_connect(ctl);
	if (ret)
		return ret;
	if (target_resolve(ctl, out, err) < 0)
		return ctl_fail(EXIT_FAILED, "%s", err);
	return 0;
}

const char *target_text(const struct target *target, char out[TARGET_TEXT_MAX])
{
	if (target->kind == TARGET_DOMID)
		snprintf(out, TARGET_TEXT_MAX, "domain %u", target->domid);
	else
		snprintf(out, TARGET_TEXT_MAX, "%s", target->dom);
	return out;
}

int target_missing(const struct target *target)
{
	char text[TARGET_TEXT_MAX];

	return ctl_fail(EXIT_FAILED, "%s has no device %u: dmvlctl list shows all",
			target_text(target, text), target->id);
}

static bool is_plain(const char *name)
{
	return name[0] && name[0] != '-' && !strchr(name, '/') &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       strlen(name) &&
	       strspn(name, "0123456789") < strlen(name);
}

void target_format(const char *name, unsigned domid, unsigned id, char *out, size_t size)
{
	if (is_plain(name))
		snprintf(out, size, "%s/%u", name, id);
	else
		snprintf(out, size, "%u/%u", domid, id);
}

int target_backend(struct ctl *ctl, const char *text)
{
	char err[SCHEMA_ERR_MAX], shown[QUOTE_MAX];
	struct target domain;
	int ret = 0;

	if (target_parse(text, &domain, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "--backend %s", err);
	if (domain.id_given)
		return ctl_fail(EXIT_WRONG_USE, "--backend %s: expected a domain, not a device",
				quote_text(shown, text));
	if (domain.kind != TARGET_DOMID)
		ret = target_find(ctl, text, &domain);
	if (ret)
		return ret;
	ctl->backend_domid = domain.domid;
	ctl->backend_given = true;
	return 0;
}
