/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rest of libxenctrl that oxenstored is linked with and never calls: all of it must be there
 * when oxenstored starts. This file does not see libxenctrl's header, which has other types.
 */
#include <errno.h>

#define NONE(name)              \
	int name(void);         \
	int name(void)          \
	{                       \
		errno = ENOSYS; \
		return -1;      \
	}

NONE(xc_assign_device)
NONE(xc_deassign_device)
NONE(xc_domain_create)
NONE(xc_domain_destroy)
NONE(xc_domain_increase_reservation_exact)
NONE(xc_domain_iomem_permission)
NONE(xc_domain_ioport_permission)
NONE(xc_domain_irq_permission)
NONE(xc_domain_max_vcpus)
NONE(xc_domain_pause)
NONE(xc_domain_resume)
NONE(xc_domain_set_memmap_limit)
NONE(xc_domain_sethandle)
NONE(xc_domain_setmaxmem)
NONE(xc_domain_shutdown)
NONE(xc_domain_unpause)
NONE(xc_evtchn_alloc_unbound)
NONE(xc_evtchn_reset)
NONE(xc_get_cpu_featureset)
NONE(xc_getcpuinfo)
NONE(xc_readconsolering)
NONE(xc_sched_credit_domain_set)
NONE(xc_send_debug_keys)
NONE(xc_shadow_control)
NONE(xc_test_assign_device)
NONE(xc_vcpu_getcontext)
NONE(xc_vcpu_getinfo)
NONE(xc_vcpu_setaffinity)
NONE(xc_version)
NONE(xc_watchdog)
