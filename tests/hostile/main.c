/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvl-hostile: a guest of bad will, for tests. It plays dmvl-front in a guest, as far as it must
 * to get at what it wants to spoil; see tests/hostile/README.md.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/ether.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"
#include "common/loop.h"
#include "tests/hostile/modes.h"

static const struct mode modes[] = {
	{"index", mode_index, true, false, "prod and cons of both rings"},
	{"page", mode_page, true, false,
	 "the rest of the shared page: orders, notify bits, grants"},
	{"live", mode_live, true, false, "the liveness bytes"},
	{"header", mode_header, true, false, "lengths, types, flags and reserved bits of messages"},
	{"race", mode_race, true, false, "headers that change while they are read"},
	{"half", mode_half, true, false, "messages in pieces, or of which a piece never comes"},
	{"storm", mode_storm, true, false, "events without end"},
	{"offload", mode_offload, true, false, "virtio_net headers that contradict their frames"},
	{"garbage", mode_garbage, true, false, "frames of random bytes"},
	{"smallest", mode_smallest, true, false, "the smallest messages, as fast as they go"},
	{"uso-group", mode_uso_group, true, false, "UDP of 278 segments to a group"},
	{"uso-local", mode_uso_local, true, false, "UDP of 278 segments to the guest of -d"},
	{"one-byte", mode_one_byte, true, false, "GSO with segments of one byte"},
	{"one-byte-local", mode_one_byte_local, true, false, "the same, to the guest of -d"},
	{"broadcast", mode_broadcast, true, false, "broadcasts as fast as they go"},
	{"group", mode_group, true, false, "20 Mbit/s to the group 239.1.2.3"},
	{"steps", mode_steps, true, false, "the end at any step of the handshake"},
	{"reconnect", mode_reconnect, true, false, "connections, one after the other"},
	{"refs", mode_refs, true, false, "grant references, orders and ports that are none"},
	{"store", mode_store, false, false,
	 "floods of the own xenstore directory, values of any kind"},
	{"nodes", mode_nodes, false, false, "nodes removed and made again, states without order"},
	{"gone", mode_gone, true, true, "the own directory removed; not part of `all'"},
};

#define N_MODES (sizeof(modes) / sizeof(modes[0]))

struct options {
	const struct mode *mode; /* NULL: all */
	unsigned id;
	uint64_t seed;
	unsigned long first, rounds; /* 0: until the time is over */
	double seconds;
	bool verbose;
	uint8_t target[6];
};

static void usage(FILE *to, int status)
{
	fputs("usage: dmvl-hostile [-m MODE] [-s SEED] [-t SECONDS] [-n ROUNDS] [-r FIRST] [-i ID] "
	      "[-d MAC] [-v]\n"
	      "  -m  of the list below, or `all' (default): each round one of them\n"
	      "  -s  seed of all decisions (random; each run prints it)\n"
	      "  -t  seconds before it stops (10)    -n  rounds before it stops\n"
	      "  -r  begin with this round (1), as -v numbers them    -i  device (0)\n"
	      "  -d  the guest that is flooded (02:00:00:00:00:01)\n",
	      to);
	for (size_t i = 0; i < N_MODES; i++)
		fprintf(to, "  %-10s %s\n", modes[i].name, modes[i].what);
	exit(status);
}

static const struct mode *mode_by_name(const char *name)
{
	for (size_t i = 0; i < N_MODES; i++) {
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	}
	usage(stderr, EXIT_WRONG_USE);
	return NULL;
}

static void parse(int argc, char **argv, struct options *o)
{
	int opt;

	*o = (struct options){.first = 1, .seconds = 10, .target = {2, 0, 0, 0, 0, 1}};
	if (getrandom(&o->seed, sizeof(o->seed), 0) < 0)
		o->seed = loop_now_ns();
	o->seed &= 0xffffffff;
	while ((opt = getopt(argc, argv, "m:s:t:n:r:i:d:vh")) != -1) {
		switch (opt) {
		case 'm':
			o->mode = strcmp(optarg, "all") == 0 ? NULL : mode_by_name(optarg);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			o->seconds = atof(optarg);
			break;
		case 'n':
			o->rounds = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			o->first = strtoul(optarg, NULL, 0);
			break;
		case 'i':
			o->id = (unsigned)atoi(optarg);
			break;
		case 'd':
			if (!ether_aton_r(optarg, (struct ether_addr *)o->target))
				usage(stderr, EXIT_WRONG_USE);
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			usage(stdout, 0);
			break;
		default:
			usage(stderr, EXIT_WRONG_USE);
		}
	}
	if (optind < argc || o->seconds <= 0)
		usage(stderr, EXIT_WRONG_USE);
}

/* While the backend makes it wait for a connection, what needs none. */
static const struct mode *choose(struct peer *p, const struct options *o)
{
	const struct mode *m;

	if (o->mode)
		return o->mode;
	do {
		m = &pick(p, modes);
	} while (m->last);
	if (m->needs_offer && !peer_offered(p, p->patience_ms))
		m = mode_by_name(one_in(p, 2) ? "store" : "nodes");
	return m;
}

/* Each round has a generator of its own, so that it can be had without those before. */
static void run_rounds(struct peer *p, const struct options *o)
{
	const struct mode *m = NULL;
	bool began;

	for (unsigned long r = o->first; !peer_over(p) && !(m && m->last); r++) {
		if (o->rounds && r >= o->first + o->rounds)
			break;
		rng_seed(&p->rng, o->seed + r * 0x9e3779b97f4a7c15ull);
		m = choose(p, o);
		/* A second time, so that -m gives the same round. */
		rng_seed(&p->rng, ~o->seed - r * 0x9e3779b97f4a7c15ull);
		if (o->verbose)
			fprintf(stderr, "round %lu %s\n", r, m->name);
		began = m->run(p);
		p->n.rounds += began;
		if (o->verbose && !began)
			fprintf(stderr, "round %lu: no connection\n", r);
	}
}

static void on_signal(int sig)
{
	(void)sig;
	peer_stop = 1;
}

int main(int argc, char **argv)
{
	struct sigaction stop = {.sa_handler = on_signal};
	struct options o;
	struct peer p = {0};
	int ret;

	log_init("dmvl-hostile", LOG_ERROR);
	parse(argc, argv, &o);
	printf("seed=%" PRIu64 " mode=%s\n", o.seed, o.mode ? o.mode->name : "all");
	fflush(stdout);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	ret = peer_open(&p, o.id, loop_now_ns() + (uint64_t)(o.seconds * 1e9));
	/* Of all modes some need no connection: they need not wait until there may be one. */
	p.patience_ms = o.mode ? 3000 : 100;
	p.round_ns = o.mode && !o.rounds ? UINT64_MAX : 1000000000;
	memcpy(p.target, o.target, sizeof(p.target));
	if (ret < 0)
		die(EXIT_FAILED, "cannot reach xenstore: %s", strerror(-ret));
	run_rounds(&p, &o);
	peer_shut(&p);
	printf("rounds=%lu connects=%lu messages=%lu writes=%lu events=%lu nodes=%lu\n", p.n.rounds,
	       p.n.connects, p.n.messages, p.n.writes, p.n.events, p.n.nodes);
	return p.n.rounds ? 0 : EXIT_FAILED;
}
