/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ref.h: the rules once more, written from their specification (wire.h, frame_check.h, vnet.h, the
 * RFCs) and not from the code that they are held against. Slow and simple.
 */
#ifndef DMVL_TESTS_FUZZ_REF_H
#define DMVL_TESTS_FUZZ_REF_H

#include "backend/frame/frame_check.h"
#include "backend/frame/vnet.h"
#include "common/wire.h"

/* Header, body and padding of the message at p. */
#define REF_MORE 0  /* not all there yet */
#define REF_BAD	 -1 /* breaks the protocol */

/*
 * The size of the message at p, n bytes of what was sent; or one of the above. A frame may be
 * flagged or not.
 */
int64_t ref_message(const uint8_t *p, size_t n, uint32_t ring_bytes, bool sparse);

/* What an Ethernet frame says of itself. */
struct ref_frame {
	unsigned tags; /* all there are, up to 2 */
	int vid;       /* the outermost; -1: none */
	bool foreign;  /* a tag of another kind than 802.1Q's, or a third one */
	uint16_t type; /* behind the tags; 0 where it is cut off */
	size_t l3;     /* offset of what follows */
};

/* n >= 14 */
struct ref_frame ref_frame(const uint8_t *p, size_t n);

/* Is it one of the plain kinds of control frames, behind two tags at most? */
bool ref_is_control(const uint8_t *p, size_t n, const struct ref_frame *f);

/* Does the policy let the frame by? */
bool ref_vlan_ok(const struct vlan_policy *policy, const struct ref_frame *f);

/*
 * May a frame that passed the spoof check of an LDP with this MAC look like this? It need not be
 * all that the check asks for, but is what others rely on: no foreign MAC, no foreign address.
 */
bool ref_is_own(const uint8_t *p, size_t n, const uint8_t mac[6], const struct ip_list *allowed);

/*
 * May the frame be given to a kernel with this header: of the offloads in `features` (VNET_F_*),
 * consistent with the frame's length, no segment longer than the MTU? `smallest`: the least GSO
 * size.
 */
bool ref_vnet_ok(const struct virtio_net_hdr_v1 *vnet, const uint8_t *p, size_t n,
		 uint32_t features, uint32_t mtu, uint32_t smallest);

/*
 * The MAC address in `text`: six pairs of hexadecimal digits, separated by colons. False, with mac
 * untouched: it is none, a group address, or all zeros.
 */
bool ref_mac(const char *text, uint8_t mac[6]);

#endif
