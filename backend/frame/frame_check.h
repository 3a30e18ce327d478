/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_check.h: may a frame pass? Verdicts, VLAN policy, lists of addresses. Pure. */
#ifndef DMVL_BACKEND_FRAME_CHECK_H
#define DMVL_BACKEND_FRAME_CHECK_H

#include "backend/frame/frame.h"

/* Why a frame was dropped. Each LDP has a counter of each, called frame_verdict_name(). */
enum frame_verdict {
	FRAME_OK,
	FRAME_MALFORMED,  /* no Ethernet header, or a header that a rule needs is cut short */
	FRAME_SPOOF_MAC,  /* source MAC, or the one inside ARP or ND, is not the LDP's */
	FRAME_SPOOF_IP,	  /* source address is not in allowed-ip */
	FRAME_MAC_HELD,	  /* source MAC is another's, and the LDP may not take it: fdb_use() */
	FRAME_SPOOF_TYPE, /* allowed-ip is set and this is neither IPv4, IPv6 nor ARP */
	FRAME_VLAN,	  /* the vlan policy forbids its tags */
	FRAME_CONTROL,	  /* frame_is_control() */
	FRAME_SERVICE,	  /* frame_is_service() */
	FRAME_HIDDEN,	  /* frame_is_hidden() */
	FRAME_OVERSIZE,	  /* set by the caller: vnet_rebuild() returned -EMSGSIZE */
	FRAME_OFFLOAD,	  /* set by the caller: vnet_rebuild() returned another error */
	FRAME_VERDICTS,
};

/* "ok", "malformed", "spoof-mac" ...; "?" for a value out of range. Never NULL. */
const char *frame_verdict_name(enum frame_verdict verdict);

/*
 * Which tags may pass, in both directions. A frame whose only tag is a priority tag (VLAN id 0)
 * counts as untagged. VLAN_NONE (all zeros) passes untagged frames. VLAN_LIST passes a single tag
 * of 802.1Q whose id is in the bitmap, and untagged frames if bit 0 is set. VLAN_TRUNK passes
 * everything.
 *
 * So stacked tags need VLAN_TRUNK: a switch strips the outer tag if it has id 0 or the port's
 * native VLAN, and the inner tag would then lead into any VLAN. So do tags of other kinds (802.1ad,
 * 0x9100 to 0x9300, 802.1ah, 802.1BR, VN-Tag): which VLAN such a frame belongs to depends on the
 * switch.
 */
enum vlan_mode { VLAN_NONE, VLAN_TRUNK, VLAN_LIST };

struct vlan_policy {
	enum vlan_mode mode;
	uint64_t ids[4096 / 64]; /* VLAN_LIST: bit id%64 of word id/64; id 0: untagged */
};

/*
 * Parses "none", "trunk", or a list of ids 1..4094, ranges of them and the word "untagged", with
 * commas: "untagged,10,30-40" (blanks are allowed). 0, or -EINVAL with *@out untouched and one
 * sentence in @err that names the bad part.
 * @err has @errlen bytes and is always terminated; it may be NULL when @errlen is 0.
 */
int vlan_policy_parse(const char *text, struct vlan_policy *out, char *err, size_t errlen);

bool vlan_allows(const struct vlan_policy *policy, const struct frame_info *fi);

/*
 * The first VLAN of the policy, in which the device's own announcements belong: -1 untagged, or the
 * lowest id of a list that has no "untagged".
 */
int vlan_first(const struct vlan_policy *policy);

#define IP_LIST_MAX 16

struct ip_prefix {
	uint8_t addr[16]; /* network order; IPv4 uses the first 4 */
	uint8_t bits;	  /* prefix length, 0..32 or 0..128 */
	bool v6;
};

/* The addresses that an LDP may use as its own. An empty list allows any. */
struct ip_list {
	unsigned int n; /* 0..IP_LIST_MAX */
	struct ip_prefix entry[IP_LIST_MAX];
};

/*
 * Parses IPv4 and IPv6 addresses with an optional prefix length, separated by commas or blanks:
 * "10.0.0.1, 10.1.0.0/16 fd00::1". Blank text gives the empty list. Bits behind the prefix are
 * ignored. 0; -EINVAL: an entry is bad; -E2BIG: more than IP_LIST_MAX entries. On error *@out is
 * untouched, and @err is as above.
 */
int ip_list_parse(const char *text, struct ip_list *out, char *err, size_t errlen);

/* Does an entry cover @addr (4 or 16 bytes, network order)? No entry of an empty list does. */
bool ip_list_has(const struct ip_list *list, bool v6, const uint8_t *addr);

#endif
