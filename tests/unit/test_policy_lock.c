/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that change a policy at once lose none of each other's changes. */
#include "backend/policy/policy_lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/policy/policy_edit.h"
#include "backend/policy/policy_file.h"
#include "tests/fake/must.h"
#include "tests/fake/scratch.h"
#include "tests/unit/tap.h"

#define WRITERS 4
#define CHANGES 20
#define WAIT_MS 60000

static const char *dir;
static char path[64];

static void test_lock(void)
{
	int fd = policy_lock(dir, 0), other;

	ok(fd >= 0, "a lock that nobody has is taken");
	is_int(policy_lock(dir, 50), -EWOULDBLOCK, "a lock that another one keeps is given up");
	must(policy_file_write(path, "[default]\n", 10) == 0);
	is_int(policy_lock(dir, 0), -EWOULDBLOCK, "the lock outlives the file that is replaced");
	close(fd);
	other = policy_lock(dir, 0);
	ok(other >= 0, "a lock that was given up is taken");
	close(other);
	is_int(policy_lock("/proc/nowhere", 0), -ENOENT,
	       "a directory that cannot be made is named");
}

/* A guest of its own for each change. */
static void change(unsigned writer, unsigned n)
{
	int lock = policy_lock(dir, WAIT_MS);
	char head[16], *text, *next;
	size_t len;

	must(lock >= 0 && policy_file_read(path, &text, &len) == 0);
	snprintf(head, sizeof(head), "g%u-%u", writer, n);
	next = policy_edit(text, len, head, "weight", "5");
	must(next && policy_file_write(path, next, strlen(next)) == 0);
	free(next);
	free(text);
	close(lock);
}

static void write_all(unsigned writer)
{
	for (unsigned n = 0; n < CHANGES; n++)
		change(writer, n);
	_exit(0);
}

static void test_writers(void)
{
	unsigned sections = 0;
	struct policy *p;
	int status;

	fflush(stdout);
	for (unsigned i = 0; i < WRITERS; i++) {
		if (fork() == 0)
			write_all(i);
	}
	while (wait(&status) > 0)
		is_int(status, 0, "a writer has made its changes");
	if (policy_load(path, true, &p, NULL, NULL) == 0)
		sections = p->sections;
	policy_free(p);
	is_int(sections, 1 + WRITERS * CHANGES, "no change of another writer is lost");
}

int main(void)
{
	dir = scratch_dir();
	snprintf(path, sizeof(path), "%s/policy.conf", dir);
	test_lock();
	test_writers();
	return done_testing();
}
