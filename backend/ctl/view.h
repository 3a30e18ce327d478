/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of an LDP or an uplink, read from xenstore, as text and as JSON. */
#ifndef DMVL_CTL_VIEW_H
#define DMVL_CTL_VIEW_H

#include <json-c/json_object.h>

#include "backend/ctl/ctl.h"
#include "backend/ctl/target.h"

/* Texts as they were read; NULL for a key that is missing or of another area. */
struct view {
	char *value[KEY_COUNT];
};

/* One LDP. */
struct ldp_view {
	unsigned backend_domid, domid, id;
	char name[TARGET_NAME_MAX]; /* of the domain; "" when it has none */
	char uuid[TARGET_UUID_LEN + 1];
	struct view keys;
};

/* Text that a table shows; long enough for any of them. */
#define VIEW_TEXT_MAX (SCHEMA_VALUE_MAX + 1)

/*
 * Read all keys of a device. Returns 0, -ENOENT when it has neither a backend nor a frontend
 * directory, or -errno. ldp_view_free() what succeeded.
 */
int ldp_view_read(struct ctl *ctl, unsigned domid, unsigned id, struct ldp_view *out);
void ldp_view_free(struct ldp_view *view);

/* Called for a device: 0 goes on to the next one, anything else ends the walk and is its result. */
typedef int ldp_visit(struct ctl *ctl, unsigned domid, unsigned id, void *arg);

/* Visits every device of the backend domain, by domid and id. 0, what a visit returned, or -errno.
 */
int ldp_each(struct ctl *ctl, ldp_visit *visit, void *arg);

/*
 * Read every device of the backend domain, by domid and id. Returns their number or -errno; the
 * caller gives *out to ldp_views_free().
 */
int ldp_views_read(struct ctl *ctl, struct ldp_view **out);
void ldp_views_free(struct ldp_view *views, int count);

/* Read the keys of an uplink directory. 0 or -errno; view_free() what succeeded. */
int view_read(struct ctl *ctl, const char *dir, enum schema_area area, struct view *out);
void view_free(struct view *view);

/* Is the key there, and not what its schema says? */
bool view_is_malformed(const struct view *view, enum schema_key key);

/*
 * A value for people: rates and sizes with units, states as words, "-" for none, what is malformed
 * in quotes with escapes. Missing keys show their default. Returns out.
 */
const char *view_text(const struct view *view, enum schema_key key, char *out, size_t size);

/* "connected", or backend/frontend where they differ: "init-wait/initialising". Returns out. */
const char *ldp_view_state(const struct ldp_view *view, char *out, size_t size);

/* The device as one JSON object, as dmvlctl(8) describes it. The caller owns it. */
struct json_object *ldp_view_json(const struct ldp_view *view);

/* Read a device and print that. Returns the exit status. */
int ldp_print_json(struct ctl *ctl, unsigned domid, unsigned id);

/*
 * Add all keys of an area to object, and the names of malformed ones, with prefix in front, to the
 * array malformed.
 */
void view_json_area(const struct view *view, enum schema_area area, struct json_object *object,
		    const char *prefix, struct json_object *malformed);

#endif
