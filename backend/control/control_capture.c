/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/capture/capring.h"
#include "backend/control/control_state.h"
#include "backend/msg/msg.h"
#include "common/log.h"

#define ACCEPT_AGAIN_NS 200000000ull

/*
 * Theory of operation
 *
 * A client connects, asks, and gets the memory of a ring into which the frame loop writes. The
 * memory is made and its pages are touched here, so that the frame loop never waits for one; it
 * cannot be cut by the client. The capture ends when the connection does, whoever closed it. The
 * memory goes when the frame loop has answered that it writes no more.
 */

static bool is_free(const struct capture_client *k)
{
	return k->fd < 0 && !k->mem;
}

static void hang_up(struct capture_client *k)
{
	loop_io_free(k->io);
	k->io = NULL;
	close(k->fd);
	k->fd = -1;
}

static void forget_ring(struct capture_client *k)
{
	if (k->mem)
		munmap(k->mem, capring_bytes());
	k->mem = NULL;
}

static void post(struct control *c, enum msg_type type, unsigned number)
{
	struct msg *m = msg_new(type, LDP_SLOT_NONE);

	m->capture.number = number;
	m->capture.mem = c->capture.client[number].mem;
	m->capture.wanted = c->capture.client[number].wanted;
	msg_post(c->out, m);
}

/* A descriptor of the ring's memory, which is mapped at k->mem; or -errno. */
static int make_ring(struct capture_client *k)
{
	int fd = memfd_create("dmvl-capture", MFD_CLOEXEC | MFD_ALLOW_SEALING), ret;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)capring_bytes()) < 0 ||
	    fallocate(fd, 0, 0, (off_t)capring_bytes()) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		goto fail;
	k->mem = mmap(NULL, capring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		      0);
	if (k->mem != MAP_FAILED)
		return fd;
	k->mem = NULL;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

/* NULL, or why the capture cannot begin. */
static const char *begin(struct capture_client *k)
{
	int fd, ret;

	if (k->wanted.version != CAPSOCK_VERSION)
		return "dmvl-back and dmvlctl are of different versions";
	fd = make_ring(k);
	if (fd < 0)
		return "dmvl-back is out of memory";
	ret = capsock_send_answer(k->fd, "", fd);
	close(fd);
	if (ret == 0)
		return NULL;
	forget_ring(k);
	return "";
}

static void take_request(struct control *c, struct capture_client *k)
{
	int ret = capsock_receive_request(k->fd, &k->wanted);
	const char *why = "";

	if (ret == -EAGAIN)
		return;
	if (ret == 0)
		why = begin(k);
	if (!why) {
		post(c, MSG_CAPTURE, (unsigned)(k - c->capture.client));
		log_notice("the frames of device %u of domain %u are captured", k->wanted.id,
			   k->wanted.domid);
		return;
	}
	if (*why)
		capsock_send_answer(k->fd, why, -1);
	hang_up(k);
}

/* Readable: the request, or the end. */
static void on_client(void *arg)
{
	struct capture_client *k = arg;
	struct control *c = k->control;

	if (!k->mem) {
		take_request(c, k);
		return;
	}
	hang_up(k);
	post(c, MSG_CAPTURE_END, (unsigned)(k - c->capture.client));
}

/* One that has connected, and has not asked for anything yet. */
static bool is_silent(const struct capture_client *k)
{
	return k->fd >= 0 && !k->mem;
}

static struct capture_client *find(struct control *c, bool (*is)(const struct capture_client *k))
{
	for (unsigned i = 0; i < CAPRING_MAX; i++)
		if (is(&c->capture.client[i]))
			return &c->capture.client[i];
	return NULL;
}

/* A silent client makes room, else it would keep its place for ever. NULL: all are in use. */
static struct capture_client *find_place(struct control *c)
{
	struct capture_client *k = find(c, is_free);

	if (k)
		return k;
	k = find(c, is_silent);
	if (k)
		hang_up(k);
	return k;
}

static void on_connection(void *arg)
{
	struct control *c = arg;
	struct capture_client *k;
	int fd = capsock_accept(c->capture.fd);

	if (fd < 0) {
		/* It stays in the queue, and would be told of again at once. */
		loop_io_enable(c->capture.io, false);
		loop_timer_set(c->capture.again, ACCEPT_AGAIN_NS);
		return;
	}
	k = find_place(c);
	if (!k) {
		capsock_send_answer(fd, "as many captures as it allows run already: end one", -1);
		close(fd);
		return;
	}
	*k = (struct capture_client){.control = c, .fd = fd};
	k->io = loop_io_new(c->loop, fd, LOOP_READ, on_client, k);
	if (!k->io)
		hang_up(k);
}

static void on_again(void *arg)
{
	struct control *c = arg;

	loop_io_enable(c->capture.io, true);
}

void control_capture_open(struct control *c)
{
	struct control_capture *a = &c->capture;
	int ret;

	for (unsigned i = 0; i < CAPRING_MAX; i++)
		a->client[i].fd = -1;
	a->fd = -1;
	if (!c->conf.run_dir)
		return;
	ret = capsock_path(a->path, c->conf.run_dir, c->conf.name);
	if (ret == 0)
		ret = capsock_listen(a->path);
	if (ret >= 0) {
		a->fd = ret;
		a->io = loop_io_new(c->loop, a->fd, LOOP_READ, on_connection, c);
		a->again = loop_timer_new(c->loop, on_again, c);
		ret = a->io && a->again ? 0 : -ENOMEM;
	}
	if (ret < 0)
		log_warning("dmvlctl capture will not work: no socket in %s: %s", c->conf.run_dir,
			    strerror(-ret));
}

void control_capture_close(struct control *c)
{
	struct control_capture *a = &c->capture;

	for (unsigned i = 0; i < CAPRING_MAX; i++) {
		if (a->client[i].io)
			hang_up(&a->client[i]);
		forget_ring(&a->client[i]);
	}
	loop_io_free(a->io);
	loop_timer_free(a->again);
	if (!a->path[0] || a->fd < 0)
		return;
	close(a->fd);
	unlink(a->path);
}

void control_capture_ended(struct control *c, unsigned number)
{
	forget_ring(&c->capture.client[number]);
}
