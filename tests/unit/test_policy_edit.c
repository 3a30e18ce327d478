/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One key in a policy's text is changed and all else stays; files are read in order, written whole.
 */
#include "backend/policy/policy_edit.h"
#include "backend/policy/policy_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake/must.h"
#include "tests/fake/scratch.h"
#include "tests/unit/tap.h"

/* A line has room for 199 bytes. */
#define X10 "xxxxxxxxxx"
#define X30 X10 X10 X10
#define X50 X30 X10 X10

static const struct {
	const char *name, *text, *head, *key, *value, *want;
} edits[] = {
	{"an empty text", "", "web1", "weight", "5", "[web1]\nweight = 5\n"},
	{"a section that is missing", "[a]\nmtu = 1\n", "web1", "weight", "5",
	 "[a]\nmtu = 1\n\n[web1]\nweight = 5\n"},
	{"a section that is missing behind an unfinished line", "[a]\nmtu = 1", "web1", "weight",
	 "5", "[a]\nmtu = 1\n\n[web1]\nweight = 5\n"},
	{"a key that is there", "; x\n[web1] ; y\nweight = 4\nmtu = 1\n", "web1", "weight", "5",
	 "; x\n[web1] ; y\nweight = 5\nmtu = 1\n"},
	{"a key with a comment", "[web1]\n\tweight=4  ; gold\nmtu = 1\n", "web1", "weight", "5",
	 "[web1]\n\tweight=5  ; gold\nmtu = 1\n"},
	{"a key without a value", "[web1]\nallowed-ip =\nmtu = 1\n", "web1", "allowed-ip",
	 "10.0.0.1", "[web1]\nallowed-ip =10.0.0.1\nmtu = 1\n"},
	{"a key of another section", "[a]\nweight = 4\n[web1]\n[b]\nweight = 4\n", "web1", "weight",
	 "5", "[a]\nweight = 4\n[web1]\nweight = 5\n[b]\nweight = 4\n"},
	{"a key that is missing", "[web1]\nmtu = 1\n\n; about b\n[b]\nweight = 4\n", "web1",
	 "weight", "5", "[web1]\nmtu = 1\nweight = 5\n\n; about b\n[b]\nweight = 4\n"},
	{"a key whose name begins as another", "[web1]\ntx-max-x = 1\n#tx-max = 1\n", "web1",
	 "tx-max", "5", "[web1]\ntx-max-x = 1\ntx-max = 5\n#tx-max = 1\n"},
	{"a list in several lines", "[web1]\nvlan = 1,\n\t2\n\t,3\nmtu = 1\n", "web1", "vlan", "7",
	 "[web1]\nvlan = 7\nmtu = 1\n"},
	{"a list with comments",
	 "[web1]\nvlan = 1, ; one\n\t2 ; two\n\t; of three\n# four\n\n\t,3\n\t4 ; six\nmtu = 1\n",
	 "web1", "vlan", "7",
	 "[web1]\nvlan = 7 ; one\n\t; two\n\t; of three\n# four\n\n\t; six\nmtu = 1\n"},
	{"a list with comments and CR", "[web1]\r\nvlan = 1, ; one\r\n\t2 ; two\r\n\t3\r\n", "web1",
	 "vlan", "7", "[web1]\r\nvlan = 7 ; one\r\n\t; two\r\n"},
	{"a list that ends without a line's end", "[web1]\nvlan = 1,\n\t2 ; two", "web1", "vlan",
	 "7", "[web1]\nvlan = 7\n\t; two"},
	{"a list that ends so without a comment", "[web1]\nvlan = 1,\n\t2", "web1", "vlan", "7",
	 "[web1]\nvlan = 7\n"},
	{"a list of which only comments are left", "[web1]\nvlan = 7\n\t; two\n\n; about b\n[b]\n",
	 "web1", "mtu", "5", "[web1]\nvlan = 7\n\t; two\nmtu = 5\n\n; about b\n[b]\n"},
	{"a list before a comment about the next key",
	 "[web1]\nvlan = 1,\n\t2\n; about mtu\nmtu = 1\n", "web1", "vlan", "7",
	 "[web1]\nvlan = 7\n; about mtu\nmtu = 1\n"},
	{"a key without a value and with a comment", "[web1]\nvlan = ; none\n", "web1", "vlan", "7",
	 "[web1]\nvlan = 7 ; none\n"},
	{"a long comment behind a longer value", "[web1]\nvlan = 7 ; " X50 X50 X50 X30 "\n", "web1",
	 "vlan", "1234,2345,3456", "[web1]\nvlan = 1234,2345,3456\n\t ; " X50 X50 X50 X30 "\n"},
	{"the device 0", "[web1/0]\nweight = 4\n", "web1", "weight", "5", "[web1/0]\nweight = 5\n"},
	{"another device", "[web1]\nweight = 4\n", "web1/1", "weight", "5",
	 "[web1]\nweight = 4\n\n[web1/1]\nweight = 5\n"},
	{"a text with a byte order mark", "\xef\xbb\xbf[web1]\nweight = 4\n", "web1", "weight", "5",
	 "\xef\xbb\xbf[web1]\nweight = 5\n"},
	{"a text with CR", "[web1]\r\nweight = 4\r\nmtu = 1\r\n", "web1", "weight", "5",
	 "[web1]\r\nweight = 5\r\nmtu = 1\r\n"},
};

static void test_edits(void)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char *got = policy_edit(edits[i].text, strlen(edits[i].text), edits[i].head,
					edits[i].key, edits[i].value);

		is_str(got, edits[i].want, "%s is changed, and all else stays", edits[i].name);
		free(got);
	}
	ok(!policy_edit("", 0, "web1/x", "weight", "5"), "a head that is none is refused");
}

static void on_said(void *arg, const char *sentence)
{
	size_t used = strlen(arg);

	snprintf((char *)arg + used, 4096 - used, "%s\n", sentence);
}

/* What was written is read back as the same value. */
static void test_long_list(void)
{
	char value[1024] = "", said[4096] = "";
	struct policy *p = policy_new();
	struct policy_match m;
	char *text;

	for (unsigned i = 0; i < 16; i++)
		snprintf(value + strlen(value), sizeof(value) - strlen(value),
			 "%s2001:db8:1234:5678:9abc:def0:1234:%x/128", i ? "," : "", 0x1000 + i);
	text = policy_edit("", 0, "web1", "allowed-ip", value);
	is_int(policy_parse(p, "p", text, strlen(text), on_said, said), 0,
	       "a list of sixteen addresses is written in lines that are read");
	policy_find(p, NULL, "", "web1", 0, &m);
	is_str(policy_value(&m, KEY_BACK_ALLOWED_IP), value, "it is read as it was");
	free(text);
	policy_free(p);
}

/* --- files ------------------------------------------------------------------------------------ */

static const char *in_dir(const char *name)
{
	static char path[4][200];
	static unsigned n;
	char *p = path[n++ % 4];

	snprintf(p, 200, "%s/%s", scratch_dir(), name);
	return p;
}

static void put(const char *name, const char *text)
{
	must(policy_file_write(in_dir(name), text, strlen(text)) == 0);
}

static const char *load(bool must_be)
{
	static char said[4096];
	struct policy_match m;
	struct policy *p;

	said[0] = '\0';
	policy_load(in_dir("policy.conf"), must_be, &p, on_said, said);
	policy_find(p, NULL, "", "web1", 0, &m);
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "latency %s",
		 m.item[KEY_BACK_LATENCY] ? m.item[KEY_BACK_LATENCY]->value : "-");
	policy_free(p);
	return said;
}

static void test_load(void)
{
	char want[600];

	is_str(load(false), "latency -", "no file is no mistake");
	snprintf(want, sizeof(want), "%s: cannot read it: No such file or directory\nlatency -",
		 in_dir("policy.conf"));
	is_str(load(true), want, "a file that must be there is missing");
	must(symlink("nowhere", in_dir("policy.conf")) == 0);
	is_str(load(false), want, "a symbolic link that leads nowhere is not a missing file");
	unlink(in_dir("policy.conf"));
	must(symlink("nowhere", in_dir("policy.d")) == 0);
	snprintf(want, sizeof(want), "%s: cannot read it: No such file or directory\nlatency -",
		 in_dir("policy.d"));
	is_str(load(false), want, "a symbolic link that leads nowhere is not a missing directory");
	unlink(in_dir("policy.d"));
	must(mkdir(in_dir("policy.d"), 0755) == 0);
	put("policy.d/b.conf", "[web*]\nlatency = low\n");
	put("policy.d/a.conf", "[w*]\nlatency = normal\n");
	put("policy.d/.hidden.conf", "[web1]\nlatency = banana\n");
	put("policy.d/a.conf~", "[web1]\nlatency = banana\n");
	is_str(load(false), "latency low", "files are read in the order of their names");
	put("policy.d/a.conf", "[web?]\n[x]\nlatency = low");
	put("policy.d/c.conf", "\n[x/0]\n");
	snprintf(want, sizeof(want), "%s:2: [x/0] is in %s:2 already\nlatency low",
		 in_dir("policy.d/c.conf"), in_dir("policy.d/a.conf"));
	is_str(load(false), want, "a section that another file has");
	unlink(in_dir("policy.d/c.conf"));
	must(mkdir(in_dir("policy.d/c.conf"), 0755) == 0);
	snprintf(want, sizeof(want), "%s: cannot read it: Is a directory\nlatency low",
		 in_dir("policy.d/c.conf"));
	is_str(load(false), want, "a file that cannot be read");
	rmdir(in_dir("policy.d/c.conf"));
	must(symlink("c.conf", in_dir("policy.d/c.conf")) == 0);
	snprintf(want, sizeof(want),
		 "%s: cannot read it: Too many levels of symbolic links\nlatency low",
		 in_dir("policy.d/c.conf"));
	is_str(load(false), want, "a symbolic link that leads to itself");
	unlink(in_dir("policy.d/c.conf"));
}

/* Without a writer it would be an empty policy, which takes away what was set by another one. */
static void test_pipe(void)
{
	char want[600], *text;
	size_t len;

	must(mkfifo(in_dir("policy.d/c.conf"), 0600) == 0);
	snprintf(want, sizeof(want), "%s: cannot read it: it is a pipe\nlatency low",
		 in_dir("policy.d/c.conf"));
	is_str(load(false), want, "a pipe is no file of a policy");
	is_int(policy_file_read(in_dir("policy.d/c.conf"), &text, &len), -ESPIPE,
	       "a pipe is not read");
	unlink(in_dir("policy.d/c.conf"));
	must(symlink("/dev/null", in_dir("policy.d/c.conf")) == 0);
	is_str(load(false), "latency low", "a link to /dev/null is an empty file");
	unlink(in_dir("policy.d/c.conf"));
}

static void test_example(void)
{
	char said[4096] = "";
	struct policy *p;

	if (!is_int(policy_load("docs/policy.conf.example", true, &p, on_said, said), 0,
		    "the example of the documents has no mistake"))
		diag("%s", said);
	policy_free(p);
}

static void test_write(void)
{
	struct stat st;
	char *text;
	size_t len;

	put("policy.conf", "old");
	must(chmod(in_dir("policy.conf"), 0600) == 0 &&
	     symlink("policy.conf", in_dir("link.conf")) == 0);
	put("link.conf", "new");
	is_int(lstat(in_dir("link.conf"), &st) == 0 && S_ISLNK(st.st_mode), 1,
	       "a symbolic link stays one");
	must(stat(in_dir("policy.conf"), &st) == 0);
	is_int(st.st_mode & 07777, 0600, "a file keeps its mode");
	must(policy_file_read(in_dir("policy.conf"), &text, &len) == 0);
	is_str(text, "new", "what is written is read back");
	free(text);
	is_int(policy_file_write(in_dir("no/file"), "", 0), -ENOENT,
	       "a directory that is missing is an error");
	must(truncate(in_dir("policy.conf"), POLICY_SIZE_MAX + 1) == 0);
	is_int(policy_file_read(in_dir("policy.conf"), &text, &len), -EFBIG,
	       "a file without end is not read");
}

int main(void)
{
	test_edits();
	test_long_list();
	test_load();
	test_pipe();
	test_example();
	test_write();
	return done_testing();
}
