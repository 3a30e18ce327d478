/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a recording. Input: such a file, line by line. */
#include "backend/ctl/record/rec.h"

#include <errno.h>

#include "tests/fuzz/fuzz.h"

static void check_bounds(const struct rec *r)
{
	must(r->type < REC_TYPES && r->uplink < REC_UPLINKS_MAX && r->device < REC_DEVICES_MAX);
	must(r->domid <= 0x7fff && r->id <= 0xffff && r->dir <= REC_RX);
	must(memchr(r->name, '\0', sizeof(r->name)) && memchr(r->group, '\0', sizeof(r->group)));
}

/* What was taken is printed as one line, which is taken as the same. */
static void check_round(const struct rec *r)
{
	char line[REC_LINE_MAX], again[REC_LINE_MAX];
	size_t len = rec_print(line, r);
	struct rec second;

	must(len < REC_LINE_MAX && strlen(line) == len);
	must(strchr(line, '\n') == line + len - 1);
	for (size_t i = 0; i < len - 1; i++)
		must(line[i] >= 0x20 && line[i] <= 0x7e);
	must(rec_parse(line, &second) == 0);
	must(memcmp(r, &second, sizeof(*r)) == 0);
	must(rec_print(again, &second) == len && strcmp(line, again) == 0);
}

static void check_line(const char *line)
{
	struct rec r;
	unsigned version = 0;
	uint64_t start_ms = 0;
	int ret;

	/* So that padding is the same in copies. */
	memset(&r, 0, sizeof(r));
	ret = rec_parse(line, &r);
	must(ret == 0 || ret == -EINVAL || ret == -ENOENT);
	if (ret == 0) {
		check_bounds(&r);
		check_round(&r);
	}
	ret = rec_parse_head(line, &version, &start_ms);
	must(ret == 0 || ret == -EINVAL || ret == -ENOTSUP);
	must(ret != 0 || version == REC_VERSION);
	must(ret != -ENOTSUP || version != REC_VERSION);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *copy = (char *)fuzz_block((const uint8_t *)line, strlen(line) + 1);

		check_line(copy);
		free(copy);
	}
	free(text);
	return 0;
}
