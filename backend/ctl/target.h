/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DOM[/ID] as an operator types it: which guest, which of its devices. */
#ifndef DMVL_CTL_TARGET_H
#define DMVL_CTL_TARGET_H

#include "backend/ctl/ctl.h"

#define TARGET_NAME_MAX 256
#define TARGET_UUID_LEN 36

enum target_kind {
	TARGET_DOMID,
	TARGET_UUID,
	TARGET_NAME,
};

struct target {
	enum target_kind kind;
	char dom[TARGET_NAME_MAX]; /* as typed; a UUID in small letters */
	unsigned domid;		   /* TARGET_DOMID, or after target_resolve() */
	unsigned id;
	bool id_given;
};

/*
 * Take DOM[/ID] apart. All digits are a domid, as xl has it; a UUID is one; anything else is a
 * name. The id defaults to 0. Pure. Returns 0 or -EINVAL with one sentence in err.
 */
int target_parse(const char *text, struct target *out, char err[SCHEMA_ERR_MAX]);

/* Both at once: 0 or an exit status, with the reason on stderr. */
int target_find(struct ctl *ctl, const char *text, struct target *out);

/* Say that a domain has no such device. Returns EXIT_FAILED. */
int target_missing(const struct target *target);

/* The domain's name and UUID from xenstore; empty strings for what it does not say. */
void target_identity(struct ctl *ctl, unsigned domid, char name[TARGET_NAME_MAX],
		     char uuid[TARGET_UUID_LEN + 1]);

/* A UUID's 16 bytes. False, with out untouched, when text is none. Pure. */
bool target_uuid_bytes(const char *text, uint8_t out[16]);

#endif
