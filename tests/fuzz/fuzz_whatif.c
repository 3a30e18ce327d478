/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The replay of a recording with other keys. Input: a line of keys that all devices would have,
 * then such a recording. "*N LINE" is LINE for N devices in a row, so that a short input has
 * thousands of them.
 */
#include "backend/ctl/whatif_error.h"

#include "tests/fuzz/fuzz.h"

/* What an input may ask for, so that it takes no more than seconds on any machine. */
#define WORDS_MAX   16
#define RECORDS_MAX 30000u
#define US_MAX	    300000u   /* of all intervals; what is beyond is left out */
#define WORK_MAX    20000000u /* see work_of() */

struct replay {
	struct whatif_world world;
	struct settings keys;
	bool has_keys;
	uint64_t records, us, work, bytes, most_bps;
};

static void read_keys(struct replay *p, char *line)
{
	char *words[WORDS_MAX], err[SCHEMA_ERR_MAX], *word;
	int count = 0;

	while (count < WORDS_MAX && (word = strsep(&line, " ")))
		if (*word)
			words[count++] = word;
	p->has_keys = count && settings_parse(&p->keys, SCHEMA_BACK, count, words, err) == 0;
}

static void check_world(const struct whatif_world *w)
{
	must(w->rows <= REC_DEVICES_MAX && w->end <= REC_DEVICES_MAX && w->groups <= RERUN_GROUPS);
	must(!w->err[0] || fuzz_is_sentence(w->err, sizeof(w->err)));
	must(w->intervals == 0 || (w->first_ms && w->run_us));
}

/* Devices that the record makes the replay look at; an interval looks at each several times. */
static uint64_t work_of(const struct whatif_world *w, const struct rec *r)
{
	bool closes = r->type == REC_TIME || (r->type == REC_DEVICE && w->device[r->device].gone);

	return closes ? 64u * w->end : r->type == REC_DEVICE ? w->rows : 1;
}

/* False: the input has asked for enough. */
static bool is_affordable(struct replay *p, const struct rec *r)
{
	p->work += work_of(&p->world, r);
	if (r->type == REC_TIME)
		p->us += r->us < RERUN_US_MAX ? r->us : RERUN_US_MAX;
	return p->us <= US_MAX && p->work <= WORK_MAX && ++p->records <= RECORDS_MAX;
}

static void take(struct replay *p, struct rec *r)
{
	if (r->type == REC_DEVICE) {
		struct whatif_row *row = whatif_row(&p->world, r);

		if (row && p->has_keys)
			row->change = &p->keys;
	}
	whatif_take(&p->world, r);
	if (p->world.capacity_bps > p->most_bps)
		p->most_bps = p->world.capacity_bps;
}

/* "*N LINE": devices, and whose they are, are counted on. */
static void take_line(struct replay *p, const char *line)
{
	unsigned times = 1;
	struct rec r;

	if (*line == '*') {
		times = (unsigned)strtoul(line + 1, (char **)&line, 10);
		line += *line == ' ';
	}
	if (rec_parse(line, &r) < 0)
		return;
	while (times-- && is_affordable(p, &r)) {
		take(p, &r);
		r.device = (r.device + 1) % REC_DEVICES_MAX;
		if (++r.uuid[15] == 0)
			r.uuid[14]++;
	}
}

static void take_all(struct replay *p, const char *text)
{
	char *copy = (char *)fuzz_block(text, strlen(text) + 1), *rest = copy, *line;

	memset(p, 0, sizeof(*p));
	must(whatif_world_init(&p->world, 0));
	p->world.until_ms = UINT64_MAX;
	read_keys(p, strsep(&rest, "\n"));
	while ((line = strsep(&rest, "\n"))) {
		take_line(p, line);
		check_world(&p->world);
	}
	whatif_end(&p->world);
	check_world(&p->world);
	free(copy);
}

static uint64_t had_bytes(const struct whatif_world *w, int run)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->rows; i++)
		sum += w->row[i].had[run].bytes;
	return sum;
}

/* No replay has more than the link carries: a lump at the end of an interval may go on. */
static void check_link(const struct replay *p, int run)
{
	const struct whatif_world *w = &p->world;
	uint64_t bps = p->most_bps < RERUN_BPS_MAX ? p->most_bps : RERUN_BPS_MAX;
	uint64_t most = (uint64_t)((unsigned __int128)bps * w->run_us / 8000000);

	must(had_bytes(w, run) <= most + (w->intervals + 1) * (2u << 20));
}

/* Rows are compared by their parts: there is padding in them. */
static void check_same(const struct rerun_had *a, const struct rerun_had *b)
{
	must(a->bytes == b->bytes && memcmp(a->wait, b->wait, sizeof(a->wait)) == 0);
}

static void check_rows(const struct replay *p)
{
	for (unsigned i = 0; i < p->world.rows; i++) {
		const struct whatif_row *row = &p->world.row[i];

		must(memchr(row->name, '\0', sizeof(row->name)));
		must(row->greedy_us <= row->busy_us);
		if (!p->has_keys)
			check_same(&row->had[WHATIF_AS_IT_WAS], &row->had[WHATIF_CHANGED]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	static struct replay p;

	take_all(&p, text);
	for (int run = 0; run < WHATIF_RUNS; run++)
		check_link(&p, run);
	check_rows(&p);
	must(whatif_error_permille(&p.world) <= 1000000000);
	whatif_world_fini(&p.world);
	free(text);
	return 0;
}
