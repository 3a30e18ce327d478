/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes on the wire that arrive by an interface, by IPv4 address, in short bins of the clock: who
 * had how much of a link, and when. The kernel says when a frame came, so this program may be late.
 * A frame that carries several segments counts as those, with their headers and checksums.
 */
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] = "usage: dmvl-wire IF MS src|dst ADDRESS..    (up to 8)\n"
			  "       dmvl-wire clock\n"
			  "Counts in bins of MS milliseconds until it is killed, tells `ready' on "
			  "stderr, and then prints\n"
			  "BIN BYTES.. for each bin, and last drops N. BIN is the time since 1970 "
			  "in bins; clock prints\n"
			  "that time in milliseconds.\n";

#define ADDRESSES 8
#define BINS	  30000
#define FETCH_US  10000
#define SNAP	  128
#define FCS_LEN	  4
#define MIN_FRAME 60
#define ROOM	  (64 << 20)

struct got {
	struct virtio_net_hdr vnet;
	uint8_t frame[SNAP];
};

static struct in_addr wanted[ADDRESSES];
static unsigned n_wanted;
static bool by_source;
static uint64_t bin_ns, first_bin;
static unsigned long long bytes[BINS][ADDRESSES];
static unsigned last;
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ns_of(&t);
}

static void option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		die("packet socket");
}

static int listen_on(const char *ifname)
{
	/* Only what is for this host; of that no more than headers. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SNAP),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	at.sll_ifindex = (int)if_nametoindex(ifname);
	if (fd < 0 || !at.sll_ifindex)
		die(ifname);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		die("packet socket");
	option(fd, SOL_SOCKET, SO_RCVBUFFORCE, ROOM);
	option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	option(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
	option(fd, SOL_PACKET, PACKET_AUXDATA, 1);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("packet socket");
	return fd;
}

/* Ethernet's, IPv4's and TCP's or UDP's headers, which each segment has. */
static unsigned headers_len(const uint8_t *frame)
{
	const uint8_t *ip = frame + ETH_HLEN;
	unsigned ip_len = (ip[0] & 15u) * 4;

	if (ip[9] != IPPROTO_TCP || ETH_HLEN + ip_len + 13 > SNAP)
		return ETH_HLEN + ip_len + 8;
	return ETH_HLEN + ip_len + (ip[ip_len + 12] >> 4) * 4u;
}

static unsigned wire_len(const struct got *g, unsigned len)
{
	unsigned headers = headers_len(g->frame), segment = g->vnet.gso_size, n;

	if (!segment || len <= headers)
		return (len < MIN_FRAME ? MIN_FRAME : len) + FCS_LEN;
	n = (len - headers + segment - 1) / segment;
	return len + (n - 1) * headers + n * FCS_LEN;
}

static void count(const struct got *g, unsigned len, uint64_t ns)
{
	uint64_t bin = ns / bin_ns - first_bin;
	struct in_addr a;

	if (bin >= BINS)
		return;
	memcpy(&a, g->frame + ETH_HLEN + (by_source ? 12 : 16), sizeof(a));
	for (unsigned i = 0; i < n_wanted; i++)
		if (a.s_addr == wanted[i].s_addr)
			bytes[bin][i] += wire_len(g, len);
	last = bin > last ? (unsigned)bin : last;
}

/* False: there is no frame. */
static bool fetch(int fd)
{
	char control[256];
	struct got g;
	struct iovec iov = {&g, sizeof(g)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct tpacket_auxdata aux = {0};
	struct timespec came = {0};

	if (recvmsg(fd, &m, 0) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&came, CMSG_DATA(c), sizeof(came));
	}
	if (aux.tp_len >= ETH_HLEN + 20)
		count(&g, aux.tp_len, (uint64_t)came.tv_sec * 1000000000 + (uint64_t)came.tv_nsec);
	return true;
}

static void print_all(int fd)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);

	for (unsigned b = 0; b <= last; b++) {
		printf("%llu", (unsigned long long)(first_bin + b));
		for (unsigned i = 0; i < n_wanted; i++)
			printf(" %llu", bytes[b][i]);
		putchar('\n');
	}
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	printf("drops %u\n", stats.tp_drops);
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	int fd;

	if (argc == 2 && !strcmp(argv[1], "clock"))
		return printf("%llu\n", (unsigned long long)clock_ns() / 1000000) < 0;
	if (argc < 5 || argc > 4 + ADDRESSES || atoi(argv[2]) < 1 ||
	    (strcmp(argv[3], "src") && strcmp(argv[3], "dst")))
		usage();
	bin_ns = (uint64_t)atoi(argv[2]) * 1000000;
	by_source = !strcmp(argv[3], "src");
	for (; n_wanted < (unsigned)argc - 4; n_wanted++)
		if (inet_pton(AF_INET, argv[4 + n_wanted], &wanted[n_wanted]) != 1)
			usage();
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	fd = listen_on(argv[1]);
	first_bin = clock_ns() / bin_ns;
	fputs("ready\n", stderr);
	while (!stop) {
		usleep(FETCH_US);
		while (fetch(fd))
			;
	}
	print_all(fd);
	return 0;
}
