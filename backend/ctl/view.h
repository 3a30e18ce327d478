/* SPDX-License-Identifier: GPL-2.0-or-later */
/* view.h: the keys of an LDP or an uplink, read from xenstore, as text and as JSON. */
#ifndef DMVL_CTL_VIEW_H
#define DMVL_CTL_VIEW_H

#include <json-c/json_object.h>

#include "backend/ctl/ctl.h"
#include "backend/ctl/target.h"

/* Values as they were read; NULL: missing, or of another area. Only view.c writes it. */
struct view {
	char *value[KEY_COUNT];
};

/* One LDP. Only view.c writes it. */
struct ldp_view {
	unsigned backend_domid, domid, id;
	char name[TARGET_NAME_MAX]; /* of the domain; "": it has none */
	char uuid[UUID_TEXT_LEN + 1];
	struct view keys;
};

/* Bytes that hold any text of view_text(). */
#define VIEW_TEXT_MAX (SCHEMA_VALUE_MAX + 1)

/*
 * Reads all keys of a device. 0, -ENOENT (neither directory exists) or -errno. After 0 end with
 * ldp_view_free().
 */
int ldp_view_read(struct ctl *ctl, unsigned domid, unsigned id, struct ldp_view *out);
/* The same for DOM[/ID]. 0, or an exit status with the reason on stderr. */
int ldp_view_find(struct ctl *ctl, const char *text, struct ldp_view *out);
/* The same with these keys of backend and frontend alone. */
int ldp_view_read_keys(struct ctl *ctl, unsigned domid, unsigned id, const enum schema_key *keys,
		       unsigned count, struct ldp_view *out);
void ldp_view_free(struct ldp_view *view);

/* Called for one device. 0: continue; any other value ends ldp_each() and is its result. */
typedef int ldp_visit(struct ctl *ctl, unsigned domid, unsigned id, void *arg);

/* Visits every device of the backend domain, by domid and id. 0, a visit's result, or -errno. */
int ldp_each(struct ctl *ctl, ldp_visit *visit, void *arg);

/*
 * Reads every device of the backend domain, by domid and id. Returns their number or -errno. End
 * with ldp_views_free().
 */
int ldp_views_read(struct ctl *ctl, struct ldp_view **out);
void ldp_views_free(struct ldp_view *views, int count);

/* Reads the keys of an area in `dir`. 0 or -errno. After 0 end with view_free(). */
int view_read(struct ctl *ctl, const char *dir, enum schema_area area, struct view *out);
void view_free(struct view *view);

/* Does the key exist, with a value that the schema does not allow? */
bool view_is_malformed(const struct view *view, enum schema_key key);

/* The value of a key that is a number; 0 if it is missing or malformed. */
uint64_t view_number(const struct view *view, enum schema_key key);

/* "malformed", "default", "missing", or "" for a value that is there and good. */
const char *view_remark(const struct view *view, enum schema_key key);

/*
 * Writes a value for people to `out` and returns `out`: rates and sizes with units, states as
 * words,
 * "-" for none, a malformed value quoted, a missing one as its default.
 */
const char *view_text(const struct view *view, enum schema_key key, char *out, size_t size);

/* Does dmvl-back pass its frames? */
bool ldp_view_is_connected(const struct ldp_view *view);

/* Does it stand for a vif (via=vif)? Then it has no frontend directory. */
bool ldp_view_is_agentless(const struct ldp_view *view);

/* The device as one JSON object (dmvlctl(8)), which the caller owns. */
struct json_object *ldp_view_json(const struct ldp_view *view);

/*
 * Adds all keys of an area to `object`, and the names of malformed ones, with `prefix` in front, to
 * the array `malformed`.
 */
void view_json_area(const struct view *view, enum schema_area area, struct json_object *object,
		    const char *prefix, struct json_object *malformed);

#endif
