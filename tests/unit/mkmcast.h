/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of IGMP and MLD for tests, built by code that shares nothing with backend/. */
#ifndef DMVL_TESTS_MKMCAST_H
#define DMVL_TESTS_MKMCAST_H

#include "tests/unit/mkframe.h"

#define MKM_G1	  "\xef\x01\x02\x03" /* 239.1.2.3 */
#define MKM_G1_2  "\xef\x81\x02\x03" /* 239.129.2.3, which has the same MAC address */
#define MKM_G2	  "\xef\x01\x02\x04" /* 239.1.2.4 */
#define MKM_NONE  "\0\0\0\0"
#define MKM_ALL	  "\xe0\0\0\x01"
#define MKM_G6	  "\xff\x05\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03"
#define MKM_ALL6  "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define MKM_ALERT "\x94\x04\0\0"       /* the IPv4 option */
#define MKM_HOP	  "\x05\x02\0\0\x01\0" /* the body of the IPv6 header with it */

/* Sets the destination MAC address to that of the group, and begins behind the Ethernet header. */
MK void mkm_begin(struct mk *m, const char *src, int v6, const char *dst)
{
	char mac[6] = "\x01\x00\x5e";

	if (v6) {
		memcpy(mac, "\x33\x33", 2);
		memcpy(mac + 2, dst + 12, 4);
	} else {
		mac[3] = (char)(dst[1] & 0x7f);
		memcpy(mac + 4, dst + 2, 2);
	}
	mk_eth(m, mac, src, v6 ? 0x86dd : 0x0800);
}

/* A message of IGMP, whose body is at `body`. Padding is the caller's. */
MK void mkm_igmp(struct mk *m, const char *src, const char *dst, const void *body, uint32_t n)
{
	mkm_begin(m, src, 0, dst);
	mk_ipv4(m, 2, MK_IP, dst);
	mk_add(m, MKM_ALERT, 4);
	m->b[m->l3] = 0x46;
	m->l4 = m->len;
	mk_add(m, body, n);
	mk_finish(m, 1);
	mk_be16(m, m->l4 + 2, 0);
	mk_be16(m, m->l4 + 2, ~mk_sum(m->b + m->l4, n, 0));
}

MK void mkm_mld(struct mk *m, const char *src, const char *dst, const void *body, uint32_t n)
{
	mkm_begin(m, src, 1, dst);
	mk_ipv6(m, 58, MK_LOCAL, dst);
	mk_ext(m, 0, MKM_HOP);
	mk_add(m, body, n);
	mk_be16(m, m->l4 + 2, 0);
	mk_finish(m, 1);
}

/* One message about one group: IGMP's types 0x11, 0x12, 0x16, 0x17, or MLD's 130 to 132. */
MK void mkm_single(struct mk *m, const char *src, uint8_t type, const char *dst, const char *group)
{
	char body[24] = {(char)type, 10};

	if (type >= 130) {
		body[1] = 0;
		memcpy(body + 8, group, 16);
		mkm_mld(m, src, dst, body, 24);
	} else {
		memcpy(body + 4, group, 4);
		mkm_igmp(m, src, dst, body, 8);
	}
}

/* A report of version 3, or 2 of MLD, with one record of some sources. */
MK void mkm_record(struct mk *m, const char *src, int v6, uint8_t type, const char *group,
		   uint8_t sources)
{
	char body[512] = {(char)(v6 ? 143 : 0x22)};
	uint32_t addr = v6 ? 16 : 4;

	body[7] = 1;
	body[8] = (char)type;
	body[11] = (char)sources;
	memcpy(body + 12, group, addr);
	if (v6)
		mkm_mld(m, src, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x16", body,
			12 + addr + sources * addr);
	else
		mkm_igmp(m, src, "\xe0\0\0\x16", body, 12 + addr + sources * addr);
}

/* A general query of IGMPv3 or MLDv2. */
MK void mkm_query(struct mk *m, const char *src, int v6, uint8_t robustness, uint8_t interval)
{
	char body[28] = {(char)(v6 ? 130 : 0x11), (char)(v6 ? 0 : 100)};

	if (v6) {
		body[4] = 0x27; /* 10,000 ms */
		body[5] = 0x10;
	}
	body[v6 ? 24 : 8] = (char)robustness;
	body[v6 ? 25 : 9] = (char)interval;
	if (v6)
		mkm_mld(m, src, MKM_ALL6, body, 28);
	else
		mkm_igmp(m, src, MKM_ALL, body, 12);
}

/* A packet of UDP to a group. */
MK void mkm_data(struct mk *m, const char *src, int v6, const char *group, uint32_t payload)
{
	mkm_begin(m, src, v6, group);
	if (v6)
		mk_ipv6(m, 17, MK_LOCAL, group);
	else
		mk_ipv4(m, 17, MK_IP, group);
	mk_udp(m, 1000, 5004);
	mk_payload(m, payload);
	mk_finish(m, 1);
}

#endif
