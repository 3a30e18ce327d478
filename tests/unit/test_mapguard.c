/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guarded mapping of a file that somebody cuts: the access goes on in private memory. Any other
 * access that the kernel cannot back ends the process as before, in a child here.
 */
#include "common/mapguard.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define PAGES 3

static size_t page;

/* A mapped file of some pages, full of `fill`. */
struct file {
	int fd;
	volatile uint8_t *mem;
	struct mapguard *guard;
};

static struct file map_file(uint8_t fill)
{
	struct file f = {.fd = memfd_create("test", MFD_CLOEXEC)};

	must(f.fd >= 0 && ftruncate(f.fd, (off_t)(PAGES * page)) == 0);
	f.mem = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, f.fd, 0);
	must(f.mem != MAP_FAILED);
	for (size_t i = 0; i < PAGES * page; i++)
		f.mem[i] = fill;
	return f;
}

static struct file open_file(uint8_t fill)
{
	struct file f = map_file(fill);

	f.guard = mapguard_new((void *)(uintptr_t)f.mem, PAGES * page);
	must(f.guard);
	return f;
}

static void close_file(struct file *f)
{
	mapguard_free(f->guard);
	munmap((void *)(uintptr_t)f->mem, PAGES * page);
	close(f->fd);
}

static void cut(const struct file *f, size_t bytes)
{
	must(ftruncate(f->fd, (off_t)bytes) == 0);
}

static void test_whole(void)
{
	struct file f = open_file(7);

	f.mem[page] = 9;
	ok(f.mem[0] == 7 && f.mem[page] == 9 && !mapguard_hit(f.guard),
	   "a mapping whose file is whole is as without a guard");
	close_file(&f);
}

static void test_cut(void)
{
	struct file f = open_file(7), other = open_file(8);

	cut(&f, 0);
	f.mem[page + 5] = 42;
	ok(mapguard_hit(f.guard), "it is known that the file was cut");
	is_int(f.mem[page + 5], 42, "what was written after the cut is there");
	ok(f.mem[0] == 0 && f.mem[PAGES * page - 1] == 0,
	   "the whole mapping is zeros after the cut");
	ok(other.mem[page] == 8 && !mapguard_hit(other.guard),
	   "another guarded mapping is as it was");
	cut(&other, 0);
	is_int(other.mem[0], 0, "another guarded mapping may be cut too");
	ok(mapguard_hit(other.guard), "it is known that the other file was cut");
	cut(&f, PAGES * page);
	is_int(f.mem[page + 5], 42, "a file that grows again has nothing to do with the mapping");
	close_file(&f);
	close_file(&other);
}

/* Only what is behind the cut has no page any more. */
static void test_cut_within(void)
{
	struct file f = open_file(7);

	cut(&f, page);
	ok(f.mem[0] == 7 && !mapguard_hit(f.guard), "the part before the cut can be read");
	is_int(f.mem[2 * page], 0, "the part behind the cut reads as zeros");
	ok(f.mem[0] == 0 && mapguard_hit(f.guard), "then the mapping has lost its file as a whole");
	close_file(&f);
}

/* The last bytes of a mapping that ends within a page are guarded too. */
static void test_odd_size(void)
{
	struct file f = map_file(7);

	f.guard = mapguard_new((void *)(uintptr_t)f.mem, 2 * page + 1);
	must(f.guard);
	cut(&f, 0);
	f.mem[2 * page] = 1;
	ok(f.mem[2 * page] == 1 && mapguard_hit(f.guard),
	   "the last byte of a mapping that is no multiple of a page is guarded");
	close_file(&f);
}

/* How a child ended that reads behind the cut: the signal, 0: none. */
static int child_ends(void (*begin)(void))
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		const struct rlimit no_core = {0, 0};
		struct file f = map_file(7);

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGBUS, SIG_DFL); /* a sanitizer has a handler, which would talk */
		begin();
		cut(&f, 0);
		_exit(f.mem[0]);
	}
	must(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void nothing(void)
{
}

static void guard_another(void)
{
	open_file(8);
}

static void guard_another_for_a_while(void)
{
	struct file f = open_file(8);

	cut(&f, 0);
	must(f.mem[0] == 0);
	close_file(&f);
}

static void test_others(void)
{
	is_int(child_ends(nothing), SIGBUS, "without a guard SIGBUS ends the process");
	is_int(child_ends(guard_another), SIGBUS,
	       "SIGBUS of a mapping without a guard ends the process beside a guarded one");
	is_int(child_ends(guard_another_for_a_while), SIGBUS,
	       "SIGBUS ends the process when there is no guard any more");
}

static void on_bus(int signo)
{
	(void)signo;
	_exit(77);
}

/* Who had a handler has it again when the last guard is gone. */
static void test_handler(void)
{
	struct sigaction own = {.sa_handler = on_bus}, old, now;
	struct file f, other;

	sigaction(SIGBUS, &own, &old);
	f = open_file(7);
	other = open_file(8);
	close_file(&f);
	sigaction(SIGBUS, NULL, &now);
	ok(now.sa_handler != on_bus, "a guard has its handler while there is another one");
	close_file(&other);
	sigaction(SIGBUS, NULL, &now);
	ok(now.sa_handler == on_bus, "the handler of before is there when the last guard is gone");
	mapguard_free(NULL);
	sigaction(SIGBUS, &old, NULL);
}

int main(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	test_whole();
	test_cut();
	test_cut_within();
	test_odd_size();
	test_others();
	test_handler();
	return done_testing();
}
