/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A steady stream of datagrams, and how steady it is when it arrives. Both ends must have the same
 * clock. The kernel says when a datagram came: the receiver may sleep late.
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] =
	"usage: dmvl-gap send ADDRESS PORT [-r RATE] [-w S]\n"
	"       dmvl-gap recv PORT [-w S]\n"
	"  -r  datagrams per second (1000)      -w  seconds (10; recv: until killed)\n"
	"recv tells `ready' on stderr and prints in the end:\n"
	"datagrams=N lost=N gap-max=US send-gap-max=US added-gap-max=US delay-max=US late=N\n"
	"  gap, send-gap     microseconds from one arrival, or departure, to the next\n"
	"  added-gap         how much later after the one before it than the departures say\n"
	"  delay             from departure to arrival\n"
	"  late              arrivals with an added gap of more than 10 ms\n";

#define LATE_NS 10000000u

struct payload {
	uint64_t seq, sent_ns;
};

struct seen {
	uint64_t datagrams, last_seq, last_came_ns, last_sent_ns;
	uint64_t gap_ns, send_gap_ns, added_ns, delay_ns;
	uint64_t late;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static int do_send(const char *to, const char *port, double rate, double seconds)
{
	struct sockaddr_in6 a = address(to, port);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct payload p = {0};
	uint64_t first, due;
	struct timespec t;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("connecting");
	clock_gettime(CLOCK_REALTIME, &t);
	first = ns_of(&t);
	while (!stop && (double)p.seq < seconds * rate) {
		due = first + (uint64_t)((double)p.seq * 1e9 / rate);
		t = (struct timespec){(time_t)(due / 1000000000), (long)(due % 1000000000)};
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
		clock_gettime(CLOCK_REALTIME, &t);
		p.sent_ns = ns_of(&t);
		if (send(fd, &p, sizeof(p), MSG_DONTWAIT) < 0 && errno != EAGAIN &&
		    errno != ENOBUFS && errno != ECONNREFUSED)
			die("sending");
		p.seq++;
	}
	return 0;
}

static void raise_to(uint64_t *max, uint64_t now, uint64_t before)
{
	if (now > before && now - before > *max)
		*max = now - before;
}

static void count(struct seen *s, const struct payload *p, uint64_t came_ns)
{
	if (s->datagrams++) {
		raise_to(&s->gap_ns, came_ns, s->last_came_ns);
		raise_to(&s->send_gap_ns, p->sent_ns, s->last_sent_ns);
		raise_to(&s->added_ns, came_ns - p->sent_ns, s->last_came_ns - s->last_sent_ns);
		s->late += came_ns - p->sent_ns > s->last_came_ns - s->last_sent_ns + LATE_NS;
	}
	raise_to(&s->delay_ns, came_ns, p->sent_ns);
	s->last_seq = p->seq;
	s->last_came_ns = came_ns;
	s->last_sent_ns = p->sent_ns;
}

static void receive(int fd, struct seen *s)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct payload p;
	struct iovec iov = {&p, sizeof(p)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct timespec came;
	struct cmsghdr *c;

	if (recvmsg(fd, &m, 0) != (ssize_t)sizeof(p))
		return;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_TIMESTAMPNS)
		return;
	memcpy(&came, CMSG_DATA(c), sizeof(came));
	count(s, &p, ns_of(&came));
}

static int do_recv(const char *port, double seconds)
{
	struct sockaddr_in6 a = address("::", port);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), zero = 0, one = 1, room = 4 << 20;
	struct seen s = {0};
	double end = now() + seconds;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)))
		die("listening");
	fputs("ready\n", stderr);
	while (!stop && (seconds <= 0 || now() < end)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 100) > 0)
			receive(fd, &s);
	}
	printf("datagrams=%llu lost=%llu gap-max=%llu send-gap-max=%llu added-gap-max=%llu "
	       "delay-max=%llu late=%llu\n",
	       (unsigned long long)s.datagrams,
	       (unsigned long long)(s.datagrams ? s.last_seq + 1 - s.datagrams : 0),
	       (unsigned long long)s.gap_ns / 1000, (unsigned long long)s.send_gap_ns / 1000,
	       (unsigned long long)s.added_ns / 1000, (unsigned long long)s.delay_ns / 1000,
	       (unsigned long long)s.late);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	double rate = 1000, seconds = 0;
	int opt, words;

	while ((opt = getopt(argc, argv, "r:w:")) != -1) {
		switch (opt) {
		case 'r':
			rate = atof(optarg);
			break;
		case 'w':
			seconds = atof(optarg);
			break;
		default:
			usage();
		}
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	words = argc - optind;
	argv += optind;
	if (words == 3 && !strcmp(argv[0], "send") && rate > 0)
		return do_send(argv[1], argv[2], rate, seconds > 0 ? seconds : 10);
	if (words != 2 || strcmp(argv[0], "recv"))
		usage();
	return do_recv(argv[1], seconds);
}
