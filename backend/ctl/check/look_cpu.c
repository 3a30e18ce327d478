/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_cpu.h"

#include <stdio.h>

#include "backend/xen/guest.h"

#define DOMAINS_MAX    1024
#define ENOUGH_PERCENT 100

/*
 * The busiest rival: a guest with more weight takes the processor from dmvl-back, and with it the
 * network from all.
 */
static unsigned heaviest_guest(struct look *look, unsigned *domid)
{
	static struct dom_info info[DOMAINS_MAX];
	int n = dom_list(look->dom, 1, info, DOMAINS_MAX);
	unsigned most = 0;

	for (int i = 0; i < n; i++) {
		struct dom_cpu cpu;

		if (dom_cpu(look->dom, info[i].domid, &cpu) < 0 || cpu.weight <= most)
			continue;
		most = cpu.weight;
		*domid = info[i].domid;
	}
	return most;
}

bool look_dom0_weight(struct look *look)
{
	char name[GUEST_NAME_MAX];
	unsigned domid = 0, most;
	struct finding_row *f;
	struct dom_cpu own;

	if (look->ctl->backend_given || dom_cpu(look->dom, 0, &own) < 0 || own.weight == 0)
		return true;
	most = heaviest_guest(look, &domid);
	if (most <= own.weight)
		return true;
	guest_name(look->ctl->xs, domid, name, sizeof(name));
	f = look_found(look);
	finding_where(f, "Domain-0");
	finding_text(f,
		     "its CPU weight is %u, and domain %u (%s) has %u: all guests' network waits "
		     "while that one computes",
		     own.weight, domid, name, most);
	finding_do(f, "xl %s -d Domain-0 -w %u", own.credit2 ? "sched-credit2" : "sched-credit",
		   2 * most < 65535 ? 2 * most : 65535);
	return true;
}

/* What dmvl-back needs for a gigabit, and what else runs in Domain-0, may be more than a CPU. */
bool look_dom0_cap(struct look *look)
{
	struct finding_row *f;
	struct dom_cpu own;

	if (look->ctl->backend_given || dom_cpu(look->dom, 0, &own) < 0 || own.cap == 0 ||
	    own.cap > ENOUGH_PERCENT)
		return true;
	f = look_found(look);
	finding_where(f, "Domain-0");
	finding_text(f,
		     "it may use %u %% of one CPU: then all guests' network stands still until the "
		     "next turn",
		     own.cap);
	finding_do(f, "xl %s -d Domain-0 -c 0", own.credit2 ? "sched-credit2" : "sched-credit");
	return true;
}

bool look_dom0_pinning(struct look *look)
{
	struct finding_row *f;
	struct dom_cpu own;
	unsigned wanted;

	if (look->ctl->backend_given || dom_cpu(look->dom, 0, &own) < 0 || own.may_use == 0)
		return true;
	wanted = own.vcpus < own.of_host ? own.vcpus : own.of_host;
	if (own.may_use >= wanted)
		return true;
	f = look_found(look);
	finding_where(f, "Domain-0");
	finding_text(f,
		     "its %u virtual CPUs are pinned to %u of the %u CPUs of this host: the frame "
		     "loop waits for what else runs there",
		     own.vcpus, own.may_use, own.of_host);
	finding_do(f, "xl vcpu-pin Domain-0 all all");
	return true;
}
