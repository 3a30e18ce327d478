/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/filter.h"

#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define SNAP 262144 /* no frame is longer */

struct filter {
	struct bpf_program program;
};

static bool compile(struct filter *f, const char *words, char err[FILTER_ERR_MAX])
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAP);
	int ret = -1;

	if (!p) {
		snprintf(err, FILTER_ERR_MAX, "out of memory");
		return false;
	}
	ret = pcap_compile(p, &f->program, words, 1, PCAP_NETMASK_UNKNOWN);
	if (ret < 0)
		snprintf(err, FILTER_ERR_MAX, "%s", pcap_geterr(p));
	pcap_close(p);
	return ret >= 0;
}

struct filter *filter_new(const char *words, char err[FILTER_ERR_MAX])
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f && compile(f, words, err))
		return f;
	if (!f)
		snprintf(err, FILTER_ERR_MAX, "out of memory");
	free(f);
	return NULL;
}

void filter_free(struct filter *f)
{
	if (f)
		pcap_freecode(&f->program);
	free(f);
}

bool filter_match(const struct filter *f, const uint8_t *frame, uint32_t captured, uint32_t len)
{
	struct pcap_pkthdr h = {.caplen = captured, .len = len};

	return pcap_offline_filter(&f->program, &h, frame) != 0;
}
