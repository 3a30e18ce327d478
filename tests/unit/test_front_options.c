/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-front's command line. */
#include "frontend/options.h"

#include "common/offload.h"
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
	is_int(result, OPTIONS_WRONG, "a command line is refused that gives: %s", want);
	is_str(err, want, "the refusal says: %s", want);
}

static void test_good(void)
{
	is_int(parse("x"), OPTIONS_RUN, "no option at all is fine");
	is_int(o.id, 0, "the device is 0 by default");
	is_str(o.ifname, "dmvl0", "the interface is dmvl0 by default");
	is_int(o.ring_order, 0, "without --ring-order the agent chooses");
	is_int(o.log_level, LOG_INFO, "the log level is info by default");
	is_int(o.offloads, TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO,
	       "all offloads are on by default");
	is_int(parse("x", "--offload-tso", "0", "--offload-uso=0", "--offload-uso=1"), OPTIONS_RUN,
	       "offloads are turned off and on");
	is_int(o.offloads, TAP_CSUM | TAP_USO,
	       "--offload-tso 0 turns TSO off, and the last one counts");
	is_int(parse("x", "--offload-csum", "0"), OPTIONS_RUN, "--offload-csum 0 is fine");
	ok(!(o.offloads & TAP_CSUM), "--offload-csum 0 turns checksums off");
	is_int(o.flows, 1024, "by default there are 1024 flow queues");
	is_int(parse("x", "--flows", "0"), OPTIONS_RUN, "--flows 0 is fine");
	is_int(o.flows, 0, "--flows 0 makes none");
	is_int(parse("x", "--flows", "1024"), OPTIONS_RUN, "--flows 1024 is fine");
	is_int(o.flows, 1024, "--flows 1024 makes 1024 queues");
	is_int(parse("x", "--flows=32768"), OPTIONS_RUN, "--flows 32768 is fine");
	is_int(o.absent_limit_ns, 0, "by default an agent waits for its device for ever");
	is_int(parse("x", "--absent-limit", "60s"), OPTIONS_RUN, "--absent-limit 60s is fine");
	is_int(o.absent_limit_ns, 60000000000ull, "--absent-limit gives the time");
	is_int(parse("x", "-i", "7"), OPTIONS_RUN, "-i 7 is fine");
	is_str(o.ifname, "dmvl7", "-i 7 names the interface dmvl7");
	is_int(parse("x", "--ifname", "abcdefghijklmno", "--ring-order=12", "--log-level", "debug"),
	       OPTIONS_RUN, "long options are fine");
	is_str(o.ifname, "abcdefghijklmno", "a name of 15 characters is taken");
	is_int(o.ring_order, 12, "--ring-order 12 is taken");
	is_int(o.log_level, LOG_DEBUG, "--log-level debug is taken");
	is_int(parse("x", "--ring-order", "20"), OPTIONS_RUN, "--ring-order 20 is fine");
	is_int(parse("x", "-h"), OPTIONS_HELP, "-h asks for help");
	is_int(parse("x", "--version"), OPTIONS_VERSION, "--version asks for the version");
	is_int(parse("x", "--doctor"), OPTIONS_DOCTOR, "--doctor asks what the guest lacks");
	is_int(parse("x", "-i", "65535"), OPTIONS_RUN, "-i 65535 is fine");
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
	wrong(parse("x", "--offload-csum", "off"), "--offload-csum \"off\": expected 0 or 1");
	wrong(parse("x", "--offload-tso", "2"), "--offload-tso \"2\": expected 0 or 1");
	wrong(parse("x", "--offload-uso"), "option \"--offload-uso\" needs a value");
	wrong(parse("x", "--flows", "1"), "--flows \"1\": expected 0 or a power of two, 2..32768");
	wrong(parse("x", "--flows", "24"),
	      "--flows \"24\": expected 0 or a power of two, 2..32768");
	wrong(parse("x", "--flows", "65536"),
	      "--flows \"65536\": expected 0 or a power of two, 2..32768");
	wrong(parse("x", "--absent-limit", "60"),
	      "--absent-limit \"60\": no unit, expected a time like 500us, 10ms or 1s");
	wrong(parse("x", "--absent-limit", "0s"),
	      "--absent-limit: expected a time up to 3600s, and above 0");
	wrong(parse("x", "--absent-limit=3601s"),
	      "--absent-limit: expected a time up to 3600s, and above 0");
	wrong(parse("x", "--log-level", "loud"),
	      "--log-level \"loud\": expected error, warning, notice, info or debug");
	wrong(parse("x", "eth0"), "unexpected argument \"eth0\"; dmvl-front -h lists all options");
	is_int(parse("x", "--ifname", "abcdefghijklmnop"), OPTIONS_WRONG,
	       "a name of 16 characters is refused");
	is_int(parse("x", "--ifname", ""), OPTIONS_WRONG, "an empty name is refused");
	is_int(parse("x", "--ifname", "a/b"), OPTIONS_WRONG, "a name with a slash is refused");
	is_int(parse("x", "--ifname", "tap%d"), OPTIONS_WRONG,
	       "a name with a percent sign is refused");
	is_int(parse("x", "--ifname", ".."), OPTIONS_WRONG, "the name .. is refused");
}

int main(void)
{
	test_good();
	test_bad();
	return done_testing();
}
