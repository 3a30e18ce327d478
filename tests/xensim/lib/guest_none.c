/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for libxenguest, which oxenstored is linked with and does not use. oxenstored ends if
 * it may not have a million descriptors, as in a container; here it needs few.
 */
#include <sys/resource.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}
