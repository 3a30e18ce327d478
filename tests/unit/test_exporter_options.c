/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of dmvl-exporter, and where it listens. */
#include "backend/exporter/options.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/fake/must.h"
#include "tests/unit/tap.h"

static struct exporter_options o;
static char err[EXPORTER_ERR_MAX];

/* Of one word, or two. */
static enum exporter_result parse(const char *first, const char *second)
{
	char *argv[] = {(char *)"dmvl-exporter", (char *)first, (char *)second, NULL};

	err[0] = '\0';
	return exporter_options(!first ? 1 : second ? 3 : 2, argv, &o, err);
}

static void listens_on(const char *text, const char *want, bool loopback)
{
	char got[LISTEN_TEXT_MAX];

	is_int(parse("--listen", text), EXPORTER_RUN, "--listen %s is taken", text);
	is_str(listen_text(got, &o.listen), want, "--listen %s", text);
	is_int(o.listen.loopback, loopback, "--listen %s: is it of this host alone?", text);
}

static void refuses(const char *first, const char *second, const char *want)
{
	is_int(parse(first, second), EXPORTER_WRONG, "%s %s is refused", first,
	       second ? second : "");
	ok(strstr(err, want), "%s: the sentence has %s", err, want);
}

static void test_listen(void)
{
	static const char *const bad[] = {"",	     "x",	":1",		"0",
					  "65536",   "1:",	"::1:80",	"[::1]",
					  "[::1]:0", "1.2.3:4", "localhost:80", "unix:",
					  "unix:a",  "+5",	"[]:80",	"[1.2.3.4]:5"};

	listens_on("80", "http://127.0.0.1:80/metrics", true);
	listens_on("127.1.2.3:80", "http://127.1.2.3:80/metrics", true);
	listens_on("0.0.0.0:65535", "http://0.0.0.0:65535/metrics", false);
	listens_on("[::1]:9", "http://[::1]:9/metrics", true);
	listens_on("[::]:9", "http://[::]:9/metrics", false);
	listens_on("unix:/run/x", "/run/x", true);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses("--listen", bad[i], "expected [ADDRESS:]PORT");
}

static void test_options(void)
{
	char got[LISTEN_TEXT_MAX];

	is_int(parse(NULL, NULL), EXPORTER_RUN, "no option is needed");
	is_str(listen_text(got, &o.listen), "http://" LISTEN_DEFAULT "/metrics", "the default");
	is_str(o.run_dir, "/run/dmvl", "the run directory without an option");
	ok(!o.uplink && !o.per_ldp, "all uplinks, and the short list");
	is_int(parse("--uplink", "lan"), EXPORTER_RUN, "--uplink");
	is_str(o.uplink, "lan", "--uplink has its value");
	is_int(parse("--per-ldp", NULL), EXPORTER_RUN, "--per-ldp");
	ok(o.per_ldp, "--per-ldp is set");
	is_int(parse("-h", NULL), EXPORTER_HELP, "-h");
	is_int(parse("--version", NULL), EXPORTER_VERSION, "--version");
	refuses("--uplink", "a/b", "expected the name of an uplink");
	refuses("--uplink", "", "expected the name of an uplink");
	refuses("--run-dir", "", "expected a directory");
	refuses("--log-level", "loud", "expected error, warning");
	refuses("--listen", NULL, "needs a value");
	refuses("--nonsense", NULL, "unknown option \"--nonsense\"");
	refuses("word", NULL, "unexpected argument \"word\"");
}

static void test_socket(void)
{
	char dir[] = "/tmp/dmvl-listen.XXXXXX", text[64];
	struct listen_address a;
	int fd, other;

	must(mkdtemp(dir));
	snprintf(text, sizeof(text), "unix:%s/s", dir);
	must(listen_parse(text, &a) == 0);
	fd = listen_open(&a);
	ok(fd >= 0, "a socket in the file system");
	ok(listen_open(&a) < 0, "it is not taken from who listens");
	close(fd);
	other = listen_open(&a);
	ok(other >= 0, "it is taken when nobody listens any more");
	listen_close(other, &a);
	ok(rmdir(dir) == 0, "it goes at the end");
}

int main(void)
{
	test_listen();
	test_options();
	test_socket();
	return done_testing();
}
