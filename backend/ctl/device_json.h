/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_json.h: a device as the JSON object that several commands print (dmvlctl(8)). */
#ifndef DMVL_CTL_DEVICE_JSON_H
#define DMVL_CTL_DEVICE_JSON_H

#include "backend/ctl/stats_view.h"
#include "backend/ctl/view.h"

/* Its keys, its state in words and its measured rates. The caller owns the object. */
struct json_object *device_json(struct ctl *ctl, const struct ldp_view *ldp,
				struct stats_view *stats, int stats_count);

/* The same, with statistics that it opens itself. */
struct json_object *device_json_alone(struct ctl *ctl, const struct ldp_view *ldp);

/* Reads a device and prints it as JSON. Returns the exit status. */
int device_print_json(struct ctl *ctl, unsigned domid, unsigned id);

#endif
