/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/device_json.h"

#include "backend/ctl/facts.h"
#include "backend/ctl/table.h"
#include "backend/ctl/words.h"
#include "common/log.h"

static struct json_object *rates(const struct stats_view *view)
{
	static const char *const names[] = {"tx-rate-1s", "tx-rate-10s", "rx-rate-1s",
					    "rx-rate-10s"};
	struct json_object *object = view ? json_object_new_object() : NULL;

	for (size_t i = 0; object && i < sizeof(names) / sizeof(names[0]); i++)
		json_object_object_add(object, names[i],
				       json_object_new_uint64(
					       stats_view_number(view, STATS_LDP, names[i])));
	return object;
}

struct json_object *device_json(struct ctl *ctl, const struct ldp_view *ldp,
				struct stats_view *stats, int stats_count)
{
	struct json_object *object = ldp_view_json(ldp);
	char uplink[FACT_MAX];
	bool served = ctl_uplink_is_served(ctl, fact_uplink(ldp, uplink));

	json_object_object_add(object, "words",
			       json_object_new_string(state_words(ldp, served, NULL)));
	json_object_object_add(object, "rates",
			       rates(stats_views_find(stats, stats_count, ldp->domid, ldp->id)));
	return object;
}

struct json_object *device_json_alone(struct ctl *ctl, const struct ldp_view *ldp)
{
	struct stats_view *stats;
	int count = stats_views_open(ctl, &stats);
	struct json_object *object = device_json(ctl, ldp, stats, count);

	stats_views_free(stats, count);
	return object;
}

int device_print_json(struct ctl *ctl, unsigned domid, unsigned id)
{
	struct ldp_view ldp;
	int ret = ldp_view_read(ctl, domid, id, &ldp);

	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the device");
	ret = json_print(device_json_alone(ctl, &ldp));
	ldp_view_free(&ldp);
	return ret;
}
