/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/bridge_table.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_MAX    16u       /* in one call */
#define BUFFER_BYTES (1 << 20) /* for a table that is learnt at once */
#define HEADER_MAX   64u       /* bytes of a message's own header */

static int request_dump(int fd, uint16_t type, size_t header_bytes)
{
	_Alignas(struct nlmsghdr) char buf[NLMSG_SPACE(HEADER_MAX)] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	uint8_t *family;

	n->nlmsg_type = type;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	family = mnl_nlmsg_put_extra_header(n, header_bytes);
	*family = AF_BRIDGE;
	return send(fd, n, n->nlmsg_len, 0) < 0 ? -errno : 0;
}

static int subscribe(int fd, int group)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

int bridge_table_open(uint16_t type, size_t header_bytes, int group)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int size = BUFFER_BYTES, ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ret = subscribe(fd, group);
	if (ret == 0)
		ret = request_dump(fd, type, header_bytes);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

int bridge_table_read(int fd, mnl_cb_t take, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	ssize_t got;

	for (unsigned n = 0; n < READS_MAX; n++) {
		got = recv(fd, buf, sizeof(buf), 0);
		if (got == 0 || (got < 0 && errno != EINTR))
			return got == 0 || errno == EAGAIN ? 0 : -errno;
		if (got > 0 && mnl_cb_run(buf, (size_t)got, 0, 0, take, arg) < 0)
			return -errno;
	}
	return 0;
}
