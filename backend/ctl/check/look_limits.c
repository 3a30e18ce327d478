/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_limits.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_PERCENT 80
/* Xen's defaults: 1024 frames of 256 mappings for Dom0, and xenstored's nodes for any other. */
#define GRANTS_MAPPED_MAX 262144u
#define QUOTA_NODES	  1000u
#define PAGE_ORDER	  12
#define FILES_WANTED	  65536

static bool is_near(uint64_t used, uint64_t limit)
{
	return limit > 0 && used * 100 >= limit * NEAR_PERCENT;
}

/* --- descriptors of dmvl-back ----------------------------------------------------------------- */

static unsigned count_files(unsigned pid)
{
	char path[64];
	unsigned n = 0;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* The limit in force, and up to where it may be raised. 0: there is none, or it is not known. */
static unsigned limit_of_files(unsigned pid, unsigned *hard)
{
	char path[64], line[128];
	unsigned limit = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/limits", pid);
	f = fopen(path, "re");
	while (f && limit == 0 && fgets(line, sizeof(line), f))
		sscanf(line, "Max open files %u %u", &limit, hard);
	if (f)
		fclose(f);
	return limit;
}

bool look_descriptors(struct look *look)
{
	unsigned pid = daemon_pid(look->ctl, look->uplink->name), used, limit, hard = 0;
	struct finding_row *f;

	used = pid ? count_files(pid) : 0;
	limit = pid ? limit_of_files(pid, &hard) : 0;
	if (!is_near(used, limit))
		return true;
	f = look_found(look);
	finding_text(f,
		     "its dmvl-back has %u of at most %u files open: no guest connects when all "
		     "are used",
		     used, limit);
	if (hard > limit)
		finding_do(f, "prlimit --pid %u --nofile=%u:", pid, hard);
	else
		finding_do(f, "prlimit --pid %u --nofile=%d:%d", pid, FILES_WANTED, FILES_WANTED);
	finding_do(f, "systemctl edit dmvl-back@%s    # [Service] LimitNOFILE=%d",
		   look->uplink->name, FILES_WANTED);
	return true;
}

/* --- grants ----------------------------------------------------------------------------------- */

static uint64_t pages_of(const struct ldp_view *d)
{
	uint64_t order = schema_default(KEY_FRONT_RING_ORDER);
	const char *text = d->keys.value[KEY_FRONT_RING_ORDER];

	if (!ldp_view_is_connected(d) || ldp_view_is_agentless(d))
		return 0;
	if (text)
		schema_parse_u64(KEY_FRONT_RING_ORDER, text, &order, NULL);
	return (2u << (order - PAGE_ORDER)) + 1; /* and the page that both ends share */
}

bool look_grants(struct look *look)
{
	uint64_t pages = 0;
	struct finding_row *f;

	for (int i = 0; i < look->devices.count; i++)
		pages += pages_of(&look->devices.view[i]);
	if (!is_near(pages, GRANTS_MAPPED_MAX))
		return true;
	f = look_found(look);
	finding_text(f,
		     "%llu pages of guests are mapped, and Xen lets a domain map %u if its command "
		     "line says nothing else",
		     (unsigned long long)pages, GRANTS_MAPPED_MAX);
	finding_do(f, "grep gnttab_max_maptrack_frames /etc/default/grub.d/*    # "
		      "gnttab_max_maptrack_frames=4096");
	return true;
}

/* --- nodes of a driver domain in xenstore ----------------------------------------------------- */

static unsigned count_nodes(struct look *look, const char *dir, unsigned most)
{
	char path[SCHEMA_PATH_MAX], **names;
	unsigned count, sum = 1;

	if (most == 0 || xs_conn_list(look->ctl->xs, XS_NO_TXN, dir, &names, &count) < 0)
		return 0;
	for (unsigned i = 0; i < count && sum < most; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", dir, names[i]) < (int)sizeof(path))
			sum += count_nodes(look, path, most - sum);
	}
	free(names);
	return sum;
}

static void tell_quota(struct look *look, unsigned nodes, int quota)
{
	unsigned domid = look->ctl->backend_domid;
	struct finding_row *f = look_found(look);

	if (quota >= 0) {
		finding_text(f,
			     "domain %u has %u nodes of dmvl in xenstore, and may have %d in all",
			     domid, nodes, quota);
	} else {
		finding_text(
			f,
			"domain %u has %u nodes of dmvl in xenstore, and may have %u in all if "
			"xenstored was given no other quota",
			domid, nodes, QUOTA_NODES);
		finding_do(f, "grep quota-maxentity /etc/xen/oxenstored.conf    # in Dom0, with "
			      "oxenstored: 10000 from the next boot on");
	}
	finding_do(f, "xenstore-control quota set nodes 10000    # in Dom0; xenstored "
		      "--entry-nb 10000 from the next boot on");
}

/* Dom0 has no quota. */
bool look_quota(struct look *look)
{
	unsigned domid = look->ctl->backend_domid, most, nodes;
	int quota = domid == 0 ? 0 : xs_conn_node_quota(look->ctl->xs);
	char root[SCHEMA_PATH_MAX];

	if (domid == 0 || quota == 0)
		return true;
	most = quota < 0 ? QUOTA_NODES : (unsigned)quota;
	schema_backend_root(root, sizeof(root), domid);
	nodes = count_nodes(look, root, most);
	schema_uplink_root(root, sizeof(root), domid);
	nodes += count_nodes(look, root, most);
	if (is_near(nodes, most))
		tell_quota(look, nodes, quota);
	return true;
}
