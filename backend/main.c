/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-back: schedules the traffic of Xen guests onto one uplink. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "backend/await.h"
#include "backend/conf.h"
#include "backend/conf_test.h"
#include "backend/control/control.h"
#include "backend/datapath/dpath.h"
#include "backend/msg/msg.h"
#include "backend/uplink/keep.h"
#include "backend/vif/vif.h"
#include "common/lockwait.h"
#include "common/oom.h"
#include "common/tap.h"
#include "common/version.h"

/* After this the process ends even if xenstored does not answer. */
#define QUIT_LIMIT_NS (900 * 1000000ull)
/*
 * For the lock: a program that a killed dmvl-back was starting has it until it runs, and dmvlctl
 * for the moment of a look.
 */
#define LOCK_WAIT_MS 1000u

#define SIGNALS_MAX 4

struct daemon {
	struct conf conf;
	struct uplink uplink;
	struct loop *loop;
	struct mbox *to_loop, *to_control;
	struct dpath *dpath;
	struct control *control;
	struct loop_timer *limit;
	struct loop_signal *signal[SIGNALS_MAX];
	int kept_fd; /* of a TAP that an earlier process left; -1: none */
	bool taken;  /* the policy was read */
	bool serves; /* the start is over */
	bool quit;   /* before that: end */
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

/* Each LDP needs three descriptors. */
static void raise_fd_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

/* One process for each instance name. The kernel drops the lock when the process ends. */
static void lock_instance(const struct conf *conf)
{
	char path[PATH_MAX + 64];
	int fd;

	if (mkdir(conf->run_dir, 0755) < 0 && errno != EEXIST)
		die(EXIT_WRONG_USE, "cannot create %s: %s; %sgive --run-dir", conf->run_dir,
		    strerror(errno), geteuid() ? "run as root or " : "");
	snprintf(path, sizeof(path), "%s/%s.lock", conf->run_dir, conf->control.name);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ELOOP)
		die(EXIT_WRONG_USE, "%s is a symbolic link: remove it", path);
	if (fd < 0)
		die(EXIT_WRONG_USE, "cannot open %s: %s; %sgive --run-dir", path, strerror(errno),
		    geteuid() ? "run as root or " : "");
	if (lock_wait(fd, LOCK_WAIT_MS) < 0)
		die(EXIT_WRONG_USE,
		    "another dmvl-back serves the uplink %s (%s is locked): choose another --name",
		    conf->control.name, path);
	/* Open for the life of the process. */
}

static bool any_vif(const char *tap, const char *vif, const char *bridge, void *arg)
{
	(void)tap;
	(void)vif;
	(void)bridge;
	(void)arg;
	return true;
}

/* Those that the control thread had no time for; it may be putting one back just now. */
static void release_vifs(const struct daemon *d)
{
	vif_release_all(d->conf.control.name, any_vif, NULL);
	vif_end();
}

static void on_limit(void *arg)
{
	struct daemon *d = arg;

	log_warning("xenstored has not answered within a second: ending without it");
	control_abandon(d->control);
	release_vifs(d);
	uplink_close(&d->uplink);
	_exit(0);
}

static void on_quit(void *arg)
{
	struct daemon *d = arg;

	sd_notify(0, "STOPPING=1");
	if (!d->serves) {
		d->quit = true;
		loop_stop(d->loop);
		return;
	}
	msg_post(d->to_control, msg_new(MSG_QUIT, LDP_SLOT_NONE));
	loop_timer_set(d->limit, QUIT_LIMIT_NS);
}

static void on_reload(void *arg)
{
	struct daemon *d = arg;

	if (!d->serves) {
		d->taken = false;
		return;
	}
	msg_post(d->to_control, msg_new(MSG_RELOAD, LDP_SLOT_NONE));
}

static void on_report(void *arg)
{
	const struct daemon *d = arg;

	if (d->dpath)
		dpath_report(d->dpath);
}

static const struct {
	int signo;
	loop_cb *cb;
} signals[] = {
	{SIGTERM, on_quit},
	{SIGINT, on_quit},
	{SIGHUP, on_reload},
	{SIGUSR1, on_report},
};
#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))
static_assert(N_SIGNALS <= SIGNALS_MAX, "a signal has no room in struct daemon");

static void drain(struct mbox *m)
{
	struct mbox_msg *link;

	while ((link = mbox_get(m)))
		free(link);
	mbox_free(m);
}

static int try_xenstore(void *arg, char err[AWAIT_ERR_MAX])
{
	struct daemon *d = arg;

	return control_open(&d->conf.control, &d->control, err, AWAIT_ERR_MAX);
}

static int try_uplink(void *arg, char err[AWAIT_ERR_MAX])
{
	struct daemon *d = arg;
	int fd = d->kept_fd, ret = control_ready(d->control, err, AWAIT_ERR_MAX);

	if (ret < 0)
		return ret;
	d->kept_fd = -1;
	return uplink_open_kept(&d->uplink, &d->conf.uplink, d->conf.control.name, fd, err,
				AWAIT_ERR_MAX);
}

/* While it waits, an operator may save another one, or send SIGHUP. */
static void take_policy(struct daemon *d)
{
	control_take_uplink(d->control, &d->conf.control, !d->taken);
	d->taken = true;
}

static int try_capacity(void *arg, char err[AWAIT_ERR_MAX])
{
	struct daemon *d = arg;
	int ret = control_ready(d->control, err, AWAIT_ERR_MAX);

	if (ret < 0)
		return ret;
	take_policy(d);
	ret = uplink_keep(&d->uplink, &d->conf.uplink, d->conf.control.name, err, AWAIT_ERR_MAX);
	return ret < 0 ? ret : control_find_capacity(d->control, err, AWAIT_ERR_MAX);
}

static int try_control(void *arg, char err[AWAIT_ERR_MAX])
{
	struct daemon *d = arg;
	int ret = control_ready(d->control, err, AWAIT_ERR_MAX);

	if (ret < 0)
		return ret;
	take_policy(d);
	ret = control_start(d->control, d->to_control, d->to_loop, dpath_log_path(d->dpath),
			    dpath_log_error(d->dpath), err, AWAIT_ERR_MAX);
	d->serves = ret == 0;
	return ret;
}

static void on_wait(void *arg, const char *what)
{
	const struct daemon *d = arg;

	if (!d->serves) /* xenstore is the control thread's then */
		control_waits(d->control, what);
}

/* Nothing that was made may stay, a macvtap least of all. */
static void give_up(struct daemon *d)
{
	control_close(d->control);
	dpath_free(d->dpath);
	uplink_close(&d->uplink);
}

/* Waits for one step of the start. False: the daemon was told to end. */
static bool step(struct daemon *d, await_try *attempt)
{
	struct await a = {.loop = d->loop,
			  .quit = &d->quit,
			  .tell = d->control ? on_wait : NULL,
			  .arg = d};
	char err[AWAIT_ERR_MAX];
	int ret = await(&a, attempt, err);

	if (ret == 0)
		return true;
	give_up(d);
	if (ret == -EINTR)
		return false;
	die(ret == -ENOMEM ? EXIT_FAILED : EXIT_WRONG_USE, "%s", err);
}

static void know_uplink(struct daemon *d)
{
	snprintf(d->conf.control.device, sizeof(d->conf.control.device), "%s", d->uplink.ifname);
	d->conf.control.kind = d->uplink.kind;
	d->conf.control.uplink = &d->uplink;
	d->conf.control.spec = &d->conf.uplink;
	if (d->uplink.kind == UPLINK_TAP && !d->uplink.queues)
		log_warning("the TAP %s has one queue, so a slow port of its bridge can delay all "
			    "guests: delete it, or create it with multi_queue",
			    d->uplink.ifname);
}

/* False: it was told to end. */
static bool serve(struct daemon *d)
{
	d->dpath = dpath_new(d->loop, &d->uplink, d->to_loop, d->to_control,
			     &(struct dpath_conf){
				     .epoch_ns = d->conf.control.epoch_us * 1000ull,
				     .repayment_ppm = d->conf.control.repayment_ppm,
				     .latency_ns = d->conf.latency_ns,
				     .name = d->conf.control.name,
				     .run_dir = d->conf.run_dir,
			     });
	if (!d->dpath) {
		give_up(d);
		die(EXIT_FAILED, "out of memory");
	}
	return step(d, try_control);
}

/* Nothing but that it waits is published before all is there. False: it was told to end. */
static bool start(struct daemon *d)
{
	d->uplink.fd = -1;
	d->kept_fd = keep_take(&d->conf.uplink);
	d->conf.control.policy = d->conf.policy;
	d->conf.control.run_dir = d->conf.run_dir;
	d->conf.control.state_dir = d->conf.state_dir;
	if (!step(d, try_xenstore) || !step(d, try_uplink))
		return false;
	know_uplink(d);
	if (!step(d, try_capacity))
		return false;
	keep_give(&d->conf.uplink, &d->uplink);
	return serve(d);
}

/* What start() needs, and signals, which may come from now on. */
static void prepare(struct daemon *d)
{
	d->loop = loop_new();
	d->to_loop = mbox_new();
	d->to_control = mbox_new();
	if (!d->loop || !d->to_loop || !d->to_control)
		die(EXIT_FAILED, "out of memory");
	d->limit = loop_timer_new(d->loop, on_limit, d);
	for (size_t i = 0; i < N_SIGNALS; i++)
		d->signal[i] = loop_signal_new(d->loop, signals[i].signo, signals[i].cb, d);
}

static void finish(struct daemon *d)
{
	dpath_free(d->dpath);
	uplink_close(&d->uplink);
	for (size_t i = 0; i < N_SIGNALS; i++)
		loop_signal_free(d->signal[i]);
	loop_timer_free(d->limit);
	drain(d->to_loop);
	drain(d->to_control);
	loop_free(d->loop);
}

int main(int argc, char **argv)
{
	static struct daemon d;

	signal(SIGHUP, SIG_IGN); /* until prepare() listens to them, and after finish() */
	signal(SIGUSR1, SIG_IGN);
	log_init("dmvl-back", LOG_INFO);
	parse_args(&d.conf, argc, argv);
	log_init("dmvl-back", d.conf.log_level);
	if (d.conf.test_only)
		return conf_test(&d.conf) ? 0 : EXIT_FAILED;
	signal(SIGPIPE, SIG_IGN); /* libxenstore writes to a socket */
	raise_fd_limit();
	lock_instance(&d.conf);
	prepare(&d);
	if (!start(&d))
		return 0;

	log_notice("version %s: uplink %s on %s", dmvl_version, d.conf.control.name,
		   d.uplink.ifname);
	sd_notifyf(0, "READY=1\nSTATUS=serving the uplink %s", d.conf.control.name);
	dpath_realtime(d.dpath);
	oom_protect();
	loop_run(d.loop);

	control_join(d.control);
	release_vifs(&d);
	finish(&d);
	return 0;
}
