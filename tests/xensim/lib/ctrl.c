/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of libxenctrl that xenstored and the product use: which domains are there, and how well.
 */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XC_WANT_COMPAT_MAP_FOREIGN_API 0
#include <xenctrl.h>
#include <xengnttab.h>

struct xc_interface_core {
	int conn;
};

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild,
				unsigned int flags)
{
	xc_interface *x = malloc(sizeof(*x));

	(void)logger;
	(void)dombuild;
	(void)flags;
	if (!x)
		return NULL;
	x->conn = sim_open(SIM_PRIVCMD, NULL, NULL);
	if (x->conn < 0) {
		free(x);
		return NULL;
	}
	return x;
}

int xc_interface_close(xc_interface *x)
{
	if (x) {
		close(x->conn);
		free(x);
	}
	return 0;
}

/* The domains from `first` on, at most max. Their number, or -1 with errno; *info is the caller's.
 */
static int get(xc_interface *x, uint32_t first, unsigned int max, struct sim_dominfo **info)
{
	struct sim_call c = {.req = {.op = SIM_GETINFO, .arg = {first, max}}};

	if (max > SIM_MAX_PAYLOAD / sizeof(**info))
		max = c.req.arg[1] = SIM_MAX_PAYLOAD / sizeof(**info);
	*info = calloc(max ? max : 1, sizeof(**info));
	if (!*info)
		return -1;
	c.out = *info;
	c.out_size = max * sizeof(**info);
	if (sim_call(x->conn, &c)) {
		free(*info);
		return -1;
	}
	return (int)(c.rep.len / sizeof(**info));
}

int xc_domain_getinfolist(xc_interface *x, uint32_t first, unsigned int max, xc_domaininfo_t *out)
{
	struct sim_dominfo *info;
	int n = get(x, first, max, &info), i;

	if (n < 0)
		return -1;
	for (i = 0; i < n; i++) {
		memset(&out[i], 0, sizeof(out[i]));
		out[i].domain = (domid_t)info[i].domid;
		out[i].nr_online_vcpus = info[i].domid ? 1 : 4;
		out[i].max_vcpu_id = out[i].nr_online_vcpus - 1;
		out[i].flags = (info[i].dying ? XEN_DOMINF_dying : 0) |
			       (info[i].paused ? XEN_DOMINF_paused : 0) |
			       (info[i].shutdown ? XEN_DOMINF_shutdown : 0) |
			       info[i].reason << XEN_DOMINF_shutdownshift;
		memcpy(out[i].handle, info[i].uuid, SIM_UUID_BYTES);
	}
	free(info);
	return n;
}

#if XEN_MINOR < 18
/* What the xenstored of Xen 4.17 asks with. */
int xc_domain_getinfo(xc_interface *x, uint32_t first, unsigned int max, xc_dominfo_t *out)
{
	struct sim_dominfo *info;
	int n = get(x, first, max, &info), i;

	if (n < 0)
		return -1;
	for (i = 0; i < n; i++) {
		memset(&out[i], 0, sizeof(out[i]));
		out[i].domid = info[i].domid;
		out[i].dying = info[i].dying & 1;
		out[i].paused = info[i].paused & 1;
		out[i].shutdown = info[i].shutdown & 1;
		out[i].shutdown_reason = info[i].reason;
		out[i].blocked = !info[i].paused && !info[i].shutdown;
		if (out[i].shutdown && info[i].reason == SHUTDOWN_crash) {
			out[i].shutdown = 0; /* as libxenctrl reports a crash */
			out[i].crashed = 1;
		}
		memcpy(out[i].handle, info[i].uuid, SIM_UUID_BYTES);
	}
	free(info);
	if (!n && max) {
		errno = ESRCH;
		return -1;
	}
	return n;
}
#else
/* And that of later releases. */
int xc_domain_getinfo_single(xc_interface *x, uint32_t domid, xc_domaininfo_t *out)
{
	int n = xc_domain_getinfolist(x, domid, 1, out);

	if (n == 1 && out->domain == domid)
		return 0;
	if (n >= 0)
		errno = ESRCH;
	return -1;
}
#endif

/* How oxenstored maps a guest's ring: it knows the frame, which is what the reserved grant is of.
 */
void *xc_map_foreign_range(xc_interface *x, uint32_t domid, int size, int prot, unsigned long mfn)
{
	xengnttab_handle *h = xengnttab_open(NULL, 0); /* as long as the process */

	(void)x;
	(void)size;
	(void)mfn;
	return h ? xengnttab_map_grant_ref(h, domid, GNTTAB_RESERVED_XENSTORE, prot) : NULL;
}

/* Errors are in errno alone. */
const xc_error *xc_get_last_error(xc_interface *x)
{
	static const xc_error none = {.code = XC_ERROR_NONE};

	(void)x;
	return &none;
}

const char *xc_error_code_to_desc(int code)
{
	(void)code;
	return "see errno";
}
