/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that come in by an interface, by source MAC: "dmvl-count IF SECONDS MAC.." prints one
 * number for each MAC. It costs little where the machine is an emulator: the kernel hands over
 * nothing but Ethernet headers, and they are fetched many at a time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MACS	 8
#define FETCH_US 50000

struct counter {
	uint8_t mac[ETH_ALEN];
	unsigned long long bytes;
};

static void die(const char *what)
{
	fprintf(stderr, "dmvl-count: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int listen_on(const char *ifname)
{
	/* Not what goes out; of the rest no more than the header. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, ETH_HLEN),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};
	int one = 1, room = 4 << 20, fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	promisc.mr_ifindex = at.sll_ifindex = (int)if_nametoindex(ifname);
	if (fd < 0 || !at.sll_ifindex)
		die(ifname);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("packet socket");
	return fd;
}

/* The length of the next frame, its header in h; 0 when there is none. */
static unsigned fetch(int fd, struct ether_header *h)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = {h, sizeof(*h)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	if (recvmsg(fd, &m, 0) < ETH_HLEN)
		return 0;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != PACKET_AUXDATA)
		return 0;
	memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	return aux.tp_len;
}

static void fetch_all(int fd, struct counter *counters, int n)
{
	struct ether_header h;
	unsigned len;

	while ((len = fetch(fd, &h)) > 0)
		for (int i = 0; i < n; i++)
			if (memcmp(h.ether_shost, counters[i].mac, ETH_ALEN) == 0)
				counters[i].bytes += len;
}

int main(int argc, char **argv)
{
	struct counter counters[MACS] = {0};
	int n = argc - 3, fd;
	double end;

	if (n < 1 || n > MACS) {
		fputs("usage: dmvl-count IF SECONDS MAC..    (up to 8)\n", stderr);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		uint8_t *m = counters[i].mac;

		if (sscanf(argv[3 + i], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &m[0], &m[1], &m[2], &m[3],
			   &m[4], &m[5]) != ETH_ALEN) {
			fprintf(stderr, "dmvl-count: not a MAC: %s\n", argv[3 + i]);
			return 2;
		}
	}
	fd = listen_on(argv[1]);
	for (end = now() + atof(argv[2]); now() < end; usleep(FETCH_US))
		fetch_all(fd, counters, n);
	fetch_all(fd, counters, n);
	for (int i = 0; i < n; i++)
		printf("%llu%c", counters[i].bytes, i + 1 < n ? ' ' : '\n');
	return 0;
}
