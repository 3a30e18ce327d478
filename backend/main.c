/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-back: schedules the traffic of Xen guests onto one uplink. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "backend/conf.h"
#include "backend/control/control.h"
#include "backend/datapath/dpath.h"
#include "common/tap.h"
#include "common/version.h"

/* After this the process ends even if xenstored does not answer. */
#define QUIT_LIMIT_NS (900 * 1000000ull)

struct daemon {
	struct conf conf;
	struct uplink uplink;
	struct loop *loop;
	struct mbox *to_loop, *to_control;
	struct dpath *dpath;
	struct control *control;
	struct loop_timer *limit;
};

static void parse_args(struct conf *conf, int argc, char **argv)
{
	char err[CONF_ERR_MAX];

	switch (conf_parse(conf, argc, argv, err)) {
	case CONF_RUN:
		return;
	case CONF_HELP:
		fputs(conf_help, stdout);
		exit(EXIT_SUCCESS);
	case CONF_VERSION:
		printf("dmvl-back %s\n", dmvl_version);
		exit(EXIT_SUCCESS);
	case CONF_WRONG:
		break;
	}
	die(EXIT_WRONG_USE, "%s", err);
}

/* Frames in flight cost no fd, but each LDP has three. */
static void raise_fd_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

/* One process for each name; the kernel forgets the lock with the process. */
static void lock_instance(const struct conf *conf)
{
	char path[PATH_MAX + 64];
	int fd;

	if (mkdir(conf->run_dir, 0755) < 0 && errno != EEXIST)
		die(EXIT_WRONG_USE, "cannot create %s: %s; run as root or give --run-dir",
		    conf->run_dir, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s.lock", conf->run_dir, conf->control.name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die(EXIT_WRONG_USE, "cannot open %s: %s; run as root or give --run-dir", path,
		    strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		die(EXIT_WRONG_USE,
		    "another dmvl-back serves the uplink %s (%s is locked): choose another --name",
		    conf->control.name, path);
	/* Open for the life of the process. */
}

static void on_limit(void *arg)
{
	struct daemon *d = arg;

	log_warning("xenstored has not answered within a second: ending without it");
	uplink_close(&d->uplink);
	_exit(0);
}

static void on_quit(void *arg)
{
	struct daemon *d = arg;
	struct msg *m = calloc(1, sizeof(*m));

	if (!m)
		_exit(EXIT_FAILED);
	sd_notify(0, "STOPPING=1");
	m->type = MSG_QUIT;
	m->slot = LDP_SLOT_NONE;
	mbox_put(d->to_control, &m->link);
	loop_timer_set(d->limit, QUIT_LIMIT_NS);
}

static void on_report(void *arg)
{
	const struct daemon *d = arg;

	dpath_report(d->dpath);
}

static void drain(struct mbox *m)
{
	struct mbox_msg *link;

	while ((link = mbox_get(m)))
		free(link);
	mbox_free(m);
}

/* The uplink is made already: it goes first. */
static void give_up(struct daemon *d, int status, const char *why)
{
	uplink_close(&d->uplink);
	die(status, "%s", why);
}

static void start(struct daemon *d)
{
	char err[512];

	/* The uplink first: without it nothing is announced. */
	if (uplink_open(&d->uplink, &d->conf.uplink, d->conf.control.name, err, sizeof(err)) < 0)
		die(EXIT_WRONG_USE, "%s", err);
	snprintf(d->conf.control.device, sizeof(d->conf.control.device), "%s", d->uplink.ifname);
	d->conf.control.kind = d->uplink.kind;
	tap_set_offloads(d->uplink.fd, TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO);
	d->conf.control.uplink = &d->uplink;
	if (control_open(&d->conf.control, &d->control, err, sizeof(err)) < 0)
		give_up(d, EXIT_WRONG_USE, err);
	d->dpath = dpath_new(d->loop, &d->uplink, d->to_loop, d->to_control,
			     &(struct dpath_conf){
				     .epoch_ns = d->conf.control.epoch_us * 1000ull,
				     .repayment_ppm = d->conf.control.repayment_ppm,
				     .name = d->conf.control.name,
				     .run_dir = d->conf.run_dir,
			     });
	if (!d->dpath)
		give_up(d, EXIT_FAILED, "out of memory");
	if (control_start(d->control, d->to_control, d->to_loop, dpath_log_path(d->dpath),
			  dpath_log_error(d->dpath), err, sizeof(err)) < 0)
		give_up(d, EXIT_WRONG_USE, err);
}

int main(int argc, char **argv)
{
	struct loop_signal *term, *intr, *usr1;
	bool lost;
	static struct daemon d;

	log_init("dmvl-back", LOG_INFO);
	parse_args(&d.conf, argc, argv);
	log_init("dmvl-back", d.conf.log_level);
	if (d.conf.test_only)
		return 0;
	signal(SIGPIPE, SIG_IGN); /* libxenstore writes to a socket */
	raise_fd_limit();
	lock_instance(&d.conf);
	d.loop = loop_new();
	d.to_loop = mbox_new();
	d.to_control = mbox_new();
	if (!d.loop || !d.to_loop || !d.to_control)
		die(EXIT_FAILED, "out of memory");
	d.limit = loop_timer_new(d.loop, on_limit, &d);
	term = loop_signal_new(d.loop, SIGTERM, on_quit, &d);
	intr = loop_signal_new(d.loop, SIGINT, on_quit, &d);
	start(&d);
	usr1 = loop_signal_new(d.loop, SIGUSR1, on_report, &d);

	log_notice("version %s: uplink %s on %s", dmvl_version, d.conf.control.name,
		   d.uplink.ifname);
	sd_notify(0, "READY=1");
	dpath_realtime(d.dpath);
	loop_run(d.loop);

	control_join(d.control);
	lost = dpath_lost_uplink(d.dpath);
	dpath_free(d.dpath);
	uplink_close(&d.uplink);
	loop_signal_free(usr1);
	loop_signal_free(intr);
	loop_signal_free(term);
	loop_timer_free(d.limit);
	drain(d.to_loop);
	drain(d.to_control);
	loop_free(d.loop);
	return lost ? EXIT_FAILED : 0;
}
