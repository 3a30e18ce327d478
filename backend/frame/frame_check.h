/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May this frame pass? VLAN policy, allowed addresses, and the spoof check. Pure. */
#ifndef DMVL_BACKEND_FRAME_CHECK_H
#define DMVL_BACKEND_FRAME_CHECK_H

#include "backend/frame/frame.h"

/* Why a frame was dropped; each has a counter under frame_verdict_name(). */
enum frame_verdict {
	FRAME_OK,
	FRAME_MALFORMED,  /* no Ethernet header, or a header that a rule needs is cut short */
	FRAME_SPOOF_MAC,  /* source MAC, or the one inside ARP or ND, is not the LDP's */
	FRAME_SPOOF_IP,	  /* source address is not in allowed-ip */
	FRAME_SPOOF_TYPE, /* allowed-ip is set and this is neither IPv4, IPv6 nor ARP */
	FRAME_VLAN,	  /* the vlan policy forbids its tags */
	FRAME_OVERSIZE,	  /* for the caller: longer than the MTU allows (-EMSGSIZE) */
	FRAME_OFFLOAD,	  /* for the caller: vnet_rebuild() refused its header */
	FRAME_VERDICTS,
};

/* "ok", "malformed", "spoof-mac" ...; "?" for a value out of range. Never NULL. */
const char *frame_verdict_name(enum frame_verdict verdict);

/*
 * Which tags may pass, in both directions. Untagged frames and frames whose only tag is a priority
 * tag (VLAN id 0) always pass. VLAN_NONE (all zeros) lets nothing else by. VLAN_LIST lets by a
 * single tag, 802.1Q or 802.1ad, whose id is in the bitmap. VLAN_TRUNK lets everything by. So
 * stacked tags need VLAN_TRUNK: in the other modes the tag behind one that a switch strips (id 0,
 * a port's native VLAN) would be a way into any VLAN.
 */
enum vlan_mode { VLAN_NONE, VLAN_TRUNK, VLAN_LIST };

struct vlan_policy {
	enum vlan_mode mode;
	uint64_t ids[4096 / 64]; /* VLAN_LIST: bit id%64 of word id/64 */
};

/*
 * "none" | "trunk" | ids and ranges of ids 1..4094 with commas: "10,20,30-40" (blanks allowed).
 * Returns 0, or -EINVAL with *@out untouched and one sentence, which names the bad part, in @err
 * (@errlen bytes, always terminated; NULL allowed when 0).
 */
int vlan_policy_parse(const char *text, struct vlan_policy *out, char *err, size_t errlen);

bool vlan_allows(const struct vlan_policy *policy, const struct frame_info *fi);

#define IP_LIST_MAX 16

struct ip_prefix {
	uint8_t addr[16]; /* network order; IPv4 uses the first 4 */
	uint8_t bits;	  /* prefix length, 0..32 or 0..128 */
	bool v6;
};

/* Addresses that an LDP may use as its own. Empty: any. */
struct ip_list {
	unsigned int n; /* 0..IP_LIST_MAX */
	struct ip_prefix entry[IP_LIST_MAX];
};

/*
 * "10.0.0.1, 10.1.0.0/16 fd00::1": IPv4 and IPv6 addresses with an optional prefix length, between
 * commas or blanks; blank text is the empty list. Bits behind the prefix are ignored. Returns 0;
 * -EINVAL for a bad entry, -E2BIG for more than IP_LIST_MAX: *@out untouched, and @err as above.
 */
int ip_list_parse(const char *text, struct ip_list *out, char *err, size_t errlen);

/* Is @addr (4 or 16 bytes, network order) covered by an entry? An empty list covers nothing. */
bool ip_list_has(const struct ip_list *list, bool v6, const uint8_t *addr);

/*
 * Does the frame come from the LDP that owns @mac? (spoof-check=1.) @hdr, @hdr_len and @fi are
 * those of frame_parse(), which returned 0. @allowed is the LDP's allowed-ip, NULL or empty for
 * none.
 *
 * Always: source MAC equals @mac; ARP and RARP are whole and their sender hardware address is @mac.
 *
 * With a non-empty @allowed, all that follows too; whatever cannot be seen is FRAME_MALFORMED:
 * - Only IPv4, IPv6 and ARP pass (no RARP: it is answered, not sent, by a guest with addresses).
 * - IPv4 source and ARP sender are listed. 0.0.0.0 passes as the source of a DHCP client's message
 *   (UDP 68 to 67, no fragment) and as the sender of an ARP probe for a listed address.
 * - IPv6 source is listed or is the link-local address made from @mac (EUI-64). Other link-local
 *   addresses (RFC 7217, 8981) must be listed: fe80::/64 does. :: passes for a neighbour
 *   solicitation for one's own address (DAD), a router solicitation, and MLD reports.
 * - A neighbour advertisement's target is the guest's own in the same sense, and the link-layer
 *   address in every neighbour discovery message is @mac. A redirect never passes, nor does
 *   neighbour discovery in fragments (RFC 6980).
 * What a guest says about other things than its own address (router advertisements, DHCP offers)
 * is not judged here.
 */
enum frame_verdict frame_spoof_check(const struct frame_info *fi, const uint8_t *hdr,
				     size_t hdr_len, const uint8_t mac[6],
				     const struct ip_list *allowed);

#endif
