/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames to groups: each message of IGMP and MLD, in VLANs, padded, fragmented, and data. */
#include "tests/fuzz/seeds.h"

#include <stdbool.h>

#include "tests/unit/mkmcast.h"

static struct mk *const m = &seeds_mk;

static void put(const char *name, unsigned variant)
{
	uint8_t flags = 3;

	if (variant == 1)
		mk_tag(m, 0x8100, 5);
	if (variant == 2) {
		mk_tag(m, 0x8100, 5);
		mk_tag(m, 0x88a8, 6);
	}
	seeds_begin();
	seeds_add(&flags, 1);
	seeds_add(m->b, m->len);
	seeds_end("mcast", name, variant);
}

static void singles(unsigned variant)
{
	static const uint8_t types[] = {0x11, 0x12, 0x16, 0x17, 130, 131, 132};
	static const char *const names[] = {"query",  "report1", "report2", "leave",
					    "query6", "report6", "done6"};

	for (size_t i = 0; i < sizeof(types); i++) {
		bool v6 = types[i] >= 130;

		mkm_single(m, MK_MAC, types[i], v6 ? MKM_G6 : MKM_G1, v6 ? MKM_G6 : MKM_G1);
		put(names[i], variant);
	}
}

static void records(unsigned variant)
{
	char name[] = "record0-0";

	for (uint8_t type = 0; type < 8; type++) {
		for (int v6 = 0; v6 < 2; v6++) {
			name[6] = (char)('0' + type);
			name[8] = (char)('0' + v6);
			mkm_record(m, MK_MAC, v6, type, v6 ? MKM_G6 : MKM_G1, type & 1);
			put(name, variant);
		}
	}
}

void seeds_mcasts(void)
{
	for (unsigned variant = 0; variant < 3; variant++) {
		singles(variant);
		records(variant);
		mkm_query(m, MK_OTHER, 0, 2, 125);
		put("query3", variant);
		mkm_query(m, MK_OTHER, 1, 7, 0xf0);
		put("query6-2", variant);
		mkm_data(m, MK_MAC, 0, MKM_G1, 40);
		put("data", variant);
		mkm_data(m, MK_MAC, 1, MKM_G6, 40);
		put("data6", variant);
		mk_eth(m, MK_BCAST, MK_MAC, 0x88b5);
		mk_payload(m, 46);
		put("broadcast", variant);
	}
}
