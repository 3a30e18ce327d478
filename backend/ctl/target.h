/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h: DOM[/ID] as an operator types it: a domain, and one of its devices. */
#ifndef DMVL_CTL_TARGET_H
#define DMVL_CTL_TARGET_H

#include "backend/ctl/ctl.h"
#include "common/uuid.h"

#define TARGET_NAME_MAX 256

enum target_kind {
	TARGET_DOMID,
	TARGET_UUID,
	TARGET_NAME,
};

/* Written by target_parse() and target_find(). */
struct target {
	enum target_kind kind;
	char dom[TARGET_NAME_MAX]; /* as typed; a UUID in lower case */
	unsigned domid;		   /* of TARGET_DOMID; of any kind after target_find() */
	unsigned id;
	bool id_given;
};

/*
 * Parses DOM[/ID]. DOM is a domid if it has only digits (as in xl), a UUID if it looks like one,
 * and otherwise a name. ID is 0 if it is not given. 0, or -EINVAL with one sentence in err.
 */
int target_parse(const char *text, struct target *out, char err[SCHEMA_ERR_MAX]);

/* Parses DOM[/ID] and finds the domain. 0, or an exit status with the reason on stderr. */
int target_find(struct ctl *ctl, const char *text, struct target *out);

/*
 * The domain that serves the devices, as -B takes it; sets it in *ctl. 0, or an exit status with
 * the reason on stderr.
 */
int target_backend(struct ctl *ctl, const char *text);

/* The domain as it was typed: "web1", a UUID, or "domain 7". Returns `out`. */
#define TARGET_TEXT_MAX (TARGET_NAME_MAX + 16)
const char *target_text(const struct target *target, char out[TARGET_TEXT_MAX]);
/*
 * Writes DOM/ID as it can be typed in a shell: with the domid where a name is missing, or a shell
 * would take it apart, or it would be taken for a domid.
 */
void target_format(const char *name, unsigned domid, unsigned id, char *out, size_t size);

/* Prints that the domain has no such device. Returns EXIT_FAILED. */
int target_missing(const struct target *target);

/* Reads the domain's name and UUID from xenstore; an empty string for a missing one. */
void target_identity(struct ctl *ctl, unsigned domid, char name[TARGET_NAME_MAX],
		     char uuid[UUID_TEXT_LEN + 1]);

#endif
