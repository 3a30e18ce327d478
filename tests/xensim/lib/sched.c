/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxenctrl tells of processors: Credit2, and four CPUs. A test writes a domain's weight into
 * /run/xensim/weight.DOMID, its cap into cap.DOMID, and on how many CPUs it may run into
 * /run/xensim/cpus.DOMID.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XC_WANT_COMPAT_MAP_FOREIGN_API 0
#include <xenctrl.h>

#define HOST_CPUS 4

static unsigned int number(const char *what, uint32_t domid, unsigned int otherwise)
{
	char path[64];
	unsigned int value;
	FILE *f;

	snprintf(path, sizeof(path), "/run/xensim/%s.%u", what, domid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%u", &value) != 1)
		value = otherwise;
	if (f)
		fclose(f);
	return value;
}

int xc_sched_id(xc_interface *x, int *id)
{
	(void)x;
	*id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

int xc_sched_credit2_domain_get(xc_interface *x, uint32_t domid,
				struct xen_domctl_sched_credit2 *out)
{
	(void)x;
	memset(out, 0, sizeof(*out));
	out->weight = (uint16_t)number("weight", domid, 256);
	out->cap = (uint16_t)number("cap", domid, 0);
	return 0;
}

int xc_sched_credit_domain_get(xc_interface *x, uint32_t domid, struct xen_domctl_sched_credit *out)
{
	(void)x;
	(void)domid;
	(void)out;
	errno = EINVAL; /* that scheduler is not in use */
	return -1;
}

int xc_get_max_cpus(xc_interface *x)
{
	(void)x;
	return HOST_CPUS;
}

xc_cpumap_t xc_cpumap_alloc(xc_interface *x)
{
	(void)x;
	return calloc(1, (HOST_CPUS + 7) / 8);
}

int xc_physinfo(xc_interface *x, xc_physinfo_t *out)
{
	(void)x;
	memset(out, 0, sizeof(*out));
	out->nr_cpus = HOST_CPUS;
	out->max_cpu_id = HOST_CPUS - 1;
	return 0;
}

int xc_vcpu_getaffinity(xc_interface *x, uint32_t domid, int vcpu, xc_cpumap_t hard,
			xc_cpumap_t soft, uint32_t flags)
{
	(void)x;
	(void)vcpu;
	(void)soft;
	(void)flags;
	hard[0] = (uint8_t)((1u << number("cpus", domid, HOST_CPUS)) - 1);
	return 0;
}
