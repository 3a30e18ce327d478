/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.h: what an operator wants of guests, groups and uplinks, and what that is for one. Pure.
 */
#ifndef DMVL_POLICY_H
#define DMVL_POLICY_H

#include "common/uuid.h"
#include "xenstore-schema/schema.h"

/* Kinds of sections. Of those for guests the later ones are the more special. */
enum policy_kind {
	POLICY_DEFAULT, /* [default] */
	POLICY_GLOB,	/* [web*]: a pattern of names; /1 behind it: of device 1 */
	POLICY_NAME,	/* [web1], [web1/1] */
	POLICY_UUID,	/* [6fa459ea-ee8a-3ca4-894e-db77e160355e], with /1 too */
	POLICY_GROUP,	/* [group NAME] */
	POLICY_UPLINK,	/* [uplink NAME] */
};

/* KEY = VALUE. */
struct policy_item {
	enum schema_key key;
	char *value;	   /* as xenstore has it; of a percentage: as it was written */
	uint32_t part_ppm; /* of a percentage: millionths of the capacity; else 0 */
	const char *file;
	unsigned line;
};

/* What `attach = ` says. */
enum policy_attach {
	POLICY_ATTACH_UNSAID,
	POLICY_ATTACH_NO,
	POLICY_ATTACH_YES,
};

struct policy_section {
	enum policy_kind kind;
	char *name;  /* without the word before it and without /ID; a UUID in lower case */
	unsigned id; /* of the device */
	enum policy_attach attach;
	struct policy_item *item;
	unsigned items;
	const char *file;
	unsigned line;
};

struct policy_index;

/* Different device ids that a policy has, with 0. */
#define POLICY_IDS_MAX 64u

/* Sections in the order in which they were read. policy_parse.c fills it, with policy_add(). */
struct policy {
	struct policy_section *section;
	unsigned sections, room;
	char **file; /* names that sections and items point to */
	unsigned files;
	unsigned id[POLICY_IDS_MAX]; /* of devices, ascending */
	unsigned ids;
	struct policy_index *index; /* of the sections */
};

/* Without sections. NULL: no memory. */
struct policy *policy_new(void);
void policy_free(struct policy *p); /* no effect on NULL */

/*
 * Adds a section with a head that the policy does not have. Takes s->name. 0; -ENOMEM; or -E2BIG:
 * it would have more than POLICY_IDS_MAX different device ids. Pointers to sections do not last.
 */
int policy_add(struct policy *p, struct policy_section *s);

/* For one device. */
struct policy_match {
	bool attach; /* dmvl-back attaches it by itself */
	const struct policy_section
		*by; /* the most special section that names the guest, or NULL */
	const struct policy_item *item[KEY_COUNT]; /* NULL: the policy does not say */
};

/* The name of a guest without "--incoming", which a migration puts behind it. */
void policy_guest_name(const char *name, char *out, size_t size);

/*
 * What the policy says of device `id` of the guest with this UUID (as text) and name; either may be
 * "". For each key the most special section counts: UUID, then name, then the last glob that fits,
 * then [default]. Only what is meant for `uplink`, by the key of that name; NULL: for any. True if
 * there is anything. `p` may be NULL, which is an empty policy. *out points into p.
 */
bool policy_find(const struct policy *p, const char *uplink, const char *uuid, const char *name,
		 unsigned id, struct policy_match *out);

/* The value of a key for a device, as it was found; NULL: the policy does not say. */
const char *policy_value(const struct policy_match *m, enum schema_key key);

/* The uplink that the device is meant for. */
const char *policy_uplink(const struct policy_match *m);

/* The device ids that the policy has sections for, and 0, ascending. Their number. */
unsigned policy_ids(const struct policy *p, unsigned ids[POLICY_IDS_MAX]);

/* The section with this head, or NULL. A UUID is in lower case. */
const struct policy_section *policy_head(const struct policy *p, enum policy_kind kind, unsigned id,
					 const char *name);

/* The section [group NAME] or [uplink NAME], or NULL. */
const struct policy_section *policy_section(const struct policy *p, enum policy_kind kind,
					    const char *name);

/* Is a section [group NAME] meant for this uplink? One without the key `uplink` is for all. */
bool policy_is_for(const struct policy_section *s, const char *uplink);

/*
 * Is a section of any kind for this uplink, as far as it tells? For a pattern, for a guest that has
 * the pattern's text for its name.
 */
bool policy_concerns(const struct policy *p, const struct policy_section *s, const char *uplink);

/* Capacities of an uplink in bits per second; 0: not configured. */
struct policy_capacity {
	uint64_t tx_bps, rx_bps;
};

/* The uplink's key of which a percentage of `key` is a part, or -ENOENT: it cannot be a part. */
int policy_part_of(enum schema_key key);

/*
 * The item's value in xenstore's notation, a percentage worked out. 0, or -ENODATA with one
 * sentence in err: the capacity is not configured.
 */
int policy_resolve(const struct policy_item *item, const struct policy_capacity *capacity,
		   char out[SCHEMA_VALUE_MAX + 1], char err[SCHEMA_ERR_MAX]);

/*
 * Does the policy say of a key what it said `then`, worked out, or the same percentage if that
 * could not be worked out then? Either may be NULL: nothing, as is such a percentage. As long as
 * the capacity of a percentage is not configured, nobody can know that it says another thing: true.
 */
bool policy_says_still(const struct policy_item *item, const struct policy_capacity *capacity,
		       const char *then);

#endif
