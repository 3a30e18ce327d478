/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file over one TCP connection, as slowly as is wanted: for hashes compared end to end. */
#include <getopt.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] =
	"usage: dmvl-pipe recv PORT                      a connection to standard output\n"
	"       dmvl-pipe send ADDRESS PORT [-b RATE]    standard input to a connection\n"
	"  -b  bits per second (as fast as it goes)\n"
	"The receiver tells `ready' on stderr. The sender ends when the receiver has got "
	"everything.\n";

static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			die("writing");
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

static int do_recv(const char *port)
{
	struct sockaddr_in6 a = address("::", port);
	static char data[16384];
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1, conn;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1))
		die("listening");
	fputs("ready\n", stderr);
	conn = accept(fd, NULL, NULL);
	if (conn < 0)
		die("accepting");
	while ((n = read(conn, data, sizeof(data))) > 0)
		write_all(STDOUT_FILENO, data, (size_t)n);
	if (n < 0)
		die("receiving");
	return 0;
}

static int do_send(const char *to, const char *port, double bps)
{
	struct sockaddr_in6 a = address(to, port);
	static char data[16384];
	/* Several pieces a second at any rate. */
	size_t piece = bps > 0 && bps / 64 < sizeof(data) ? (size_t)(bps / 64) + 1 : sizeof(data);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	double start, sent = 0;
	ssize_t n;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("connecting");
	start = now();
	while ((n = read(STDIN_FILENO, data, piece)) > 0) {
		double wait = bps > 0 ? start + sent * 8 / bps - now() : 0;

		if (wait > 0)
			usleep((useconds_t)(wait * 1e6));
		write_all(fd, data, (size_t)n);
		sent += (double)n;
	}
	shutdown(fd, SHUT_WR);
	if (n < 0 || read(fd, data, sizeof(data)) != 0)
		die("the end of the connection");
	return 0;
}

int main(int argc, char **argv)
{
	double bps = 0;
	int opt;

	while ((opt = getopt(argc, argv, "b:")) != -1) {
		if (opt != 'b')
			usage();
		bps = atof(optarg);
	}
	argc -= optind;
	argv += optind;
	if (argc == 2 && !strcmp(argv[0], "recv"))
		return do_recv(argv[1]);
	if (argc != 3 || strcmp(argv[0], "send"))
		usage();
	return do_send(argv[1], argv[2], bps);
}
