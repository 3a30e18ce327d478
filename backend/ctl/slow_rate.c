/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/slow_rate.h"

#include <inttypes.h>
#include <stdbool.h>

#include "backend/frame/frame.h"
#include "common/log.h"
#include "common/units.h"

uint64_t slow_rate_s(uint64_t rate_bps, uint64_t mtu)
{
	if (mtu == 0 || mtu > UINT16_MAX)
		mtu = schema_default(KEY_BACK_MTU);
	return rate_bps ? (mtu + FRAME_ETH_LEN) * 8 / rate_bps : 0;
}

/* tx-min and rx-min promise a rate, and limit nothing. */
static bool is_limit(enum schema_key key)
{
	switch (key) {
	case KEY_BACK_TX_MAX:
	case KEY_BACK_RX_MAX:
	case KEY_GROUP_TX_MAX:
	case KEY_GROUP_RX_MAX:
	case KEY_UPLINK_TX_CAPACITY:
	case KEY_UPLINK_RX_CAPACITY:
		return true;
	default:
		return false;
	}
}

void slow_rate_hint(const struct settings *settings)
{
	for (unsigned i = 0; i < settings->count; i++) {
		const struct setting *s = &settings->item[i];
		uint64_t rate = 0, seconds;
		char text[UNITS_TEXT_MAX];

		if (!is_limit(s->key) || schema_parse_u64(s->key, s->value, &rate, NULL) < 0)
			continue;
		seconds = slow_rate_s(rate, 0);
		if (seconds)
			log_notice("%s %s: a full frame takes %" PRIu64 " s", schema_name(s->key),
				   units_format_rate(text, sizeof(text), rate), seconds);
	}
}
