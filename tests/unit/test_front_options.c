/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-front's command line. */
#include "frontend/options.h"

#include "common/wire.h"
#include "tests/unit/tap.h"

static struct front_options o;
static char err[OPTIONS_ERR_MAX];

/* The first word is the program's name. */
#define parse(...)                                                             \
	options_parse((int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), \
		      (char *[]){__VA_ARGS__, NULL}, &o, err)

static void wrong(enum options_result result, const char *want)
{
	is_int(result, OPTIONS_WRONG, "refused: %s", want);
	is_str(err, want, "with the sentence");
}

static void test_good(void)
{
	is_int(parse("x"), OPTIONS_RUN, "no options");
	is_int(o.id, 0, "device 0");
	is_str(o.ifname, "dmvl0", "dmvl0");
	is_int(o.ring_order, WIRE_RING_ORDER_DEFAULT, "default rings");
	is_int(o.log_level, LOG_INFO, "info");
	is_int(parse("x", "-i", "7"), OPTIONS_RUN, "-i 7");
	is_str(o.ifname, "dmvl7", "names it dmvl7");
	is_int(parse("x", "--ifname", "abcdefghijklmno", "--ring-order=12", "--log-level", "debug"),
	       OPTIONS_RUN, "long options");
	is_str(o.ifname, "abcdefghijklmno", "15 characters");
	is_int(o.ring_order, 12, "order 12");
	is_int(o.log_level, LOG_DEBUG, "debug");
	is_int(parse("x", "--ring-order", "20"), OPTIONS_RUN, "order 20");
	is_int(parse("x", "-h"), OPTIONS_HELP, "-h");
	is_int(parse("x", "--version"), OPTIONS_VERSION, "--version");
	is_int(parse("x", "-i", "65535"), OPTIONS_RUN, "the last id");
}

static void test_bad(void)
{
	wrong(parse("x", "--foo"), "unknown option \"--foo\"; dmvl-front -h lists all");
	wrong(parse("x", "-x"), "unknown option \"-x\"; dmvl-front -h lists all");
	wrong(parse("x", "-i"), "option \"-i\" needs a value");
	wrong(parse("x", "-i", "65536"), "--id \"65536\": expected a number 0..65535");
	wrong(parse("x", "-i", "-1"), "--id \"-1\": expected a number 0..65535");
	wrong(parse("x", "-i", ""), "--id \"\": expected a number 0..65535");
	wrong(parse("x", "-i", "99999999999999999999999"),
	      "--id \"99999999999999999999999\": expected a number 0..65535");
	wrong(parse("x", "--ring-order", "11"), "--ring-order \"11\": expected a number 12..20");
	wrong(parse("x", "--ring-order", "21"), "--ring-order \"21\": expected a number 12..20");
	wrong(parse("x", "--ring-order", "18k"), "--ring-order \"18k\": expected a number 12..20");
	wrong(parse("x", "--log-level", "loud"),
	      "--log-level \"loud\": expected error, warning, notice, info or debug");
	wrong(parse("x", "eth0"), "unexpected argument \"eth0\"; dmvl-front -h lists all options");
	is_int(parse("x", "--ifname", "abcdefghijklmnop"), OPTIONS_WRONG, "16 characters");
	is_int(parse("x", "--ifname", ""), OPTIONS_WRONG, "an empty name");
	is_int(parse("x", "--ifname", "a/b"), OPTIONS_WRONG, "a slash");
	is_int(parse("x", "--ifname", "tap%d"), OPTIONS_WRONG, "a pattern");
	is_int(parse("x", "--ifname", ".."), OPTIONS_WRONG, "two dots");
}

int main(void)
{
	test_good();
	test_bad();
	return done_testing();
}
