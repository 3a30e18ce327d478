/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/qdisc.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The least charge of a frame to a send buffer, for a queue whose limit is in packets. */
#define PACKET_CHARGE 512u
#define TICK_NS	      64u /* the kernel's unit of a burst's time */

#ifndef TCA_FQ_CODEL_MEMORY_LIMIT
#define TCA_FQ_CODEL_MEMORY_LIMIT 9
#endif

static int open_netlink(uint32_t groups, int flags)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd < 0 ? -errno : fd;
}

static void lower_limit(struct qdiscs *q, uint64_t bytes)
{
	if (bytes == 0 || bytes > UINT32_MAX)
		return;
	if (q->limit_bytes == 0 || bytes < q->limit_bytes)
		q->limit_bytes = (uint32_t)bytes;
}

/* The u32 at `offset` of an attribute, 0 where it is shorter. */
static uint32_t u32_at(const struct rtattr *a, size_t offset)
{
	uint32_t v;

	if (!a || RTA_PAYLOAD(a) < offset + sizeof(v))
		return 0;
	memcpy(&v, (const char *)RTA_DATA(a) + offset, sizeof(v));
	return v;
}

static const struct rtattr *find(const struct rtattr *a, size_t len, unsigned type)
{
	int left = (int)len;

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	}
	return NULL;
}

static uint32_t nested_u32(const struct rtattr *options, unsigned type, size_t offset)
{
	if (!options)
		return 0;
	return u32_at(find(RTA_DATA(options), RTA_PAYLOAD(options), type), offset);
}

static uint32_t queue_length(unsigned ifindex)
{
	struct ifreq ifr = {.ifr_ifindex = (int)ifindex};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = -1;

	if (fd >= 0 && ioctl(fd, SIOCGIFNAME, &ifr) == 0)
		ret = ioctl(fd, SIOCGIFTXQLEN, &ifr);
	if (fd >= 0)
		close(fd);
	return ret == 0 ? (uint32_t)ifr.ifr_qlen : 0;
}

/* One qdisc of a dump. */
struct entry {
	const char *kind;
	uint32_t handle, parent;
	uint64_t backlog_bytes;
	const struct rtattr *options;
};

/*
 * The largest burst that the kernel turns into this time: it keeps the time only, and a burst that
 * is too small by a byte would drop full frames.
 */
static uint32_t burst_bytes(uint64_t bytes_ps, uint32_t ticks)
{
	uint64_t ns = ((uint64_t)ticks + 1) * TICK_NS - 1;

	return (uint32_t)((unsigned __int128)bytes_ps * ns / 1000000000u);
}

static void take_tbf(struct qdisc_tbf *t, const struct rtattr *options)
{
	const struct rtattr *a =
		options ? find(RTA_DATA(options), RTA_PAYLOAD(options), TCA_TBF_PARMS) : NULL;
	struct tc_tbf_qopt q;
	uint64_t bytes_ps;

	if (!a || RTA_PAYLOAD(a) < sizeof(q))
		return;
	memcpy(&q, RTA_DATA(a), sizeof(q));
	bytes_ps = q.rate.rate;
	a = find(RTA_DATA(options), RTA_PAYLOAD(options), TCA_TBF_RATE64);
	if (a && RTA_PAYLOAD(a) >= sizeof(bytes_ps))
		memcpy(&bytes_ps, RTA_DATA(a), sizeof(bytes_ps));
	t->rate_bps = bytes_ps * 8;
	t->burst_bytes = burst_bytes(bytes_ps, q.buffer);
	t->limit_bytes = q.limit;
	t->plain = q.peakrate.rate == 0 && q.rate.overhead == 0 && q.rate.mpu == 0 &&
		   q.rate.linklayer <= TC_LINKLAYER_ETHERNET;
}

/* Is it the root, or the qdisc in a root TBF? The dump has the root first. */
static void take_place(struct qdiscs *q, const struct entry *e)
{
	if (e->parent == TC_H_ROOT) {
		snprintf(q->root, sizeof(q->root), "%s", e->kind);
		q->root_handle = e->handle;
		if (strcmp(e->kind, "tbf") == 0)
			take_tbf(&q->tbf, e->options);
	} else if (strcmp(q->root, "tbf") == 0 && TC_H_MAJ(e->parent) == q->root_handle) {
		snprintf(q->inner, sizeof(q->inner), "%s", e->kind);
		q->inner_handle = e->handle;
	}
}

static bool is_share(uint32_t handle)
{
	return handle >= QDISC_SHARE && TC_H_MAJ(handle) <= QDISC_SHARE_LAST;
}

/*
 * Is it the HTB of share.h, or in it? A TBF around it, which is first, does not use its own limit,
 * and its backlog is that of both classes.
 */
static bool take_share(struct qdiscs *q, const struct entry *e)
{
	if (e->handle == QDISC_SHARE && strcmp(e->kind, "htb") == 0)
		q->shared = true;
	else if (!is_share(e->parent))
		return false;
	if (e->parent == QDISC_SHARE_LDPS) {
		q->limit_bytes = u32_at(e->options, offsetof(struct tc_fifo_qopt, limit));
		q->backlog_bytes = e->backlog_bytes;
	}
	return true;
}

/* Adds one qdisc. Other kinds have qdiscs below them, or a limit that is not known. */
static void take(struct qdiscs *q, unsigned ifindex, const struct entry *e)
{
	const char *kind = e->kind;
	const struct rtattr *opt = e->options;
	uint64_t packets = 0;

	if (strcmp(kind, "noqueue") == 0)
		return;
	q->queueless = false;
	if (strcmp(kind, "tbf") == 0) {
		q->shaped = true;
		lower_limit(q, nested_u32(opt, TCA_TBF_PARMS, offsetof(struct tc_tbf_qopt, limit)));
	} else if (strcmp(kind, "htb") == 0 || strcmp(kind, "hfsc") == 0) {
		q->shaped = true;
	} else if (strcmp(kind, "netem") == 0) {
		q->orphans = true;
	} else if (strcmp(kind, "bfifo") == 0) {
		lower_limit(q, u32_at(opt, offsetof(struct tc_fifo_qopt, limit)));
	} else if (strcmp(kind, "pfifo") == 0 || strcmp(kind, "pfifo_head_drop") == 0) {
		packets = u32_at(opt, offsetof(struct tc_fifo_qopt, limit));
	} else if (strcmp(kind, "pfifo_fast") == 0) {
		packets = queue_length(ifindex);
	} else if (strcmp(kind, "sfq") == 0) {
		packets = u32_at(opt, offsetof(struct tc_sfq_qopt, limit));
	} else if (strcmp(kind, "codel") == 0) {
		packets = nested_u32(opt, TCA_CODEL_LIMIT, 0);
	} else if (strcmp(kind, "fq_codel") == 0) {
		packets = nested_u32(opt, TCA_FQ_CODEL_LIMIT, 0);
		lower_limit(q, nested_u32(opt, TCA_FQ_CODEL_MEMORY_LIMIT, 0));
	} else if (strcmp(kind, "fq") == 0) {
		/* The limit of a flow, because a guest may have a single connection. */
		packets = nested_u32(opt, TCA_FQ_FLOW_PLIMIT, 0);
	}
	lower_limit(q, packets * PACKET_CHARGE);
}

/* What a dump is taken into. */
struct dump {
	struct qdiscs *q;
	unsigned ifindex;
};

/* The text in an attribute, or NULL. */
static const char *text_of(const struct rtattr *a)
{
	const char *text = a ? RTA_DATA(a) : NULL;

	return a && RTA_PAYLOAD(a) > 0 && text[RTA_PAYLOAD(a) - 1] == '\0' ? text : NULL;
}

static void take_qdisc(struct dump *d, const struct tcmsg *tc, const struct rtattr *first,
		       size_t len)
{
	struct entry e = {
		.kind = text_of(find(first, len, TCA_KIND)),
		.handle = tc->tcm_handle,
		.parent = tc->tcm_parent,
		.backlog_bytes =
			u32_at(find(first, len, TCA_STATS), offsetof(struct tc_stats, backlog)),
		.options = find(first, len, TCA_OPTIONS),
	};

	if (!e.kind || tc->tcm_parent == TC_H_INGRESS)
		return;
	d->q->any = true;
	take_place(d->q, &e);
	if (take_share(d->q, &e)) {
		d->q->queueless = false;
		return;
	}
	d->q->backlog_bytes += e.backlog_bytes;
	take(d->q, d->ifindex, &e);
}

/* The filter of the HTB of share.h. */
static void take_filter(struct dump *d, const struct rtattr *first, size_t len)
{
	const struct rtattr *options = find(first, len, TCA_OPTIONS);
	const char *tap = NULL;

	if (options)
		tap = text_of(find(RTA_DATA(options), RTA_PAYLOAD(options), TCA_U32_INDEV));
	if (tap)
		snprintf(d->q->share_tap, sizeof(d->q->share_tap), "%s", tap);
}

static void take_message(struct dump *d, const struct nlmsghdr *n)
{
	const struct tcmsg *tc = NLMSG_DATA(n);
	size_t len = n->nlmsg_len - NLMSG_LENGTH(sizeof(*tc));
	const struct rtattr *first;

	if (n->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) || tc->tcm_ifindex != (int)d->ifindex)
		return;
	first = (const struct rtattr *)(const void *)((const char *)tc + NLMSG_ALIGN(sizeof(*tc)));
	if (n->nlmsg_type == RTM_NEWQDISC)
		take_qdisc(d, tc, first, len);
	else if (n->nlmsg_type == RTM_NEWTFILTER)
		take_filter(d, first, len);
}

/* 0: more answers follow; 1: that was the last one; or -errno. */
static int take_answers(int fd, struct dump *d)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	ssize_t got = recv(fd, buf, sizeof(buf), 0);
	const struct nlmsghdr *n = (const void *)buf;
	unsigned left = (unsigned)got;

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	for (; NLMSG_OK(n, left); n = NLMSG_NEXT(n, left)) {
		if (n->nlmsg_type == NLMSG_DONE)
			return 1;
		if (n->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(n))->error;
		take_message(d, n);
	}
	return 0;
}

static int read_all(int fd, uint16_t type, uint32_t parent, struct dump *d)
{
	struct {
		struct nlmsghdr n;
		struct tcmsg tc;
		struct rtattr invisible; /* list the default leaves of classful qdiscs too */
	} ask = {
		.n = {.nlmsg_len = sizeof(ask),
		      .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.tc.tcm_family = AF_UNSPEC,
		.tc.tcm_ifindex = (int)d->ifindex,
		.tc.tcm_parent = parent,
		.invisible = {.rta_len = RTA_LENGTH(0), .rta_type = TCA_DUMP_INVISIBLE},
	};
	int ret = 0;

	if (send(fd, &ask, sizeof(ask), 0) < 0)
		ret = -errno;
	while (ret == 0)
		ret = take_answers(fd, d);
	return ret < 0 ? ret : 0;
}

int qdisc_read(unsigned ifindex, struct qdiscs *out)
{
	struct dump d = {.q = out, .ifindex = ifindex};
	int fd = open_netlink(0, 0), ret;

	*out = (struct qdiscs){.queueless = true};
	if (fd < 0)
		return fd;
	ret = read_all(fd, RTM_GETQDISC, 0, &d);
	if (ret == 0 && out->shared)
		ret = read_all(fd, RTM_GETTFILTER, QDISC_SHARE, &d);
	close(fd);
	return ret;
}

int qdisc_watch(void)
{
	return open_netlink(RTMGRP_LINK | 1u << (RTNLGRP_TC - 1), SOCK_NONBLOCK);
}

void qdisc_watch_drain(int fd)
{
	char buf[8192];

	/* ENOBUFS: messages were lost, which does not matter here. */
	while (recv(fd, buf, sizeof(buf), 0) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
}
