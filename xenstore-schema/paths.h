/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths.h: the xenstore directories of the backend, the frontend and the uplink. Pure. */
#ifndef DMVL_SCHEMA_PATHS_H
#define DMVL_SCHEMA_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "schema_keys.h"

/* Xen's device type: the word between backend/ or device/ and the ids. */
#define SCHEMA_DEVICE_TYPE "dmvl"
/* The largest device id and the largest domid (DOMID_FIRST_RESERVED - 1). */
#define SCHEMA_ID_MAX	 65535u
#define SCHEMA_DOMID_MAX 32751u
/* libxenvchan truncates longer paths without reporting it. */
#define SCHEMA_VCHAN_PATH_MAX 49
/* Room for any path made here, with its NUL. */
#define SCHEMA_PATH_MAX 160
/* Length of the name of an uplink or a group, at most, without the NUL. */
#define SCHEMA_NAME_MAX 32

/*
 * Each function writes a path to buf. It returns the length written; -EINVAL: an id, domid or name
 * is out of range; -ENAMETOOLONG: `size` is too small (SCHEMA_PATH_MAX is always enough).
 */

/* Directory of all LDPs that backend domain B serves: /local/domain/B/backend/dmvl */
int schema_backend_root(char *buf, size_t size, unsigned backend_domid);

/* Backend directory of one LDP: /local/domain/B/backend/dmvl/<domid>/<id> */
int schema_backend_dir(char *buf, size_t size, unsigned backend_domid, unsigned domid, unsigned id);

/* Frontend directory of one LDP: /local/domain/<domid>/device/dmvl/<id> */
int schema_frontend_dir(char *buf, size_t size, unsigned domid, unsigned id);

/* The same relative to the guest, so that it stays valid after a restore: device/dmvl/<id> */
int schema_frontend_dir_relative(char *buf, size_t size, unsigned id);

/* Directory of all uplinks of a backend domain: /local/domain/B/data/dmvl */
int schema_uplink_root(char *buf, size_t size, unsigned backend_domid);

/* Directory of one uplink: /local/domain/B/data/dmvl/<name> */
int schema_uplink_dir(char *buf, size_t size, unsigned backend_domid, const char *name);

/* Directory of all groups of an uplink, <uplink directory>/groups, and of one: .../groups/<name> */
int schema_groups_root(char *buf, size_t size, unsigned backend_domid, const char *uplink);
int schema_group_dir(char *buf, size_t size, unsigned backend_domid, const char *uplink,
		     const char *name);

/*
 * Where the settings of a guest that is saved or rebooting wait, by its UUID: <uplink
 * directory>/saved/<uuid>, and for one device <uplink directory>/saved/<uuid>/<id>, which has the
 * same keys as the backend directory.
 */
int schema_saved_root(char *buf, size_t size, unsigned backend_domid, const char *name,
		      const char *uuid_text);
int schema_saved_dir(char *buf, size_t size, unsigned backend_domid, const char *name,
		     const char *uuid_text, unsigned id);

/* The path that libxenvchan takes: <frontend directory>/vchan. Absolute, for the client in Dom0. */
int schema_vchan_path(char *buf, size_t size, unsigned domid, unsigned id);

/* The same relative to the guest, for the server there. */
int schema_vchan_path_relative(char *buf, size_t size, unsigned id);

/* <dir>/<name of key> */
int schema_key_path(char *buf, size_t size, const char *dir, enum schema_key key);

/*
 * Splits the path of a watch event. True when it lies in an LDP's directory below
 * schema_backend_root(backend_domid); *rest then points into `path`, behind "<id>/", or to its end
 * when `path` is the LDP's directory itself.
 */
bool schema_split_backend_path(const char *path, unsigned backend_domid, unsigned *domid,
			       unsigned *id, const char **rest);

/*
 * Splits a path below an uplink's directory: true when it lies in schema_groups_root() or is that
 * directory. `name` then gets the group's name (SCHEMA_NAME_MAX + 1 bytes), "" if the path names
 * none that may exist, and *rest points behind "<name>/", or to the end.
 */
bool schema_split_group_path(const char *path, const char *uplink_dir, char *name,
			     const char **rest);

/* True when `path` is the directory above: that of all LDPs of one domain. */
bool schema_split_backend_domain(const char *path, unsigned backend_domid, unsigned *domid);

#endif
