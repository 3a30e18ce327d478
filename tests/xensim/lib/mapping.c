/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * In Linux a grant ends when the memory is unmapped, by whatever call, and the device file lives on
 * as long as a mapping of it does.  libxenvchan relies on that: it unmaps its rings with plain
 * munmap().  So every mapping is on one list per process; the munmap() hook finds it there, takes
 * it off and tells the broker; a connection closes with its handle *and* its last mapping.
 *
 * The list is an array with holes. Where nothing is mapped, nobody takes the lock.
 *
 * Resume: a restored guest has the same memory contents in new pages, which nobody else maps.  The
 * broker sends SIM_RESUMED to each process that shares pages before it lets it run again, and the
 * handler replaces every share by private memory with the same contents.  It takes the lock, or
 * another thread could unmap what it copies; so whoever has the lock has that signal blocked.
 */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct sim_conn {
	int fd;
	unsigned int refs; /* the handle and every mapping */
};

struct mapping {
	_Atomic(void *) addr; /* NULL: free */
	size_t len;
	struct sim_conn *conn;
	enum sim_op op;
	uint32_t id;
};

#define MAX_MAPPINGS 8192

static struct mapping mappings[MAX_MAPPINGS];
static _Atomic unsigned int nr_mappings; /* live ones */
static _Atomic unsigned int high_water;	 /* none is live at or above */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void enter(sigset_t *was)
{
	sigset_t resumed;

	sigemptyset(&resumed);
	sigaddset(&resumed, SIM_RESUMED);
	pthread_sigmask(SIG_BLOCK, &resumed, was);
	pthread_mutex_lock(&lock);
}

static void leave(const sigset_t *was)
{
	pthread_mutex_unlock(&lock);
	pthread_sigmask(SIG_SETMASK, was, NULL);
}

struct sim_conn *sim_conn_new(int fd)
{
	struct sim_conn *c = malloc(sizeof(*c));

	if (c)
		*c = (struct sim_conn){.fd = fd, .refs = 1};
	return c;
}

int sim_conn_fd(const struct sim_conn *c)
{
	return c->fd;
}

/* Under the lock. */
static void conn_put(struct sim_conn *c)
{
	if (--c->refs)
		return;
	close(c->fd);
	free(c);
}

void sim_conn_close(struct sim_conn *c)
{
	sigset_t was;

	enter(&was);
	conn_put(c);
	leave(&was);
}

int sim_mapping_add(struct sim_conn *c, void *addr, size_t pages, enum sim_op op, uint32_t id)
{
	unsigned int i;
	sigset_t was;
	int err = 0;

	enter(&was);
	for (i = 0; i < MAX_MAPPINGS && mappings[i].addr; i++)
		;
	if (i == MAX_MAPPINGS) {
		errno = ENOMEM;
		err = -1;
	} else {
		mappings[i].len = pages * SIM_PAGE;
		mappings[i].conn = c;
		mappings[i].op = op;
		mappings[i].id = id;
		mappings[i].addr = addr;
		if (i >= high_water)
			high_water = i + 1;
		nr_mappings++;
		c->refs++;
	}
	leave(&was);
	return err;
}

static struct mapping *find(void *addr)
{
	unsigned int i;

	for (i = 0; i < high_water; i++)
		if (mappings[i].addr == addr)
			return &mappings[i];
	return NULL;
}

/* Under the lock. */
static void forget(struct mapping *m)
{
	m->addr = NULL;
	nr_mappings--;
	sim_simple(m->conn->fd, m->op, m->id, 0, 0, NULL);
	conn_put(m->conn);
}

int sim_mapping_drop(struct sim_conn *c, void *addr, size_t pages)
{
	struct mapping *m;
	sigset_t was;
	int err = -1;

	enter(&was);
	m = addr ? find(addr) : NULL;
	if (!m || m->conn != c || m->len != pages * SIM_PAGE) {
		errno = EINVAL;
	} else {
		syscall(SYS_munmap, addr, m->len);
		forget(m);
		err = 0;
	}
	leave(&was);
	return err;
}

int sim_mapping_munmap(void *addr, size_t len, int (*unmap)(void *, size_t))
{
	struct mapping *m;
	sigset_t was;
	int rc, saved;

	if (!nr_mappings || !addr)
		return unmap(addr, len);
	/* Locked throughout: else the address could be mapped again before the old entry is gone.
	 */
	enter(&was);
	m = find(addr);
	rc = unmap(addr, len);
	saved = errno;
	if (!rc && m && m->len == ((len + SIM_PAGE - 1) & ~(size_t)(SIM_PAGE - 1)))
		forget(m);
	leave(&was);
	errno = saved;
	return rc;
}

static void on_resume(int sig)
{
	int saved = errno;
	unsigned int i;

	(void)sig;
	pthread_mutex_lock(&lock);
	for (i = 0; i < high_water; i++) {
		void *addr = mappings[i].addr, *copy;
		size_t len = mappings[i].len;

		if (!addr || mappings[i].op != SIM_UNSHARE)
			continue;
		copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (copy == MAP_FAILED)
			abort();
		memcpy(copy, addr, len);
		if (mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr) != addr)
			abort();
	}
	pthread_mutex_unlock(&lock);
	errno = saved;
}

static void catch_resume(void)
{
	struct sigaction sa = {.sa_handler = on_resume, .sa_flags = SA_RESTART};

	sigfillset(&sa.sa_mask);
	sigaction(SIM_RESUMED, &sa, NULL);
}

void sim_mapping_catch_resume(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, catch_resume);
}
