/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process without Xen would notice outside the libraries: the device files, and munmap().
 *
 * libxensim.so is preloaded into everything that runs in an instance (the C library would come
 * before it in the search order otherwise), so keep the hooks trivial for everybody else's calls.
 * open() also finds the right /dev/tapN.
 * The symbols have no version, as they stand in for several.
 */
#include "client.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int openat(int dir, const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int munmap(void *addr, size_t len);

static enum sim_kind device(const char *path)
{
	static const struct {
		const char *path;
		enum sim_kind kind;
	} devices[] = {
		{"/dev/xen/evtchn", SIM_EVTCHN},      {"/dev/xen/gntdev", SIM_GNTDEV},
		{"/dev/xen/gntalloc", SIM_GNTALLOC},  {"/dev/xen/privcmd", SIM_PRIVCMD},
		{"/proc/xen/xsd_port", SIM_XSD_PORT}, {"/proc/xen/xsd_kva", SIM_XSD_KVA},
	};
	unsigned int i;

	if (strncmp(path, "/dev/xen/", 9) && strncmp(path, "/proc/xen/", 10))
		return 0;
	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (!strcmp(path, devices[i].path))
			return devices[i].kind;
	return 0;
}

/* Open a simulated device. xenstored's two files are memory of the broker, the rest connections. */
static int open_device(enum sim_kind kind, int flags)
{
	bool file = kind == SIM_XSD_PORT || kind == SIM_XSD_KVA;
	int fds[1];
	unsigned int nfds = file ? 1 : 0;
	int fd = sim_open(kind, fds, &nfds);

	if (fd < 0)
		return -1;
	if (file) {
		close(fd);
		if (!nfds) {
			errno = EACCES;
			return -1;
		}
		fd = fds[0];
	}
	if (!(flags & O_CLOEXEC))
		fcntl(fd, F_SETFD, 0);
	return fd;
}

/*
 * The kernel makes a macvtap's /dev/tapN in the one /dev of the machine, where N is the interface's
 * number in *its* network namespace: with several instances the file may be another's.  The number
 * in /sys is right, so make a node of our own by that.  Returns the path to open.
 */
static const char *tap_node(const char *path, char *own, size_t size)
{
	char pattern[64], text[16] = "";
	unsigned int major, minor;
	glob_t found;
	int fd = -1;

	snprintf(pattern, sizeof(pattern), "/sys/class/net/*/%.20s/dev", path + strlen("/dev/"));
	if (!glob(pattern, 0, NULL, &found)) {
		fd = (int)syscall(SYS_openat, AT_FDCWD, found.gl_pathv[0], O_RDONLY | O_CLOEXEC, 0);
		globfree(&found);
	}
	if (fd < 0)
		return path;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return path;
	snprintf(own, size, "/run/xensim/%.20s", path + strlen("/dev/"));
	unlink(own);
	return mknod(own, S_IFCHR | 0600, makedev(major, minor)) ? path : own;
}

static int do_open(int dir, const char *path, int flags, mode_t mode)
{
	enum sim_kind kind = path ? device(path) : 0;
	char own[64];

	if (kind)
		return open_device(kind, flags);
	if (path && !strncmp(path, "/dev/tap", 8))
		path = tap_node(path, own, sizeof(own));
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

/* The mode is there only when the flags ask for it. */
#define MODE(last)                                                         \
	({                                                                 \
		mode_t mode_ = 0;                                          \
		if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
			va_list ap_;                                       \
			va_start(ap_, last);                               \
			mode_ = va_arg(ap_, mode_t);                       \
			va_end(ap_);                                       \
		}                                                          \
		mode_;                                                     \
	})

int open(const char *path, int flags, ...)
{
	return do_open(AT_FDCWD, path, flags, MODE(flags));
}

int open64(const char *path, int flags, ...)
{
	return do_open(AT_FDCWD, path, flags, MODE(flags));
}

int openat(int dir, const char *path, int flags, ...)
{
	return do_open(dir, path, flags, MODE(flags));
}

int openat64(int dir, const char *path, int flags, ...)
{
	return do_open(dir, path, flags, MODE(flags));
}

int __open_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir, const char *path, int flags)
{
	return do_open(dir, path, flags, 0);
}

int __openat64_2(int dir, const char *path, int flags)
{
	return do_open(dir, path, flags, 0);
}

static int plain_munmap(void *addr, size_t len)
{
	return (int)syscall(SYS_munmap, addr, len);
}

/* On to the next munmap(): a sanitizer wants to know of it too. */
int munmap(void *addr, size_t len)
{
	static int (*next)(void *, size_t);

	if (!next)
		next = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "munmap");
	return sim_mapping_munmap(addr, len, next ? next : plain_munmap);
}
