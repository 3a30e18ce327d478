/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/hyp.h"

#include <string.h>

#include "tests/fake/must.h"

static struct dom_info domains[HYP_DOMAINS];
static int failure;

struct dom_info *hyp_domain(unsigned domid)
{
	must(domid < HYP_DOMAINS);
	return &domains[domid];
}

void hyp_clear(void)
{
	memset(domains, 0, sizeof(domains));
	failure = 0;
}

void hyp_fail(int error)
{
	failure = error;
}

/* --- dom.h ------------------------------------------------------------------------------------ */

int dom_open(struct dom_conn **out)
{
	*out = NULL;
	return -failure;
}

void dom_close(struct dom_conn *c)
{
	(void)c;
}

int dom_info(struct dom_conn *c, unsigned domid, struct dom_info *out)
{
	(void)c;
	*out = *hyp_domain(domid);
	out->domid = domid;
	return -failure;
}

int dom_list(struct dom_conn *c, unsigned first, struct dom_info *out, unsigned max)
{
	unsigned n = 0;

	(void)c;
	for (unsigned id = first; id < HYP_DOMAINS && n < max; id++) {
		if (!domains[id].exists)
			continue;
		out[n] = domains[id];
		out[n++].domid = id;
	}
	return failure ? -failure : (int)n;
}
