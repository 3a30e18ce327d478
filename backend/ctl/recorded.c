/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/recorded.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/ctl.h"
#include "backend/ctl/record/recfile.h"
#include "common/log.h"
#include "common/quote.h"

/* Devices that come again count again. */
struct recorded {
	uint64_t intervals, devices, gaps;
	bool known[REC_DEVICES_MAX]; /* the number has a device */
};

static void count(struct recorded *n, const struct rec *r)
{
	n->intervals += r->type == REC_TIME;
	n->gaps += r->type == REC_GAP;
	if (r->type == REC_DEVICE && !n->known[r->device]) {
		n->known[r->device] = true;
		n->devices++;
	}
	if (r->type == REC_GONE)
		n->known[r->device] = false;
}

int recorded_print(const char *path)
{
	char shown[QUOTE_MAX], err[RECFILE_ERR_MAX];
	static struct recorded n;
	struct recfile file;
	struct rec r;
	int ret = recfile_open(&file, path, err);

	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "%s: %s", quote_text(shown, path), err);
	while ((ret = recfile_next(&file, &r)) > 0)
		count(&n, &r);
	recfile_close(&file);
	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "cannot read %s: %s", quote_text(shown, path),
				strerror(-ret));
	printf("%s: intervals: %" PRIu64 ", devices: %" PRIu64 ", gaps: %" PRIu64 "\n",
	       quote_text(shown, path), n.intervals, n.devices, n.gaps);
	return 0;
}
