/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/xen/dom.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>
#include <xentoollog.h>

/*
 * xc_domain_getinfolist() is in all releases. Xen 4.18 removed xc_domain_getinfo(), and libxenctrl
 * before it does not have xc_domain_getinfo_single().
 */
struct dom_conn {
	xc_interface *xc;
	xentoollog_logger *quiet; /* the caller says what went wrong, in one line */
};

void dom_close(struct dom_conn *c)
{
	if (!c)
		return;
	if (c->xc)
		xc_interface_close(c->xc);
	if (c->quiet)
		xtl_logger_destroy(c->quiet);
	free(c);
}

int dom_open(struct dom_conn **out)
{
	struct dom_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	if (c->quiet)
		c->xc = xc_interface_open(c->quiet, c->quiet, 0);
	if (!c->xc) {
		int ret = errno ? -errno : -ENOENT;

		dom_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

static void fill(struct dom_info *out, const xc_domaininfo_t *in)
{
	unsigned reason = (in->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
	bool shut = in->flags & XEN_DOMINF_shutdown;

	*out = (struct dom_info){
		.exists = true,
		.dying = in->flags & XEN_DOMINF_dying,
		.suspended = shut && reason == SHUTDOWN_suspend,
		.stopped = shut && reason != SHUTDOWN_suspend,
		.resetting = shut && reason == SHUTDOWN_soft_reset,
		.domid = in->domain,
	};
	memcpy(out->uuid, in->handle, sizeof(out->uuid));
}

int dom_list(struct dom_conn *c, unsigned first, struct dom_info *out, unsigned max)
{
	xc_domaininfo_t *info;
	int n;

	if (!c)
		return -EACCES;
	info = calloc(max, sizeof(*info));
	if (!info)
		return -ENOMEM;
	n = xc_domain_getinfolist(c->xc, first, max, info);
	if (n < 0)
		n = errno == ESRCH ? 0 : -errno;
	for (int i = 0; i < n; i++)
		fill(&out[i], &info[i]);
	free(info);
	return n;
}

int dom_info(struct dom_conn *c, unsigned domid, struct dom_info *out)
{
	int n = dom_list(c, domid, out, 1);

	/* dom_list() gives the first domain from `domid` on. */
	if (n == 0 || (n > 0 && out->domid != domid))
		*out = (struct dom_info){.domid = domid};
	return n < 0 ? n : 0;
}
