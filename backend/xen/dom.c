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
		.paused = in->flags & XEN_DOMINF_paused,
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

/* --- processors ------------------------------------------------------------------------------- */

static void read_scheduler(struct dom_conn *c, unsigned domid, struct dom_cpu *out)
{
	struct xen_domctl_sched_credit2 credit2;
	struct xen_domctl_sched_credit credit;
	int scheduler;

	if (xc_sched_id(c->xc, &scheduler) < 0)
		return;
	out->credit2 = scheduler == XEN_SCHEDULER_CREDIT2;
	if (out->credit2 && xc_sched_credit2_domain_get(c->xc, domid, &credit2) == 0) {
		out->weight = credit2.weight;
		out->cap = credit2.cap;
	} else if (scheduler == XEN_SCHEDULER_CREDIT &&
		   xc_sched_credit_domain_get(c->xc, domid, &credit) == 0) {
		out->weight = credit.weight;
		out->cap = credit.cap;
	}
}

/* How many of the CPUs below `of` any virtual CPU may run on; 0: not known. */
static unsigned count_allowed(struct dom_conn *c, unsigned domid, unsigned last, unsigned of)
{
	xc_cpumap_t all = xc_cpumap_alloc(c->xc), one = xc_cpumap_alloc(c->xc);
	unsigned count = 0;

	for (unsigned v = 0; all && one && v <= last; v++) {
		if (xc_vcpu_getaffinity(c->xc, domid, (int)v, one, NULL, XEN_VCPUAFFINITY_HARD) < 0)
			continue;
		for (unsigned i = 0; i < (of + 7) / 8; i++)
			all[i] |= one[i];
	}
	for (unsigned i = 0; all && i < of; i++)
		count += all[i / 8] >> i % 8 & 1;
	free(all);
	free(one);
	return count;
}

int dom_cpu(struct dom_conn *c, unsigned domid, struct dom_cpu *out)
{
	xc_physinfo_t host = {0};
	xc_domaininfo_t info;
	int n;

	*out = (struct dom_cpu){0};
	if (!c)
		return -EACCES;
	n = xc_domain_getinfolist(c->xc, domid, 1, &info);
	if (n < 0)
		return -errno;
	if (n == 0 || info.domain != domid)
		return -ENOENT;
	read_scheduler(c, domid, out);
	out->vcpus = info.nr_online_vcpus;
	if (xc_physinfo(c->xc, &host) < 0 || xc_get_max_cpus(c->xc) <= (int)host.max_cpu_id)
		return 0;
	/* Numbers have gaps where CPUs are off; affinities name these too. */
	out->of_host = host.nr_cpus;
	out->may_use = count_allowed(c, domid, info.max_vcpu_id, host.max_cpu_id + 1);
	if (out->may_use > host.nr_cpus)
		out->may_use = host.nr_cpus;
	return 0;
}
