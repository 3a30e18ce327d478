/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.h: what a machine lacks for dmvl, as its files tell, and the commands that mend it. */
#ifndef DMVL_DOCTOR_H
#define DMVL_DOCTOR_H

#include <limits.h>
#include <stdbool.h>

#define DOCTOR_WHERE_MAX   320
#define DOCTOR_COMMAND_MAX 384
#define DOCTOR_COMMANDS	   2
#define DOCTOR_LINE_MAX	   64
#define DOCTOR_SYSTEMD	   "/run/systemd/system"

struct finding {
	const char *what, *why;
	char where[DOCTOR_WHERE_MAX];			   /* file, and what is wrong with it */
	char command[DOCTOR_COMMANDS][DOCTOR_COMMAND_MAX]; /* "" : none */
};

/* Where the machine's files are, and who is told. */
struct doctor {
	const char *root; /* "" but in tests */
	void (*found)(void *arg, const struct finding *f);
	/* Is there a dmvl-back that serves this uplink? Not asked of a guest. */
	bool (*is_served)(void *arg, const char *uplink);
	void *arg;
};

/* Of guests and of machines that serve them: /dev/xen/evtchn and /dev/net/tun. */
void doctor_shared(const struct doctor *d);
void doctor_device(const struct doctor *d, const char *device, const char *module, const char *why);
/* NetworkManager runs, and this file of udev's, which keeps it away from dmvl, is masked. */
void doctor_manager(const struct doctor *d, const char *rules);
/* False: not on Xen, and that was told. `guest`: nothing can be installed that mends it. */
bool doctor_xen(const struct doctor *d, bool guest);

/* PROGRAM@.service is installed: not where somebody has copied the program alone. */
bool doctor_has_unit(const struct doctor *d, const char *program);

/* The command that starts the instance of PROGRAM@.service again; OpenRC's example has a link for
 * each instance, but for `plain`. Where systemd has no such unit: PROGRAM with `options`, by hand.
 */
void doctor_restart(const struct doctor *d, const char *program, const char *instance,
		    const char *plain, const char *options, char out[DOCTOR_COMMAND_MAX]);

/* Prints the finding, and its commands below it. */
void doctor_print(const struct finding *f);

/* Files of the machine. */
__attribute__((format(printf, 3, 4))) void doctor_path(const struct doctor *d, char path[PATH_MAX],
						       const char *fmt, ...);
bool doctor_exists(const struct doctor *d, const char *name);
/* A link to /dev/null, or an empty file: what a package has under this name does not count. */
__attribute__((format(printf, 2, 3))) bool doctor_is_masked(const struct doctor *d, const char *fmt,
							    ...);
/* The first line of the file. False: it cannot be read. */
bool doctor_read_line(const struct doctor *d, const char *name, char line[DOCTOR_LINE_MAX]);

#endif
