/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a recording, and a file of them: whole, cut, damaged, of another version. */
#include "backend/ctl/record/recfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static char path[] = "/tmp/test-rec.XXXXXX";

static void put(const char *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		abort();
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Prints, parses and prints again. */
static bool survives(const struct rec *r, struct rec *again)
{
	char line[REC_LINE_MAX], second[REC_LINE_MAX];
	size_t len = rec_print(line, r);

	if (len != strlen(line) || strchr(line, '\n') != line + len - 1 ||
	    rec_parse(line, again) != 0)
		return false;
	rec_print(second, again);
	return strcmp(line, second) == 0;
}

static void test_flow(void)
{
	struct rec r = {.type = REC_FLOW, .device = 7, .dir = REC_RX}, got;
	char line[REC_LINE_MAX];

	r.flow = (struct rec_flow){.bytes = 1500, .frames = 1, .balance_bytes = INT64_MIN};
	r.flow.wait[3] = 120;
	r.flow.wait[23] = UINT64_MAX;
	rec_print(line, &r);
	is_str(line,
	       "F 7 r 1500 1 0 0 0 0 0 0 -9223372036854775808 0 3:120,23:18446744073709551615\n",
	       "a direction is one line");
	ok(survives(&r, &got), "it is read as it was written");
	ok(got.device == 7 && got.dir == REC_RX && got.flow.wait[3] == 120, "with its numbers");
	is_int(got.flow.balance_bytes, INT64_MIN, "the largest debt is kept");
}

static void test_longest_line(void)
{
	struct rec r = {.type = REC_FLOW, .device = REC_DEVICES_MAX - 1}, got;

	memset(&r.flow, 0xff, sizeof(r.flow));
	ok(survives(&r, &got), "the longest line has room");
	ok(memcmp(&r.flow, &got.flow, sizeof(r.flow)) == 0, "and all its numbers");
}

static void test_every_type(void)
{
	for (unsigned type = 0; type < REC_TYPES; type++) {
		struct rec r = {.type = (enum rec_type)type, .name = "a", .domid = 3}, got;

		ok(survives(&r, &got) && got.type == type, "type %u is read as it was written",
		   type);
	}
}

static void test_names(void)
{
	static const char *const names[] = {"web1",  "",     "-",	    "a b", "x\ny",
					    "\"'`$", "<b>&", "\xff\x01%41", "--x", "r\303\244"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rec r = {.type = REC_DEVICE, .domid = 5}, got;

		snprintf(r.name, sizeof(r.name), "%s", names[i]);
		ok(survives(&r, &got), "name %zu is one word of a line", i);
		is_str(got.name, names[i], "name %zu is kept byte by byte", i);
	}
}

static void test_damaged_lines(void)
{
	static const char *const bad[] = {
		"",
		"\n",
		" ",
		"F",
		"F 1 t",
		"T 0 1 2x",
		"T 0  1 2",
		"T 16 1 2",
		"T 0 -1 2",
		"T 0 18446744073709551616 2",
		"F 4096 t 0 0 0 0 0 0 0 0 0 0 -",
		"F 0 x 0 0 0 0 0 0 0 0 0 0 -",
		"F 0 t 0 0 0 0 0 0 0 0 - 0 -",
		"F 0 t 0 0 0 0 0 0 0 0 -9223372036854775809 0 -",
		"F 0 t 0 0 0 0 0 0 0 0 0 0 24:1",
		"F 0 t 0 0 0 0 0 0 0 0 0 0 1:1,",
		"U 0 a%0",
		"U 0 a%00",
		"U 0 a%4G",
		"U 0 ",
		"U 0 a\"",
		"L t 1/65536 1/0 5 lent",
		"L t 1 1/0 5 lent",
		"D 0 0 1 0 not-a-uuid web1",
		"D 0 0 32768 0 00000000-0000-0000-0000-000000000000 web1",
		"u 0 a",
	};
	struct rec r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(rec_parse(bad[i], &r), -EINVAL, "\"%s\" is damaged", bad[i]);
	is_int(rec_parse("Z 1 2 3", &r), -ENOENT, "a letter may be unknown");
	is_int(rec_parse("T 0 1 2 more", &r), 0, "there may be more words at the end");
}

/* --- files ------------------------------------------------------------------------------------ */

#define HEAD "dmvl-record 1 1795874400000\n"

/* How the file is refused; 0: it is not. */
static int refused(char err[RECFILE_ERR_MAX])
{
	struct recfile f;
	int ret = recfile_open(&f, path, err);

	if (ret == 0)
		recfile_close(&f);
	return ret;
}

static void test_heads(void)
{
	char err[RECFILE_ERR_MAX], noise[4096];

	put_text("");
	is_int(refused(err), -ENODATA, "a file of no bytes is empty");
	put_text("dmvl-rec");
	is_int(refused(err), -ENODATA, "so is one that was cut in its first line");
	put_text("dmvl-record 2 5 6\nT 0 1 2\n");
	is_int(refused(err), -ENOTSUP, "a newer version is refused");
	is_str(err, "it is a recording of version 2, and this dmvlctl reads version 1",
	       "both versions are named");
	put_text("dmvl-record 1x 5\n");
	is_int(refused(err), -EINVAL, "a version is a number");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 7919 >> 3);
	put(noise, sizeof(noise));
	is_int(refused(err), -EINVAL, "any other file is no recording");
	unlink(path);
	is_int(refused(err), -ENOENT, "a file may be missing");
}

/* The types of the records that are read, as a text. */
static const char *types(struct recfile *f)
{
	static char out[64];
	char err[RECFILE_ERR_MAX];
	struct rec r;
	size_t n = 0;

	if (recfile_open(f, path, err) < 0)
		return "refused";
	while (n < sizeof(out) - 1 && recfile_next(f, &r) > 0)
		out[n++] = (char)('a' + r.type);
	out[n] = '\0';
	recfile_close(f);
	return out;
}

static void test_cut(void)
{
	static const char whole[] = HEAD "U 0 default\nT 0 1795874400100 100000\nE 1795874400200\n";
	struct recfile f;

	put_text(whole);
	is_str(types(&f), "afm", "all records are read");
	ok(!f.cut && f.damaged == 0 && f.start_ms == UINT64_C(1795874400000), "of a whole file");
	for (size_t len = strlen(HEAD); len < strlen(whole); len++) {
		size_t lines = 0;

		for (size_t i = strlen(HEAD); i < len; i++)
			lines += whole[i] == '\n';
		put(whole, len);
		if (strlen(types(&f)) != lines || f.cut != (whole[len - 1] != '\n')) {
			ok(false, "cut after %zu bytes, what is whole is read", len);
			return;
		}
	}
	ok(true, "cut anywhere, what is whole is read");
}

static void test_damaged(void)
{
	char *big = malloc(20000);
	struct recfile f;

	put_text(HEAD "U 0 default\n\x01\x02\nQ 1\nT 0 x\nE 5\n");
	is_str(types(&f), "am", "what is damaged is skipped");
	ok(f.damaged == 2 && f.unknown == 1, "and counted");
	strcpy(big, HEAD);
	memset(big + strlen(HEAD), 'T', 10000);
	strcpy(big + strlen(HEAD) + 10000, "\nE 5\n");
	put_text(big);
	is_str(types(&f), "m", "a line without an end is skipped");
	is_int(f.damaged, 1, "as one line");
	free(big);
	put(HEAD "E 5\0\nE 6\n", strlen(HEAD) + 9);
	is_str(types(&f), "m", "a line with a NUL is no record");
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_flow();
	test_longest_line();
	test_every_type();
	test_names();
	test_damaged_lines();
	test_heads();
	test_cut();
	test_damaged();
	unlink(path);
	return done_testing();
}
