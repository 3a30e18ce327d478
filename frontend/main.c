/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-front: a network interface for a Xen guest, served by dmvl-back in Dom0. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "common/doctor_guest.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mbox.h"
#include "common/oom.h"
#include "common/tap.h"
#include "common/version.h"
#include "frontend/agent_control.h"
#include "frontend/agent_msg.h"
#include "frontend/complaint.h"
#include "frontend/guard.h"
#include "frontend/keep.h"
#include "frontend/link.h"
#include "frontend/netif.h"
#include "frontend/options.h"
#include "frontend/txqueue.h"

/* An orderly end takes no longer than this; the guard finishes what is left. */
#define STOP_NS 900000000ull

/* If the timer comes this late, the agent stood still, as in a paused guest: it waits once more. */
#define STOP_LATE_NS  100000000ull
#define STOP_AGAIN_NS 300000000ull

/* How long what an agent left may be busy, and how often that is tried. */
#define BUSY_NS	      1000000000ull
#define BUSY_PAUSE_NS 10000000

struct front {
	struct front_options opts;
	int tap_fd;
	struct keep keep;
	struct loop *loop;
	struct loop_io *mbox_io;
	struct loop_signal *term, *intr, *hup, *usr1;
	struct loop_timer *last_call;
	struct mbox *mbox;
	struct link *link;
	struct link_shared shared;
	struct txqueue queue;
	struct agent_control *control;
	unsigned seq; /* of the connection */
	bool stopping, done;
	uint64_t stop_due_ns; /* 0: it was put off once already */
	int status;
};

/* --- start --- */

static void on_found(void *arg, const struct finding *finding)
{
	unsigned *n = arg;

	(*n)++;
	doctor_print(finding);
}

/* What this guest lacks. The exit status: anything? */
static int look_at_guest(void)
{
	unsigned n = 0;

	doctor_guest(&(struct doctor){.root = "", .found = on_found, .arg = &n});
	if (fflush(stdout) != 0)
		die(EXIT_FAILED, "cannot write: %s", strerror(errno));
	return n > 0 ? EXIT_FAILED : EXIT_SUCCESS;
}

static void parse_args(int argc, char **argv, struct front_options *opts)
{
	char err[OPTIONS_ERR_MAX];

	switch (options_parse(argc, argv, opts, err)) {
	case OPTIONS_RUN:
		return;
	case OPTIONS_HELP:
		fputs(options_help, stdout);
		exit(EXIT_SUCCESS);
	case OPTIONS_VERSION:
		printf("dmvl-front %s\n", dmvl_version);
		exit(EXIT_SUCCESS);
	case OPTIONS_DOCTOR:
		exit(look_at_guest());
	case OPTIONS_WRONG:
		break;
	}
	die(EXIT_WRONG_USE, "%s", err);
}

/* False: errno says why not. */
static bool can_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Ends with why the device could not be opened, from errno. */
static void refuse_device(const char *path, const char *module)
{
	if (errno == EACCES || errno == EPERM)
		die(EXIT_WRONG_USE, "no permission to open %s: dmvl-front must run as root", path);
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		die(EXIT_WRONG_USE, "%s is missing: load the kernel module %s", path, module);
	die(EXIT_WRONG_USE, "cannot open %s: %s", path, strerror(errno));
}

static void need_device(const char *path, const char *module)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};
	uint64_t begun_ns = loop_now_ns();

	while (!can_open(path)) {
		if (errno != EBUSY || loop_now_ns() - begun_ns >= BUSY_NS)
			refuse_device(path, module);
		nanosleep(&pause, NULL);
	}
}

/*
 * Until the kernel has ended an agent that was killed, the interface is that one's. A service
 * manager starts the next one at once.
 */
static int open_tap(struct front *f, const char *generation)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};
	uint64_t begun_ns = loop_now_ns();
	struct complaint said = {0};
	int fd;

	while ((fd = keep_open(&f->keep, &f->opts, generation)) == -EBUSY &&
	       loop_now_ns() - begun_ns < BUSY_NS) {
		complain(&said, LOG_NOTICE, "%s is busy: trying for a second", f->keep.name);
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* Opens the interface, or ends with the reason. */
static void make_tap(struct front *f, struct agent_device *device)
{
	const char *name = f->keep.name;
	struct agent_view view;
	int fd;

	if (agent_device_look(device, &view) < 0)
		view.generation[0] = '\0';
	fd = open_tap(f, view.generation);
	switch (fd) {
	case -EINVAL:
		die(EXIT_WRONG_USE, "%s exists and is not a TAP: choose another --ifname", name);
	case -EBUSY:
		die(EXIT_WRONG_USE,
		    "%s is in use by another process: is dmvl-front running for "
		    "this device already?",
		    name);
	case -EPERM:
	case -EACCES:
		die(EXIT_WRONG_USE, "no permission to create %s: dmvl-front must run as root",
		    name);
	case -ENOENT:
	case -ENODEV:
		die(EXIT_WRONG_USE, "/dev/net/tun is missing: load the kernel module tun");
	}
	if (fd < 0)
		die(EXIT_WRONG_USE, "cannot create %s: %s", name, strerror(-fd));
	f->tap_fd = fd;
}

static void open_device(struct agent_device *device, unsigned id)
{
	int ret = agent_device_open(device, id);

	if (ret == -EACCES || ret == -EPERM)
		die(EXIT_WRONG_USE, "no permission to use xenstore: dmvl-front must run as root");
	if (ret < 0)
		die(EXIT_WRONG_USE,
		    "cannot reach xenstore (%s): is this a Xen guest with "
		    "/dev/xen/xenbus?",
		    strerror(-ret));
}

/* --- while it runs --- */

static void on_link_failed(void *arg, const char *why)
{
	struct front *f = arg;

	agent_control_link_failed(f->control, f->seq, why);
}

static void on_rate(void *arg, uint64_t rate_bps)
{
	struct front *f = arg;

	/* With flow queues nothing waits in the TAP: its queue is as long as bursts may want it. */
	txqueue_rate(&f->queue, f->opts.flows ? 0 : rate_bps);
}

static void stop(struct front *f)
{
	if (f->stopping)
		return;
	f->stopping = true;
	sd_notify(0, "STOPPING=1");
	f->stop_due_ns = loop_now_ns() + STOP_NS;
	loop_timer_set(f->last_call, STOP_NS);
	agent_control_stop(f->control);
}

static void on_tap_gone(void *arg)
{
	struct front *f = arg;

	if (!f->stopping)
		log_error("the interface, created as %s, was removed: start dmvl-front again to "
			  "get another one",
			  f->opts.ifname);
	f->status = EXIT_FAILED;
	stop(f);
}

static void on_signal(void *arg)
{
	stop(arg);
}

static void on_reload(void *arg)
{
	struct front *f = arg;

	agent_control_reload(f->control, txqueue_again(&f->queue) == 0);
}

static void on_report(void *arg)
{
	struct front *f = arg;

	netif_report(f->tap_fd);
	link_report(f->link);
	agent_control_report(f->control);
}

static void on_last_call(void *arg)
{
	struct front *f = arg;

	if (f->stop_due_ns && loop_now_ns() > f->stop_due_ns + STOP_LATE_NS) {
		f->stop_due_ns = 0;
		loop_timer_set(f->last_call, STOP_AGAIN_NS);
		return;
	}
	log_warning("xenstore or the backend did not answer in time: ending without them");
	loop_stop(f->loop);
}

static void on_mbox(void *arg)
{
	struct front *f = arg;
	struct agent_msg *m;

	mbox_ack(f->mbox);
	while ((m = (struct agent_msg *)mbox_get(f->mbox)) != NULL) {
		switch (m->word) {
		case AGENT_UP:
			f->seq = m->seq;
			link_set_carrier(f->link, m->carrier);
			if (link_up(f->link, m->v, m->offloads, m->sparse) < 0)
				on_link_failed(f, "out of memory");
			break;
		case AGENT_DOWN:
			link_down(f->link, m->resumed);
			if (!m->carrier)
				link_set_carrier(f->link, false);
			break;
		case AGENT_CARRIER:
			link_set_carrier(f->link, m->carrier);
			break;
		case AGENT_DONE:
			f->done = true;
			loop_stop(f->loop);
			return;
		}
		agent_msg_done(m);
	}
}

static void make_loop(struct front *f)
{
	const struct link_events events = {.failed = on_link_failed,
					   .tap_gone = on_tap_gone,
					   .rate = on_rate,
					   .arg = f};

	f->loop = loop_new();
	f->mbox = mbox_new();
	if (!f->loop || !f->mbox)
		die(EXIT_FAILED, "cannot make the event loop: %s", strerror(errno));
	f->mbox_io = loop_io_new(f->loop, mbox_fd(f->mbox), LOOP_READ, on_mbox, f);
	f->last_call = loop_timer_new(f->loop, on_last_call, f);
	f->link = link_new(f->loop, f->tap_fd, &events, &f->shared, f->opts.flows, f->keep.kept);
	if (!f->mbox_io || !f->last_call || !f->link ||
	    txqueue_init(&f->queue, f->loop, f->tap_fd) < 0)
		die(EXIT_FAILED, "out of memory");
}

static void start_control(struct front *f, struct agent_device *device)
{
	const struct agent_control_conf conf = {.device = device,
						.shared = &f->shared,
						.to_frames = f->mbox,
						.keep = &f->keep,
						.tap_offloads = tap_set_offloads(f->tap_fd,
										 f->opts.offloads)};

	f->control = agent_control_start(&conf);
	if (!f->control)
		die(EXIT_FAILED, "cannot start a thread: %s", strerror(errno));
}

static void catch_signals(struct front *f)
{
	f->term = loop_signal_new(f->loop, SIGTERM, on_signal, f);
	f->intr = loop_signal_new(f->loop, SIGINT, on_signal, f);
	f->hup = loop_signal_new(f->loop, SIGHUP, on_reload, f);
	f->usr1 = loop_signal_new(f->loop, SIGUSR1, on_report, f);
	if (!f->term || !f->intr || !f->hup || !f->usr1)
		die(EXIT_FAILED, "out of memory");
}

static void tear_down(struct front *f)
{
	agent_control_free(f->control);
	link_free(f->link);
	txqueue_free(&f->queue);
	loop_timer_free(f->last_call);
	loop_signal_free(f->usr1);
	loop_signal_free(f->hup);
	loop_signal_free(f->intr);
	loop_signal_free(f->term);
	loop_io_free(f->mbox_io);
	mbox_free(f->mbox);
	loop_free(f->loop);
	close(f->tap_fd);
}

int main(int argc, char **argv)
{
	static struct front f;
	struct agent_device device;

	/* Both end nothing, before catch_signals() either. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	guard_init(argc, argv);
	log_init("dmvl-front", LOG_INFO);
	parse_args(argc, argv, &f.opts);
	log_init("dmvl-front", f.opts.log_level);
	signal(SIGPIPE, SIG_IGN);

	need_device("/dev/xen/evtchn", "xen_evtchn");
	need_device("/dev/xen/gntalloc", "xen_gntalloc");
	open_device(&device, f.opts.id);
	make_tap(&f, &device);
	make_loop(&f);
	catch_signals(&f);
	start_control(&f, &device);
	log_notice("%s created, device %u", f.keep.name, f.opts.id);
	keep_store(&f.keep);
	sd_notify(0, "READY=1");
	oom_protect();

	link_realtime(f.link);
	if (loop_run(f.loop) < 0)
		f.status = EXIT_FAILED;
	keep_off(&f.keep);
	if (!f.done)
		_exit(f.status); /* the control thread still waits for an answer */
	tear_down(&f);
	return f.status;
}
