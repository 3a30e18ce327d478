/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h: an LDP's settings, as operators write them and as they are in force. */
#ifndef DMVL_SETTINGS_H
#define DMVL_SETTINGS_H

#include "backend/msg/ldp_conf.h"
#include "common/xs.h"
#include "xenstore-schema/refusal.h"
#include "xenstore-schema/schema.h"

struct ldp_settings {
	uint32_t weight;
	uint64_t tx_min, tx_max, rx_min, rx_max; /* bits per second, 0 = none */
	uint64_t tx_burst, rx_burst;		 /* bytes, 0 = by the rate */
	bool low_latency;
	bool spoof_check;
	bool control_frames, guest_services;
	bool keep_balance; /* the credit account goes on with the next attachment */
	bool offload_csum, offload_tso, offload_uso;
	uint32_t flood_rate;
	uint64_t flood_max; /* bits per second, 0 = none */
	bool unknown_groups;
	uint32_t mtu;
	uint8_t mac[6];
	bool has_mac;
	bool has_mtu;
	bool via_vif; /* the device stands for the guest's vif */
	struct ip_list allowed;
	struct mac_list allowed_mac;
	struct vlan_policy vlan;
	char uplink[SCHEMA_NAME_MAX + 1];
	char group[SCHEMA_NAME_MAX + 1]; /* "": none */
};

/* Of a group of devices. */
struct group_settings {
	uint32_t weight;
	uint64_t tx_min, tx_max, rx_min, rx_max; /* bits per second, 0 = none */
};

/* "weight 256, tx-min 10mbit, tx-max 0, rx-min 0, rx-max 0". Returns out. */
#define LIMITS_TEXT_MAX 256
const char *settings_limits_text(char out[LIMITS_TEXT_MAX], const struct group_settings *s);

/* What holds where nothing is written. */
void settings_default(struct ldp_settings *s);

/* The same as text. settings_load() fills it, settings_text_clear() frees it. */
struct settings_text {
	char *of[KEY_COUNT];	 /* NULL: missing */
	bool refused[KEY_COUNT]; /* it is not in force */
};
void settings_text_clear(struct settings_text *texts);

/*
 * Reads all keys of the backend directory `dir`, in transaction `t`; their texts too unless `texts`
 * is NULL. Each that is malformed or out of range keeps the value that *s had, and the first of
 * them is named, with value and range, in err (empty when all is well), and the
 * names of the others follow (refusal_add()). Returns 0 or -errno of xenstore; -ENOENT: no such
 * directory.
 */
int settings_load(struct xs_conn *xs, uint32_t t, const char *dir, struct ldp_settings *s,
		  struct settings_text *texts, char err[REFUSAL_MAX]);

/* What holds where nothing is written of a group. */
void group_settings_default(struct group_settings *s);

/*
 * Reads the keys of the group directory `dir`, as settings_load(). Returns how many keys of the
 * operator there are, well-formed or not, or -errno.
 */
int settings_load_group(struct xs_conn *xs, const char *dir, struct group_settings *s,
			char err[REFUSAL_MAX]);

/* What the frame loop needs of a group. */
void settings_to_group_conf(const struct group_settings *s, struct group_conf *conf);

/* VNET_F_*: the offloads that are not turned off. */
uint32_t settings_offloads(const struct ldp_settings *s);

/*
 * What the frame loop needs of them. Left as they are: features, which are the handshake's, and the
 * group, whose number control_group.c gives out.
 */
void settings_to_conf(const struct ldp_settings *s, struct ldp_conf *conf);

#endif
