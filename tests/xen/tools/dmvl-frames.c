/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw Ethernet frames for tests: send them as no kernel would, and count those that arrive.
 *
 * A sent frame's payload is "dmvl", a 32-bit mark and a 32-bit sequence number, then zeros, unless
 * --arp, --udp or --hex gives another. Sizes are those of the frame without its checksum (FCS).
 */
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] =
	"usage: dmvl-frames send -i IF [OPTION]..    prints: sent=N refused=N\n"
	"       dmvl-frames recv -i IF [OPTION]..    prints: frames=N bytes=N unique=N\n"
	"both:  -s MAC  source           -d MAC  destination      -t HEX  ethertype (88b5)\n"
	"       -V ID   VLAN tag         -m N    mark\n"
	"       -c N    frames to send (1), or to receive before stopping\n"
	"send:  -l LEN  frame size (64)  -r N    frames per second (as fast as it goes)\n"
	"       --arp SENDER-MAC,SENDER-IP,TARGET-MAC,TARGET-IP    an ARP reply\n"
	"       --udp SRC-IP,DST-IP,PORT    IPv4 and UDP around the payload\n"
	"       --hex BYTES    the payload as it is\n"
	"recv:  -w S    stop after S seconds (5); fails if fewer than -c or -u came\n"
	"       -u N    stop after N unique ones\n"
	"       -e LEN  stop at a frame of this size, which is not counted; fails if none came\n"
	"       -v      a line per frame: source, destination, type, VLAN or -, size, and\n"
	"               `partial' where its checksum is still to be filled in\n"
	"recv is promiscuous; it tells `ready' on stderr when it listens. Options given are what "
	"it\n"
	"counts; it looks for the mark and unique numbers only when -m is given.\n";

struct options {
	const char *ifname, *arp, *udp, *hex;
	uint8_t src[6], dst[6];
	bool has_src, has_dst, has_type, has_mark, verbose;
	unsigned type, mark, count, unique, len, rate, end_len;
	int vlan; /* -1: none given */
	double seconds;
};

struct payload {
	char magic[4];
	uint32_t mark, seq;
};

static void parse_mac(const char *text, uint8_t *mac)
{
	int n = 0;

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5], &n) != 6)
		usage();
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* ---- send ---- */

static size_t build_arp(const char *spec, uint8_t *out)
{
	char sm[32], si[32], tm[32], ti[32];

	if (sscanf(spec, "%31[^,],%31[^,],%31[^,],%31s", sm, si, tm, ti) != 4)
		usage();
	put16(out, 1);
	put16(out + 2, ETHERTYPE_IP);
	out[4] = 6;
	out[5] = 4;
	put16(out + 6, 2);
	parse_mac(sm, out + 8);
	parse_mac(tm, out + 18);
	if (inet_pton(AF_INET, si, out + 14) != 1 || inet_pton(AF_INET, ti, out + 24) != 1)
		usage();
	return 28;
}

static size_t build_hex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; sscanf(text, "%2hhx", &out[n]) == 1; text += 2)
		n++;
	return n;
}

/* build_udp: headers of `len` bytes of UDP payload, without a UDP checksum (0 = none). */
static void build_udp(const char *spec, uint8_t *out, size_t len)
{
	struct iphdr *ip = (struct iphdr *)out;
	struct udphdr *udp = (struct udphdr *)(ip + 1);
	char src[32], dst[32];
	unsigned port, sum = 0;
	uint16_t words[10];

	if (sscanf(spec, "%31[^,],%31[^,],%u", src, dst, &port) != 3)
		usage();
	memset(out, 0, sizeof *ip + sizeof *udp);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->tot_len = htons((uint16_t)(sizeof *ip + sizeof *udp + len));
	if (inet_pton(AF_INET, src, &ip->saddr) != 1 || inet_pton(AF_INET, dst, &ip->daddr) != 1)
		usage();
	memcpy(words, ip, sizeof words);
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = (uint16_t) ~(sum + (sum >> 16));
	udp->source = udp->dest = htons((uint16_t)port);
	udp->len = htons((uint16_t)(sizeof *udp + len));
}

/* build: the frame; *seq_at is where its payload is, or NULL if it carries none of ours. */
static size_t build(const struct options *o, uint8_t *f, struct payload **ours)
{
	size_t at = 12, len;

	memcpy(f, o->dst, 6);
	memcpy(f + 6, o->src, 6);
	if (o->vlan >= 0) {
		put16(f + at, ETHERTYPE_VLAN);
		put16(f + at + 2, (unsigned)o->vlan);
		at += 4;
	}
	put16(f + at, o->has_type ? o->type
		      : o->arp	  ? ETHERTYPE_ARP
		      : o->udp	  ? ETHERTYPE_IP
				  : o->type);
	at += 2;
	*ours = NULL;
	if (o->arp) {
		at += build_arp(o->arp, f + at);
	} else if (o->hex) {
		at += build_hex(o->hex, f + at);
	} else {
		len = at + (o->udp ? 28 : 0) + sizeof **ours;
		len = (o->len > len ? o->len : len) - at;
		if (o->udp) {
			build_udp(o->udp, f + at, len - 28);
			at += 28;
			len -= 28;
		}
		*ours = (struct payload *)(f + at);
		at += len;
	}
	return at > o->len ? at : o->len;
}

static int do_send(const struct options *o, int fd)
{
	static uint8_t frame[70000] __attribute__((aligned(8)));
	struct payload p = {.magic = "dmvl", .mark = htonl(o->mark)}, *ours;
	size_t len = build(o, frame, &ours);
	double start = now();
	unsigned sent = 0, refused = 0;
	int error = 0;

	for (unsigned i = 0; i < o->count; i++) {
		double wait = o->rate ? start + (double)i / o->rate - now() : 0;

		if (wait > 0)
			usleep((useconds_t)(wait * 1e6));
		p.seq = htonl(i);
		if (ours)
			memcpy(ours, &p, sizeof p);
		if (send(fd, frame, len, 0) == (ssize_t)len) {
			sent++;
		} else {
			error = errno;
			refused++;
		}
	}
	printf("sent=%u refused=%u%s%s\n", sent, refused, error ? " " : "",
	       error ? strerror(error) : "");
	return sent == 0;
}

/* ---- receive ---- */

struct seen {
	unsigned char *bits; /* of the sequence numbers */
	unsigned frames, unique;
	unsigned long long bytes;
	bool ended; /* the frame that says so has come */
};

static void show(const uint8_t *f, unsigned type, int vlan, size_t len, bool partial)
{
	char tag[8] = "-";

	if (vlan >= 0)
		snprintf(tag, sizeof tag, "%d", vlan);
	printf("%02x:%02x:%02x:%02x:%02x:%02x %02x:%02x:%02x:%02x:%02x:%02x %04x %s %zu%s\n", f[6],
	       f[7], f[8], f[9], f[10], f[11], f[0], f[1], f[2], f[3], f[4], f[5], type, tag, len,
	       partial ? " partial" : "");
	fflush(stdout);
}

/* count_frame: f has its tag taken out, as the kernel hands it over. */
static void count_frame(const struct options *o, struct seen *s, const uint8_t *f, size_t len,
			int vlan, bool partial)
{
	size_t size = len + (vlan >= 0 ? 4 : 0);
	unsigned type = f[12] << 8 | f[13];
	const struct payload *p;
	uint32_t seq;

	if ((o->has_src && memcmp(f + 6, o->src, 6)) || (o->has_dst && memcmp(f, o->dst, 6)) ||
	    (o->has_type && type != o->type) || (o->vlan >= 0 && vlan != o->vlan))
		return;
	if (o->has_mark) {
		p = memmem(f + 14, len - 14, "dmvl", 4);
		if (!p || (const uint8_t *)(p + 1) > f + len || ntohl(p->mark) != o->mark)
			return;
	}
	if (size == o->end_len) {
		s->ended = true;
		return;
	}
	if (o->has_mark) {
		seq = ntohl(p->seq) & 0xffffff;
		if (!(s->bits[seq >> 3] & 1 << (seq & 7)))
			s->unique++;
		s->bits[seq >> 3] |= (unsigned char)(1 << (seq & 7));
	}
	s->frames++;
	s->bytes += size;
	if (o->verbose)
		show(f, type, vlan, size, partial);
}

static void receive_one(const struct options *o, struct seen *s, int fd)
{
	static uint8_t frame[70000] __attribute__((aligned(8)));
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct sockaddr_ll from;
	struct iovec iov = {frame, sizeof frame};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof from,
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof control};
	ssize_t len = recvmsg(fd, &m, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct tpacket_auxdata aux = {0};
	int vlan = -1;

	if (len < 14 || from.sll_pkttype == PACKET_OUTGOING)
		return;
	if (c && c->cmsg_type == PACKET_AUXDATA) {
		memcpy(&aux, CMSG_DATA(c), sizeof aux);
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			vlan = aux.tp_vlan_tci & 0xfff;
	}
	count_frame(o, s, frame, (size_t)len, vlan, aux.tp_status & TP_STATUS_CSUMNOTREADY);
}

static int do_recv(const struct options *o, int fd, unsigned ifindex)
{
	struct packet_mreq promisc = {.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
	struct seen s = {.bits = calloc(1, 0x1000000 / 8)};
	double end = now() + o->seconds;
	int one = 1, room = 4 << 20;

	setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof promisc);
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	fputs("ready\n", stderr);
	while (now() < end && !(o->count && s.frames >= o->count) &&
	       !(o->unique && s.unique >= o->unique) && !s.ended) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, (int)((end - now()) * 1000) + 1) > 0)
			receive_one(o, &s, fd);
	}
	printf("frames=%u bytes=%llu unique=%u\n", s.frames, s.bytes, s.unique);
	return s.frames < o->count || s.unique < o->unique || (o->end_len && !s.ended);
}

/* Of sender and receiver. False: it is another's. */
static bool set_option(struct options *o, int opt, const char *value)
{
	switch (opt) {
	case 'i':
		o->ifname = value;
		return true;
	case 's':
		parse_mac(value, o->src);
		o->has_src = true;
		return true;
	case 'd':
		parse_mac(value, o->dst);
		o->has_dst = true;
		return true;
	case 't':
		o->type = (unsigned)strtoul(value, NULL, 16);
		o->has_type = true;
		return true;
	case 'V':
		o->vlan = atoi(value);
		return true;
	case 'm':
		o->mark = (unsigned)strtoul(value, NULL, 0);
		o->has_mark = true;
		return true;
	case 'c':
		o->count = (unsigned)atoi(value);
		return true;
	}
	return false;
}

static bool set_send_option(struct options *o, int opt, const char *value)
{
	switch (opt) {
	case 'l':
		o->len = (unsigned)atoi(value);
		return true;
	case 'r':
		o->rate = (unsigned)atoi(value);
		return true;
	case 'A':
		o->arp = value;
		return true;
	case 'U':
		o->udp = value;
		return true;
	case 'X':
		o->hex = value;
		return true;
	}
	return false;
}

static bool set_recv_option(struct options *o, int opt, const char *value)
{
	switch (opt) {
	case 'u':
		o->unique = (unsigned)atoi(value);
		return true;
	case 'e':
		o->end_len = (unsigned)atoi(value);
		return true;
	case 'w':
		o->seconds = atof(value);
		return true;
	case 'v':
		o->verbose = true;
		return true;
	}
	return false;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option words[] = {{"arp", required_argument, NULL, 'A'},
					      {"udp", required_argument, NULL, 'U'},
					      {"hex", required_argument, NULL, 'X'},
					      {NULL, 0, NULL, 0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "i:s:d:t:V:m:c:u:e:l:r:w:v", words, NULL)) != -1) {
		if (!set_option(o, opt, optarg) && !set_send_option(o, opt, optarg) &&
		    !set_recv_option(o, opt, optarg))
			usage();
	}
	if (!o->ifname || optind != argc || o->len > 66000)
		usage();
}

int main(int argc, char **argv)
{
	struct options o = {.type = 0x88b5, .len = 64, .vlan = -1, .seconds = 5};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	bool sending = argc > 1 && !strcmp(argv[1], "send");
	struct ifreq ifr = {0};
	int fd;

	if (!sending && (argc < 2 || strcmp(argv[1], "recv")))
		usage();
	if (sending)
		o.count = 1;
	parse(argc - 1, argv + 1, &o);
	at.sll_ifindex = (int)if_nametoindex(o.ifname);
	if (!at.sll_ifindex)
		die(o.ifname);
	/* Protocol 0 receives nothing: a sender needs no queue that fills. */
	if (sending)
		at.sll_protocol = 0;
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at))
		die("packet socket");
	if (!sending)
		return do_recv(&o, fd, (unsigned)at.sll_ifindex);
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", o.ifname);
	if (!o.has_src && ioctl(fd, SIOCGIFHWADDR, &ifr) == 0)
		memcpy(o.src, ifr.ifr_hwaddr.sa_data, 6);
	if (!o.has_dst)
		memset(o.dst, 0xff, 6);
	return do_send(&o, fd);
}
