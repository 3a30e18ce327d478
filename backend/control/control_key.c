/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

#define RETRY_NS (300 * 1000000ull)

/* False: xenstore's answer is not about the value. */
static bool is_no_text(enum schema_key key, int ret, char *why)
{
	if (ret == -E2BIG)
		snprintf(why, SCHEMA_ERR_MAX, "%s: longer than %d bytes", schema_name(key),
			 SCHEMA_VALUE_MAX);
	else if (ret == -EILSEQ)
		snprintf(why, SCHEMA_ERR_MAX, "%s: not a text", schema_name(key));
	return ret == -E2BIG || ret == -EILSEQ;
}

int control_key_read(struct control *c, enum schema_key key, char text[SCHEMA_VALUE_MAX + 1],
		     char err[REFUSAL_MAX])
{
	char why[SCHEMA_ERR_MAX];
	int ret = xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, key, text, SCHEMA_VALUE_MAX + 1);

	if (ret >= 0)
		return 0;
	if (ret == -ENOENT)
		return ret;
	if (is_no_text(key, ret, why)) {
		refusal_add(err, schema_name(key), why);
		return ret;
	}
	if (!c->link.again_ns)
		log_info("uplink %s: %s cannot be read now, and stays as it is: %s", c->conf.name,
			 schema_name(key), strerror(-ret));
	c->link.again_ns = c->now_ns + RETRY_NS;
	return ret;
}

void control_key_step(struct control *c)
{
	if (c->now_ns < control_key_again_ns(c))
		return;
	c->link.again_ns = 0;
	c->due.probe = true;
	c->due.link = true;
}

uint64_t control_key_again_ns(const struct control *c)
{
	return c->link.again_ns ? c->link.again_ns : UINT64_MAX;
}
