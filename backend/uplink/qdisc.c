/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The least charge of a frame to a send buffer, for a queue whose limit is in packets. */
#define PACKET_CHARGE 512u

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

/* Adds one qdisc. Other kinds have qdiscs below them, or a limit that is not known. */
static void take(struct qdiscs *q, unsigned ifindex, const char *kind, const struct rtattr *opt)
{
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

static void take_message(struct qdiscs *q, unsigned ifindex, const struct nlmsghdr *n)
{
	const struct tcmsg *tc = NLMSG_DATA(n);
	size_t len = n->nlmsg_len - NLMSG_LENGTH(sizeof(*tc));
	const struct rtattr *first, *kind;

	if (n->nlmsg_type != RTM_NEWQDISC || n->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) ||
	    tc->tcm_ifindex != (int)ifindex || tc->tcm_parent == TC_H_INGRESS)
		return;
	first = (const struct rtattr *)(const void *)((const char *)tc + NLMSG_ALIGN(sizeof(*tc)));
	kind = find(first, len, TCA_KIND);
	if (!kind || RTA_PAYLOAD(kind) == 0 ||
	    ((const char *)RTA_DATA(kind))[RTA_PAYLOAD(kind) - 1] != '\0')
		return;
	q->any = true;
	q->backlog_bytes += u32_at(find(first, len, TCA_STATS), offsetof(struct tc_stats, backlog));
	take(q, ifindex, RTA_DATA(kind), find(first, len, TCA_OPTIONS));
}

/* 0: more answers follow; 1: that was the last one; or -errno. */
static int take_answers(int fd, unsigned ifindex, struct qdiscs *q)
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
		take_message(q, ifindex, n);
	}
	return 0;
}

int qdisc_read(unsigned ifindex, struct qdiscs *out)
{
	struct {
		struct nlmsghdr n;
		struct tcmsg tc;
		struct rtattr invisible; /* list the default leaves of classful qdiscs too */
	} ask = {
		.n = {.nlmsg_len = sizeof(ask),
		      .nlmsg_type = RTM_GETQDISC,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.tc.tcm_family = AF_UNSPEC,
		.tc.tcm_ifindex = (int)ifindex,
		.invisible = {.rta_len = RTA_LENGTH(0), .rta_type = TCA_DUMP_INVISIBLE},
	};
	int fd = open_netlink(0, 0), ret = 0;

	*out = (struct qdiscs){.queueless = true};
	if (fd < 0)
		return fd;
	if (send(fd, &ask, sizeof(ask), 0) < 0)
		ret = -errno;
	while (ret == 0)
		ret = take_answers(fd, ifindex, out);
	close(fd);
	return ret < 0 ? ret : 0;
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
