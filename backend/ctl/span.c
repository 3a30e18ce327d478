/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/span.h"

#include "backend/ctl/since.h"
#include "common/log.h"

/* What is behind end_ms is no time in the past of it, but of now. */
static uint64_t moment(const char *text, uint64_t end_ms)
{
	char err[SINCE_ERR_MAX];
	uint64_t ms;

	if (since_parse(text, end_ms, &ms, err) == 0 ||
	    since_parse(text, since_now_ms(), &ms, err) == 0)
		return ms;
	return end_ms;
}

int span_read(const struct ctl *ctl, uint64_t *begin_ms, uint64_t *end_ms)
{
	uint64_t since_ms = ctl->since ? moment(ctl->since, *end_ms) : 0;
	uint64_t until_ms = ctl->until ? moment(ctl->until, *end_ms) : UINT64_MAX;

	if (since_ms >= until_ms)
		return ctl_fail(EXIT_WRONG_USE, "--since is not before --until");
	if (since_ms > *begin_ms)
		*begin_ms = since_ms;
	if (until_ms < *end_ms)
		*end_ms = until_ms;
	return 0;
}
