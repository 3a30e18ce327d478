/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-exporter: what dmvl-back counts, for Prometheus. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "backend/exporter/complaints.h"
#include "backend/exporter/http.h"
#include "backend/exporter/metrics.h"
#include "backend/exporter/options.h"
#include "common/version.h"

struct exporter {
	struct exporter_options opts;
	struct sources sources;
	struct complaints complaints;
	struct metrics_self self;
};

static void parse_args(int argc, char **argv, struct exporter_options *opts)
{
	char err[EXPORTER_ERR_MAX];

	switch (exporter_options(argc, argv, opts, err)) {
	case EXPORTER_RUN:
		return;
	case EXPORTER_HELP:
		fputs(exporter_help, stdout);
		exit(EXIT_SUCCESS);
	case EXPORTER_VERSION:
		printf("dmvl-exporter %s\n", dmvl_version);
		exit(EXIT_SUCCESS);
	case EXPORTER_WRONG:
		break;
	}
	die(EXIT_WRONG_USE, "%s", err);
}

static int open_socket(const struct listen_address *a)
{
	char where[LISTEN_TEXT_MAX];
	int fd = listen_open(a);

	listen_text(where, a);
	if (fd == -EADDRINUSE)
		die(EXIT_WRONG_USE, "%s is in use: does a dmvl-exporter run? Else give --listen",
		    where);
	if (fd == -EADDRNOTAVAIL) /* not yet, perhaps: the unit starts it again */
		die(EXIT_FAILED, "cannot listen on %s: no interface has that address", where);
	if (fd < 0)
		die(EXIT_WRONG_USE, "cannot listen on %s: %s; give --listen", where, strerror(-fd));
	log_notice("version %s: %s", dmvl_version, where);
	if (!a->loopback)
		log_warning("%s can be reached from outside, without password or encryption",
			    where);
	return fd;
}

static bool write_page(void *arg, struct page *page)
{
	struct exporter *e = arg;
	int ret = sources_read(&e->sources, e->opts.run_dir, e->opts.uplink);

	complaints_tell(&e->complaints, e->opts.run_dir, &e->sources, ret, e->self.problems);
	e->self.scrapes++;
	metrics_write(page, &e->sources, &e->self, e->opts.per_ldp);
	sources_free(&e->sources);
	return !page->failed;
}

int main(int argc, char **argv)
{
	static struct exporter e;
	struct http *http;
	int fd, ret;

	log_init("dmvl-exporter", LOG_INFO);
	parse_args(argc, argv, &e.opts);
	log_init("dmvl-exporter", e.opts.log_level);
	signal(SIGPIPE, SIG_IGN);
	fd = open_socket(&e.opts.listen);
	http = http_new(fd, write_page, &e);
	if (!http)
		die(EXIT_FAILED, "out of memory");
	sd_notify(0, "READY=1");
	ret = http_run(http);
	sd_notify(0, "STOPPING=1");
	http_free(http);
	listen_close(fd, &e.opts.listen);
	return ret < 0 ? EXIT_FAILED : EXIT_SUCCESS;
}
