/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldp_conf.h: an LDP and the uplink as both threads know them: settings, numbers, limits. */
#ifndef DMVL_LDP_CONF_H
#define DMVL_LDP_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/frame/frame_check.h"
#include "backend/frame/mac_list.h"
#include "backend/sched/sched.h"

#define LDP_SLOTS      4096u /* LDPs of one uplink: slots are 0..LDP_SLOTS - 1 */
#define LDP_SLOT_NONE  UINT32_MAX
#define LDP_NAME_MAX   24  /* "32751/65535" and more */
#define MSG_GUEST_MAX  63u /* bytes of a guest's name */
#define LDP_GROUP_NONE 0u  /* groups of LDPs have the numbers 1..SCHED_GROUPS */

/* TX and RX as the guest sees them. */
enum ldp_dir {
	LDP_TX,
	LDP_RX,
	LDP_DIRS,
};

/* Settings in force. The control thread makes them; they never change once they crossed. */
struct ldp_conf {
	struct sched_rule tx, rx;
	uint32_t group; /* whose members share one weight and its limits, or LDP_GROUP_NONE */
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t tx_features; /* VNET_F_*: what the guest may send */
	uint32_t rx_features; /* VNET_F_*: what the guest takes */
	bool sparse;	      /* the guest may flag frames of light flows (feature-sparse) */
	bool spoof_check;
	struct mac_list allowed_mac; /* it may take these over from others */
	bool control_frames;	     /* it may send and receive them */
	bool guest_services;	     /* it may be a router or a DHCP server */
	struct ip_list allowed;
	struct vlan_policy vlan;
	/* Broadcast, and groups that nobody joined. */
	uint32_t flood_rate;	/* frames per second on the wire, 0 = no broadcast or multicast */
	uint64_t flood_max_bps; /* bits per second on the wire, 0 = no limit */
	bool unknown_groups;	/* it sends and gets groups that nobody joined */
};

/* Of a group of LDPs, as struct ldp_conf. */
struct group_conf {
	struct sched_rule tx, rx;
};

/* How frames from one LDP to another go: inside the host, through the uplink, or not at all. */
enum switch_mode {
	SWITCH_LOCAL,
	SWITCH_UPLINK,
	SWITCH_OFF,
};

/* Where tx_capacity_bps comes from. The words of the key capacity-source, in its order. */
enum capacity_source {
	CAPACITY_MEASURED, /* it is 0 */
	CAPACITY_CONFIGURED,
	CAPACITY_SPEED, /* of the hardware through which frames leave */
};

/* Which frames must wait in their rings because they would be lost. */
enum link_hold {
	LINK_HOLD_NONE,
	LINK_HOLD_EXITS, /* those for the exits: none has a link */
	LINK_HOLD_ALL,	 /* all for the uplink: it is down, or not where it belongs */
};

#define LINK_EXITS_MAX 8u

struct link_conf {
	uint64_t tx_capacity_bps, rx_capacity_bps; /* 0: not known */
	enum capacity_source source;		   /* of tx_capacity_bps */
	uint64_t speed_bps;			   /* of the hardware; 0: not known */
	uint32_t frame_cost_bytes;		   /* of any frame, or FRAME_COST_AUTO */
	uint32_t mtu;		   /* of the uplink and its exits; 0: no limit is known */
	uint32_t sndbuf_max_bytes; /* of the uplink; 0: no limit is known */
	bool signal;		   /* back-pressure tells when the link is full */
	enum switch_mode sw;
	uint32_t flood_rate; /* of all that the uplink brings; as in struct ldp_conf */
	uint64_t flood_max_bps;

	/* Interface indexes. */
	uint32_t bridge;     /* the uplink is a port of; 0: none */
	uint32_t flood_port; /* gets the original of a frame that the bridge floods; 0: an exit */
	uint32_t exit[LINK_EXITS_MAX]; /* ports through which frames leave the host */
	uint32_t exits;
};

#endif
