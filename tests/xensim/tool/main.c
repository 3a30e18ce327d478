/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xensim: the command. Called as `in-guest` or `guest` it is that. */
#include "tool.h"
#include "../guest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: xensim COMMAND\n"
	"  run [--guests N] CMD [ARG]...   run CMD in Dom0 of an instance of its own\n"
	"and within an instance, DOM being a domid or a name:\n"
	"  create [NAME [UUID]]            make a guest; prints its domid\n"
	"  destroy DOM                     as xl destroy\n"
	"  shutdown DOM [REASON]           poweroff (default), reboot, suspend, crash, watchdog "
	"or\n"
	"                                  soft-reset: the guest stops, its domain stays\n"
	"  suspend DOM                     the same with control/shutdown, as xl save begins\n"
	"  resume DOM                      go on in the same domain (xl save -c)\n"
	"  restore DOM                     go on in a new domain (xl save, xl restore); prints its "
	"domid\n"
	"  migrate DOM                     xl migrate to this machine; prints the new domid\n"
	"  rename DOM NAME\n"
	"  next DOMID                      the next domain gets it, or the next one that is free\n"
	"  list                            domid, name, state as in xl list, uuid\n"
	"  domid NAME                      what it is\n"
	"  stat DOM                        open handles, ports, shared pages, mapped pages\n"
	"  limit DOM PAGES                 gntalloc's limit\n"
	"  fail DOM DEVICE ERRNO [TIMES]   let open() of evtchn, gntdev, gntalloc or privcmd fail\n"
	"  dmesg                           what the hypervisor and the kernels have logged\n";

static _Noreturn void wrong_use(void)
{
	fputs(usage, stderr);
	exit(2);
}

static unsigned int domain(const char *word)
{
	int domid = toolstack_lookup(word, NULL);

	if (domid < 0) {
		fprintf(stderr, "xensim: %s: %s\n", word,
			errno == ESRCH ? "no such domain" : strerror(errno));
		exit(1);
	}
	return (unsigned int)domid;
}

static int result(int rc, const char *what)
{
	if (rc)
		fprintf(stderr, "xensim: %s: %s\n", what, strerror(errno));
	return rc ? 1 : 0;
}

static bool uuid_of(const char *text, uint8_t *uuid)
{
	char again[37];
	int n = 0;

	for (const char *p = text; n < SIM_UUID_BYTES && *p && p[1]; p += p[2] == '-' ? 3 : 2) {
		if (sscanf(p, "%2hhx", &uuid[n++]) != 1)
			return false;
	}
	if (n < SIM_UUID_BYTES)
		return false;
	uuid_text(uuid, again);
	return strcmp(text, again) == 0;
}

static int do_create(int argc, char **argv)
{
	char name[SIM_NAME_MAX];
	uint8_t uuid[SIM_UUID_BYTES];
	unsigned int domid, nr;
	static unsigned int serial;

	uuid_make(uuid);
	if (argc > 2 && !uuid_of(argv[2], uuid))
		return 2;
	if (argc > 1)
		snprintf(name, sizeof(name), "%s", argv[1]);
	else
		snprintf(name, sizeof(name), "guest-%02x%02x%02x-%u", uuid[0], uuid[1], uuid[2],
			 serial++);
	if (toolstack_begin(name, uuid, &domid, &nr) || toolstack_finish(domid, nr, name, uuid))
		return result(-1, name);
	printf("%u\n", domid);
	return 0;
}

static int do_destroy(int argc, char **argv)
{
	return argc == 2 ? result(toolstack_destroy(domain(argv[1])), argv[1]) : 2;
}

static int do_suspend(int argc, char **argv)
{
	return argc == 2 ? result(toolstack_suspend(domain(argv[1])), argv[1]) : 2;
}

static int do_resume(int argc, char **argv)
{
	return argc == 2 ? result(toolstack_resume(domain(argv[1])), argv[1]) : 2;
}

static int do_restore(int argc, char **argv)
{
	unsigned int domid;

	if (argc != 2)
		return 2;
	if (toolstack_restore(domain(argv[1]), &domid))
		return result(-1, argv[1]);
	printf("%u\n", domid);
	return 0;
}

static int do_migrate(int argc, char **argv)
{
	unsigned int domid;

	if (argc != 2)
		return 2;
	if (toolstack_migrate(domain(argv[1]), &domid))
		return result(-1, argv[1]);
	printf("%u\n", domid);
	return 0;
}

static int do_rename(int argc, char **argv)
{
	return argc == 3 ? result(toolstack_rename(domain(argv[1]), argv[2]), argv[1]) : 2;
}

static int do_shutdown(int argc, char **argv)
{
	static const char *const reasons[] = {"poweroff", "reboot",   "suspend",
					      "crash",	  "watchdog", "soft-reset"};
	unsigned int i;

	if (argc != 2 && argc != 3)
		return 2;
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strcmp(argc == 3 ? argv[2] : "poweroff", reasons[i]))
			return result(toolstack_shutdown(domain(argv[1]), i), argv[1]);
	return 2;
}

static int do_next(int argc, char **argv)
{
	if (argc != 2 || atoi(argv[1]) <= 0)
		return 2;
	return result(toolstack_request(SIM_NEXT, (uint32_t)atoi(argv[1]), 0, 0, 0, NULL), argv[1]);
}

static int do_list(int argc, char **argv)
{
	struct sim_dominfo *info;
	int n, i;

	(void)argv;
	if (argc != 1)
		return 2;
	n = toolstack_list(&info);
	if (n < 0)
		return result(-1, "list");
	for (i = 0; i < n; i++) {
		char text[37];

		uuid_text(info[i].uuid, text);
		printf("%u %s --%c%c%c%c %s\n", info[i].domid,
		       info[i].dying ? "(null)" : info[i].name, info[i].paused ? 'p' : '-',
		       info[i].shutdown ? 's' : '-',
		       info[i].shutdown ? "-rscw"[info[i].reason < 5 ? info[i].reason : 0] : '-',
		       info[i].dying ? 'd' : '-', text);
	}
	free(info);
	return 0;
}

static int do_domid(int argc, char **argv)
{
	int domid;

	if (argc != 2)
		return 2;
	domid = toolstack_lookup(argv[1], NULL);
	if (domid < 0)
		return result(-1, argv[1]);
	printf("%d\n", domid);
	return 0;
}

static int do_stat(int argc, char **argv)
{
	uint32_t v[6];

	if (argc != 2)
		return 2;
	if (toolstack_request(SIM_STAT, domain(argv[1]), 0, 0, 0, v))
		return result(-1, argv[1]);
	printf("handles=%u ports=%u shared=%u mapped=%u\n", v[0], v[1], v[2], v[3]);
	return 0;
}

static int do_limit(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	return result(toolstack_request(SIM_LIMIT, domain(argv[1]), (uint32_t)atoi(argv[2]), 0, 0,
					NULL),
		      argv[1]);
}

static int errno_of(const char *word)
{
	static const int known[] = {EPERM, ENOENT, EIO,	   ENXIO,  ENOMEM, EACCES,
				    EBUSY, ENODEV, EINVAL, ENFILE, EMFILE, ENOSPC};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(word, strerrorname_np(known[i])))
			return known[i];
	return atoi(word);
}

static int do_fail(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum sim_kind kind;
	} devices[] = {{"evtchn", SIM_EVTCHN},
		       {"gntdev", SIM_GNTDEV},
		       {"gntalloc", SIM_GNTALLOC},
		       {"privcmd", SIM_PRIVCMD}};
	unsigned int i;

	if (argc < 4 || argc > 5 || errno_of(argv[3]) <= 0)
		return 2;
	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (!strcmp(argv[2], devices[i].name))
			return result(toolstack_request(SIM_FAIL, domain(argv[1]), devices[i].kind,
							(uint32_t)errno_of(argv[3]),
							argc == 5 ? (uint32_t)atoi(argv[4]) : 1,
							NULL),
				      argv[1]);
	return 2;
}

static int do_dmesg(int argc, char **argv)
{
	char buf[4096];
	ssize_t n;
	int fd = open(KERNEL_LOG, O_RDONLY);

	(void)argv;
	if (argc != 1)
		return 2;
	if (fd < 0)
		return result(-1, KERNEL_LOG);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		(void)!write(STDOUT_FILENO, buf, (size_t)n);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(int argc, char **argv);
	} commands[] = {{"create", do_create}, {"destroy", do_destroy},	 {"suspend", do_suspend},
			{"resume", do_resume}, {"restore", do_restore},	 {"list", do_list},
			{"domid", do_domid},   {"stat", do_stat},	 {"limit", do_limit},
			{"fail", do_fail},     {"dmesg", do_dmesg},	 {"migrate", do_migrate},
			{"rename", do_rename}, {"shutdown", do_shutdown}, {"next", do_next}};
	const char *self = strrchr(argv[0], '/');
	unsigned int i;

	self = self ? self + 1 : argv[0];
	if (!strcmp(self, "in-guest"))
		in_guest(argc, argv);
	if (!strcmp(self, "guest"))
		guest_shell(argc, argv);
	if (argc < 2)
		wrong_use();
	if (!strcmp(argv[1], "run"))
		instance_run(argc - 1, argv + 1);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name)) {
			int rc = commands[i].fn(argc - 1, argv + 1);

			if (rc == 2)
				wrong_use();
			return rc;
		}
	wrong_use();
}
