/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bulk traffic for tests: senders that offer a rate or all they can, and one sink that counts what
 * comes from each address, so that shares are read off in one place.
 */
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] =
	"usage: dmvl-flow sink PORT [-w S] [-I S] [-B BYTES] [-P US]\n"
	"       dmvl-flow tcp ADDRESS PORT [-w S] [-b RATE] [-l LEN] [-n BYTES] [-C NAME]\n"
	"       dmvl-flow udp ADDRESS PORT [-w S] [-b RATE] [-l LEN] [-n BYTES] [-G BYTES] [-P "
	"US] [-p PORT]\n"
	"  -w  seconds (10; sink: until killed)   -b  payload bits per second (as fast as it "
	"goes)\n"
	"  -l  bytes per write or datagram (tcp 16384, udp 1400)    -n  bytes before it stops\n"
	"  -I  interval in seconds (1)            -B  window of TCP, in bytes (the kernel's "
	"choice)\n"
	"  -C  congestion control, cubic for one (the kernel's choice)\n"
	"  -G  each datagram is one segment of what is written at once (none)\n"
	"  -P  the sink, or a sender with a rate, rests that long, in microseconds (10000)\n"
	"  -p  the port that is sent from (any)\n"
	"The sink takes TCP and UDP, IPv4 and IPv6, on one port. It tells `ready' on stderr and "
	"each\n"
	"interval one line per sender that there has been: SECONDS ADDRESS tcp|udp BYTES\n"
	"and at the end, or on SIGTERM: total ADDRESS tcp|udp BYTES. Senders print: sent=BYTES\n";

#define PEERS 64
#define CONNS 256
#define MANY  64

/* How long sink and senders rest between two looks: a call for each frame is what an emulated
 * machine has no time for. */
#define BATCH_US 10000

struct peer {
	char name[INET6_ADDRSTRLEN + 8];
	unsigned long long bytes, total;
};

static struct peer peers[PEERS];
static unsigned n_peers;
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* ---- sink ---- */

static struct peer *peer_of(const struct sockaddr_in6 *a, const char *proto)
{
	char ip[INET6_ADDRSTRLEN], name[sizeof peers[0].name];
	unsigned i;

	inet_ntop(AF_INET6, &a->sin6_addr, ip, sizeof ip);
	snprintf(name, sizeof name, "%s %s", strncmp(ip, "::ffff:", 7) ? ip : ip + 7, proto);
	for (i = 0; i < n_peers; i++)
		if (!strcmp(peers[i].name, name))
			return &peers[i];
	if (n_peers == PEERS)
		return &peers[0];
	memcpy(peers[n_peers].name, name, sizeof name);
	return &peers[n_peers++];
}

static int listen_on(int type, const char *port, int window)
{
	struct sockaddr_in6 a = address("::", port);
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0), zero = 0, one = 1, room = 4 << 20;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	if (window)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || (type == SOCK_STREAM && listen(fd, 64)))
		die("listening");
	return fd;
}

static void sink_report(unsigned tick, double interval)
{
	for (unsigned i = 0; i < n_peers; i++) {
		printf("%g %s %llu\n", tick * interval, peers[i].name, peers[i].bytes);
		peers[i].total += peers[i].bytes;
		peers[i].bytes = 0;
	}
	fflush(stdout);
}

/* All that has come, but for one who sends faster than this reads. */
static void sink_datagrams(int fd)
{
	static struct sockaddr_in6 from[MANY];
	static struct mmsghdr m[MANY];
	int n = MANY;

	for (int round = 0; n == MANY && round < MANY; round++) {
		/* Only their lengths are looked at. */
		for (int i = 0; i < MANY; i++)
			m[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
						       .msg_namelen = sizeof from[i]};
		n = recvmmsg(fd, m, MANY, MSG_TRUNC, NULL);
		for (int i = 0; i < n; i++)
			peer_of(&from[i], "udp")->bytes += m[i].msg_len;
	}
}

/* As above. False: the connection has ended. */
static bool sink_stream(int fd, struct peer *who)
{
	static char data[65536];
	ssize_t got = 1;

	for (int round = 0; got > 0 && round < MANY; round++) {
		got = read(fd, data, sizeof data);
		if (got > 0)
			who->bytes += (unsigned long long)got;
	}
	return got > 0 || (got < 0 && errno == EAGAIN);
}

static int do_sink(const char *port, double seconds, double interval, int window,
		   useconds_t rest_us)
{
	struct pollfd p[2 + CONNS];
	struct peer *who[2 + CONNS];
	unsigned n = 2, tick = 0;
	double start = now();

	p[0] = (struct pollfd){.fd = listen_on(SOCK_STREAM, port, window), .events = POLLIN};
	p[1] = (struct pollfd){.fd = listen_on(SOCK_DGRAM, port, 0), .events = POLLIN};
	fputs("ready\n", stderr);
	while (!stop && (seconds <= 0 || now() < start + seconds)) {
		double left = start + (tick + 1) * interval - now();

		if (left <= 0) {
			sink_report(++tick, interval);
			continue;
		}
		if (poll(p, n, (int)(left * 1000) + 1) <= 0)
			continue;
		usleep(rest_us);
		if (p[1].revents)
			sink_datagrams(p[1].fd);
		for (unsigned i = 2; i < n; i++) {
			if (p[i].revents && !sink_stream(p[i].fd, who[i])) {
				close(p[i].fd);
				p[i] = p[--n];
				who[i--] = who[n];
			}
		}
		if (p[0].revents && n < 2 + CONNS) {
			struct sockaddr_in6 from;
			socklen_t len = sizeof from;
			int fd = accept4(p[0].fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK);

			if (fd >= 0) {
				who[n] = peer_of(&from, "tcp");
				p[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
			}
		}
	}
	for (unsigned i = 0; i < n_peers; i++)
		printf("total %s %llu\n", peers[i].name, peers[i].total + peers[i].bytes);
	return 0;
}

/* ---- senders ---- */

struct flow {
	bool tcp;
	const char *congestion; /* NULL: the kernel's choice */
	int segment;
	unsigned rest_us;
	uint16_t from_port;
	double seconds, rate;
	size_t len;
	unsigned long long limit;
};

static unsigned long long flow_send(int fd, const struct flow *f)
{
	static char data[65536];
	unsigned long long sent = 0;
	double start = now();

	while (!stop && now() < start + f->seconds && (!f->limit || sent < f->limit)) {
		double wait = f->rate > 0 ? start + (double)sent * 8 / f->rate - now() : 0;
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		size_t len = f->len;
		ssize_t n;

		if (wait > 0) {
			wait = wait > 0.1 ? 0.1 : wait;
			usleep(wait * 1e6 < f->rest_us ? f->rest_us : (useconds_t)(wait * 1e6));
			continue;
		}
		if (f->tcp && f->limit && f->limit - sent < len)
			len = (size_t)(f->limit - sent);
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n > 0)
			sent += (unsigned long long)n;
		else if (errno == EAGAIN || errno == ENOBUFS)
			poll(&p, 1, 100);
		else if (f->tcp || errno != ECONNREFUSED)
			die("sending");
	}
	return sent;
}

static int do_flow(const char *to, const char *port, const struct flow *f)
{
	struct sockaddr_in6 a = address(to, port), from = {0};
	int fd = socket(AF_INET6, f->tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

	/* A sysctl would not do: in a network namespace it takes only what is allowed to all users.
	 */
	if (f->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, f->congestion,
					(socklen_t)strlen(f->congestion)))
		die(f->congestion);
	from.sin6_family = AF_INET6;
	from.sin6_port = htons(f->from_port);
	if (f->from_port && bind(fd, (struct sockaddr *)&from, sizeof from))
		die("binding");
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
		die("connecting");
	if (f->segment && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &f->segment, sizeof f->segment))
		die("UDP_SEGMENT");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	printf("sent=%llu\n", flow_send(fd, f));
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct flow f = {.rest_us = BATCH_US};
	double interval = 1;
	int window = 0, opt, words;

	while ((opt = getopt(argc, argv, "w:b:l:n:I:B:C:G:P:p:")) != -1) {
		switch (opt) {
		case 'w':
			f.seconds = atof(optarg);
			break;
		case 'b':
			f.rate = atof(optarg);
			break;
		case 'l':
			f.len = (size_t)atol(optarg);
			break;
		case 'n':
			f.limit = strtoull(optarg, NULL, 0);
			break;
		case 'B':
			window = atoi(optarg);
			break;
		case 'C':
			f.congestion = optarg;
			break;
		case 'G':
			f.segment = atoi(optarg);
			break;
		case 'P':
			f.rest_us = (unsigned)atoi(optarg);
			break;
		case 'p':
			f.from_port = (uint16_t)atoi(optarg);
			break;
		case 'I':
			interval = atof(optarg);
			break;
		default:
			usage();
		}
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	words = argc - optind;
	argv += optind;
	if (words == 2 && !strcmp(argv[0], "sink") && interval > 0)
		return do_sink(argv[1], f.seconds, interval, window, f.rest_us);
	if (words != 3 || (strcmp(argv[0], "tcp") && strcmp(argv[0], "udp")) || f.len > 65507)
		usage();
	f.tcp = !strcmp(argv[0], "tcp");
	if (!f.len)
		f.len = f.tcp ? 16384 : 1400;
	if (f.seconds <= 0)
		f.seconds = f.limit ? 3600 : 10;
	return do_flow(argv[1], argv[2], &f);
}
