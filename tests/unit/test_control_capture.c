/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may capture, how many at once, and what ends a capture: the control thread's side. */
#include "backend/control/control_capture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/control/control_state.h"
#include "backend/msg/msg.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

static struct desk *k;
static pthread_t thread;
static int order[2], done[2]; /* pipes to the loop's thread and back */
static struct loop_io *order_io;

/* A ring that the frame loop has let go; none: the end. */
static void on_order(void *arg)
{
	uint8_t number;

	if (read(order[0], &number, 1) != 1) {
		loop_stop(arg);
		return;
	}
	control_capture_ended(&k->c, number);
	must(write(done[1], &number, 1) == 1);
}

static void *run(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void begin(void)
{
	k = desk_new();
	k->c.conf.run_dir = k->state_dir;
	snprintf(k->c.conf.name, sizeof(k->c.conf.name), "u");
	k->c.loop = loop_new();
	must(k->c.loop && pipe(order) == 0 && pipe(done) == 0);
	order_io = loop_io_new(k->c.loop, order[0], LOOP_READ, on_order, k->c.loop);
	must(order_io);
	control_capture_open(&k->c);
	must(pthread_create(&thread, NULL, run, k->c.loop) == 0);
}

static void end(void)
{
	close(order[1]);
	pthread_join(thread, NULL);
	control_capture_close(&k->c);
	loop_io_free(order_io);
	loop_free(k->c.loop);
	close(order[0]);
	close(done[0]);
	close(done[1]);
	desk_free(k);
}

/* The next message to the frame loop, for free(). */
static struct msg *next(void)
{
	struct pollfd p = {.fd = mbox_fd(k->c.out), .events = POLLIN};
	struct msg *msg;

	while (!(msg = (struct msg *)mbox_get(k->c.out))) {
		poll(&p, 1, -1);
		mbox_ack(k->c.out);
	}
	return msg;
}

static int ask(uint32_t version, struct capsock_answer *answer, int *ring)
{
	struct capsock_request r = {
		.magic = CAPSOCK_MAGIC, .version = version, .domid = 5, .id = 1, .snap = 96};
	int fd = capsock_connect(k->c.capture.path);

	must(fd >= 0);
	must(capsock_send_request(fd, &r) == 0);
	must(capsock_receive_answer(fd, answer, ring) == 0);
	return fd;
}

static bool closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) <= 0;
}

/* As the frame loop. */
static void answer_end(unsigned number)
{
	uint8_t byte = (uint8_t)number;

	must(write(order[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1);
}

static void test_one(void)
{
	struct capsock_answer answer;
	struct stat st;
	struct msg *m;
	int ring, fd = ask(CAPSOCK_VERSION, &answer, &ring);

	is_str(answer.error, "", "a capture begins");
	ok(fstat(ring, &st) == 0 && (size_t)st.st_size == capring_bytes(), "with a ring");
	ok(ftruncate(ring, 0) < 0, "which its reader cannot cut");
	m = next();
	ok(m->type == MSG_CAPTURE && m->capture.wanted.domid == 5 && m->capture.wanted.id == 1 &&
		   m->capture.wanted.snap == 96 && m->capture.mem,
	   "the frame loop is told what is wanted");
	free(m);
	ok(stat(k->c.capture.path, &st) == 0 && (st.st_mode & 0777) == 0600,
	   "only the owner may use the socket");
	close(fd);
	m = next();
	is_int(m->type, MSG_CAPTURE_END, "the frame loop is told when the reader is gone");
	answer_end(m->capture.number);
	free(m);
	close(ring);
}

static void test_silent(void)
{
	struct capsock_answer answer;
	int silent[CAPRING_MAX], fd, ring;
	struct msg *m;

	for (unsigned i = 0; i < CAPRING_MAX; i++) {
		silent[i] = capsock_connect(k->c.capture.path);
		must(silent[i] >= 0);
	}
	fd = ask(CAPSOCK_VERSION, &answer, &ring);
	is_str(answer.error, "", "clients that ask for nothing keep nobody out");
	ok(closed(silent[0]), "the first of them is hung up on");
	free(next());
	close(fd);
	m = next();
	answer_end(m->capture.number);
	free(m);
	close(ring);
	for (unsigned i = 0; i < CAPRING_MAX; i++)
		close(silent[i]);
}

static void test_many(void)
{
	struct capsock_answer answer;
	int fd[CAPRING_MAX], ring[CAPRING_MAX], one, none;
	unsigned begun = 0;

	for (unsigned i = 0; i < CAPRING_MAX; i++) {
		fd[i] = ask(CAPSOCK_VERSION, &answer, &ring[i]);
		begun += answer.error[0] == '\0';
		free(next());
	}
	is_int((int)begun, (int)CAPRING_MAX, "several captures run at once");
	one = ask(CAPSOCK_VERSION, &answer, &none);
	ok(answer.error[0] && none < 0 && closed(one), "one more is refused with a sentence");
	close(one);
	for (unsigned i = 0; i < CAPRING_MAX; i++) {
		struct msg *m;

		close(fd[i]);
		close(ring[i]);
		m = next();
		if (i == 0) {
			one = ask(CAPSOCK_VERSION, &answer, &none);
			ok(answer.error[0],
			   "no ring is given again before the frame loop has let it go");
			close(one);
		}
		answer_end(m->capture.number);
		free(m);
	}
	one = ask(CAPSOCK_VERSION, &answer, &none);
	is_str(answer.error, "", "then there is room again");
	free(next());
	close(none);
	close(one);
	free(next());
}

static void test_wrong(void)
{
	struct capsock_answer answer;
	int ring, fd = ask(CAPSOCK_VERSION + 1, &answer, &ring);

	ok(strstr(answer.error, "different versions") && ring < 0 && closed(fd),
	   "another version is refused with a sentence");
	close(fd);
	fd = capsock_connect(k->c.capture.path);
	must(fd >= 0 && send(fd, "nonsense", 8, 0) == 8);
	ok(closed(fd), "nonsense ends the connection");
	close(fd);
}

int main(void)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)], dir[300];

	begin();
	test_one();
	test_wrong();
	test_silent();
	test_many();
	memcpy(path, k->c.capture.path, sizeof(path));
	end();
	ok(access(path, F_OK) < 0, "the socket goes with the daemon");
	memset(dir, 'd', sizeof(dir));
	dir[sizeof(dir) - 1] = '\0';
	is_int(capsock_path(path, dir, "u"), -ENAMETOOLONG, "a socket's name has a bound");
	return done_testing();
}
