/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/conf_test.h"

#include <string.h>

#include "backend/policy/policy_file.h"
#include "backend/policy/policy_together.h"
#include "backend/uplink/netdev.h"
#include "backend/uplink/expect.h"

static void on_mistake(void *arg, const char *sentence)
{
	(void)arg;
	log_error("%s", sentence);
}

static void on_warning(void *arg, const char *sentence)
{
	(void)arg;
	log_warning("%s", sentence);
}

static void take(const struct policy_section *s, enum schema_key key, uint64_t *bps)
{
	for (unsigned i = 0; s && i < s->items; i++)
		if (s->item[i].key == key && *bps == 0)
			schema_parse_u64(key, s->item[i].value, bps, NULL);
}

/* A percentage needs a capacity: from the command line, or from the policy itself. */
static unsigned check_parts(const struct conf *conf, const struct policy *p)
{
	const char *uplink = conf->control.name;
	const struct policy_section *own = policy_section(p, POLICY_UPLINK, uplink);
	struct policy_capacity capacity = {conf->control.tx_capacity_bps,
					   conf->control.rx_capacity_bps};
	char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	unsigned mistakes = 0;

	take(own, KEY_UPLINK_TX_CAPACITY, &capacity.tx_bps);
	take(own, KEY_UPLINK_RX_CAPACITY, &capacity.rx_bps);
	for (unsigned i = 0; i < p->sections; i++) {
		const struct policy_section *s = &p->section[i];

		if (!policy_concerns(p, s, uplink))
			continue;
		mistakes += policy_check_parts(p, s, &capacity, on_mistake, NULL);
		for (unsigned k = 0; k < s->items; k++) {
			if (policy_resolve(&s->item[k], &capacity, value, err) == 0)
				continue;
			log_error("%s:%u: %s", s->item[k].file, s->item[k].line, err);
			mistakes++;
		}
	}
	policy_check_together(p, uplink, &capacity, on_warning, NULL);
	return mistakes;
}

static const char *chosen_port(const struct policy_section *own)
{
	for (unsigned i = 0; own && i < own->items; i++)
		if (own->item[i].key == KEY_UPLINK_UPLINK_PORT)
			return own->item[i].value;
	return "";
}

/* Will the daemon wait for a link, since nothing else tells the capacity? */
static bool waits_for_link(const struct uplink_spec *spec, const char *port,
			   char why[EXPECT_WHY_MAX])
{
	struct exits e;
	struct probe found = {0};
	uint64_t bps;

	exits_expect(spec, port, &e);
	probe_uplink(&e, &found);
	return expect_of(&e, &found, speed_of_exits(NETDEV_SYSFS, &e, &bps), why) == EXPECT_LATER;
}

static unsigned check_uplink(const struct conf *conf, const struct policy *p)
{
	const struct policy_section *own =
		p ? policy_section(p, POLICY_UPLINK, conf->control.name) : NULL;
	char err[CONF_ERR_MAX], why[EXPECT_WHY_MAX];
	uint64_t capacity_bps = conf->control.tx_capacity_bps;

	if (uplink_check(&conf->uplink, conf->control.name, err, sizeof(err)) < 0) {
		log_error("%s", err);
		return 1;
	}
	take(own, KEY_UPLINK_TX_CAPACITY, &capacity_bps);
	if (capacity_bps || !waits_for_link(&conf->uplink, chosen_port(own), why))
		return 0;
	log_error("the capacity of uplink %s is not known yet: %s (or give --tx-capacity)",
		  conf->control.name, why);
	return 1;
}

bool conf_test(const struct conf *conf)
{
	struct policy *policy;
	unsigned mistakes =
		policy_load(conf->policy, conf->control.policy_must, &policy, on_mistake, NULL);

	if (policy)
		mistakes += check_parts(conf, policy);
	mistakes += check_uplink(conf, policy);
	policy_free(policy);
	return mistakes == 0;
}
