/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvl-back's command line. */
#include "backend/conf.h"
#include "backend/frame/frame_cost.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define UP "--uplink=tap:up"

static struct conf conf;
static char err[CONF_ERR_MAX];

/* The first word is the program's name. */
#define parse(...)                                                                 \
	conf_parse(&conf, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), \
		   (char *[]){__VA_ARGS__, NULL}, err)

static void wrong(enum conf_result result, const char *want)
{
	is_int(result, CONF_WRONG, "a wrong command line is refused: %.40s", want);
	is_str(err, want, "a wrong command line gets its sentence: %.40s", want);
}

static void test_good(void)
{
	is_int(parse("x", UP), CONF_RUN, "a command line with just an uplink is taken");
	is_str(conf.control.name, "default", "the default name is default");
	is_str(conf.state_dir, "/var/lib/dmvl", "the default state directory is /var/lib/dmvl");
	is_str(conf.run_dir, "/run/dmvl", "the default run directory is /run/dmvl");
	is_str(conf.policy, "/etc/dmvl/policy.conf", "the default policy is in /etc/dmvl");
	ok(!conf.control.policy_must, "the default policy need not be there");
	is_int(conf.control.forget_after_days, 365, "by default guests are remembered for a year");
	is_int(conf.log_level, LOG_INFO, "the default log level is info");
	is_int(conf.control.tx_capacity_bps, 0, "the default transmit capacity is unknown");
	is_int(conf.control.frame_cost_bytes, FRAME_COST_AUTO,
	       "the default frame cost is found from the capacity");
	is_int(conf.control.epoch_us, 10000, "the default epoch is 10 ms");
	is_int(conf.control.share, SHARE_AUTO, "by default the host has a share");
	is_int(conf.control.repayment_ppm, 500000, "the default repayment is a half");
	is_int(conf.latency_ns, 200000, "the default latency target is 200 us");
	is_int(parse("x", "--uplink", "tap:a,bridge=b", "-n", "isp2", "--tx-capacity", "10mbit",
		     "--rx-capacity=5mbps", "--frame-cost=0", "--run-dir=/x", "--state-dir=/y",
		     "--log-level=debug", "--policy=/p", "--forget-after=30", "-t", "--epoch=1s",
		     "--share-uplink=yes", "--repayment", "0", "--latency-target=50us"),
	       CONF_RUN, "a command line with every option is taken");
	is_int(conf.uplink.kind, UPLINK_TAP, "--uplink gives the kind of the uplink");
	is_str(conf.uplink.device, "a", "--uplink gives the device of the uplink");
	is_str(conf.uplink.bridge, "b", "--uplink gives the bridge of the uplink");
	is_str(conf.control.name, "isp2", "-n gives the name of the uplink");
	is_int(conf.control.tx_capacity_bps, 10000000, "--tx-capacity gives the transmit capacity");
	is_int(conf.control.rx_capacity_bps, 40000000, "--rx-capacity gives the receive capacity");
	is_int(conf.control.share, SHARE_YES, "--share-uplink says that the host has a share");
	is_int(conf.control.frame_cost_bytes, 0, "--frame-cost gives the frame cost");
	is_str(conf.run_dir, "/x", "--run-dir gives the run directory");
	is_str(conf.policy, "/p", "--policy gives the file of the policy");
	ok(conf.control.policy_must, "a policy that is given must be there");
	is_str(conf.state_dir, "/y", "--state-dir gives the state directory");
	is_int(conf.control.forget_after_days, 30, "--forget-after gives the days");
	is_int(conf.log_level, LOG_DEBUG, "--log-level gives the log level");
	ok(conf.test_only, "-t asks for a test of the configuration");
	is_int(conf.control.epoch_us, 1000000, "--epoch gives the length of an epoch");
	is_int(conf.latency_ns, 50000, "--latency-target gives the latency target");
	is_int(conf.control.repayment_ppm, 0, "--repayment gives the repayment in millionths");
	is_int(parse("x", "--take-over", "--uplink=macvtap:eth0"), CONF_RUN,
	       "a command line with a macvtap to take over is taken");
	ok(conf.uplink.kind == UPLINK_MACVTAP && conf.uplink.take_over,
	   "--take-over is kept with the macvtap");
	is_int(parse("x", "-h"), CONF_HELP, "-h asks for the help");
	is_int(parse("x", "--version"), CONF_VERSION, "--version asks for the version");
}

static void test_bad(void)
{
	wrong(parse("x"), "no --uplink: say where guests' traffic goes, for example "
			  "--uplink tap:dmvl-up,bridge=xenbr0");
	wrong(parse("x", UP, UP), "--uplink is given twice: start one daemon for each");
	wrong(parse("x", UP, "--tx-capacity=1mbit", "--tx-capacity=1mbit"),
	      "--tx-capacity is given twice");
	wrong(parse("x", UP, "-n", "a", "--name=b"), "--name is given twice");
	wrong(parse("x", UP, "--take-over"), "--take-over is for --uplink macvtap:LOWER only");
	wrong(parse("x", UP, "--foo"), "unknown option \"--foo\": see dmvl-back --help");
	wrong(parse("x", "--uplink"), "missing value behind \"--uplink\": see dmvl-back --help");
	wrong(parse("x", UP, "y\n"), "unexpected argument \"y\\x0a\"");
	wrong(parse("x", UP, "--run-dir="), "--run-dir: expected 1..4095 characters");
	wrong(parse("x", UP, "--state-dir="), "--state-dir: expected 1..222 characters");
	wrong(parse("x", UP, "--log-level=loud"),
	      "--log-level \"loud\": expected error, warning, notice, info or debug");
	wrong(parse("x", UP, "--rx-capacity=2tbit"),
	      "--rx-capacity: rx-capacity \"2000000000000\": expected bits per second, an integer "
	      "0..1000000000000");
	wrong(parse("x", UP, "--share-uplink=maybe"),
	      "--share-uplink \"maybe\": expected auto, yes or no");
	wrong(parse("x", UP, "--frame-cost=65537"),
	      "--frame-cost: frame-cost \"65537\": expected bytes, an integer 0..65536");
	wrong(parse("x", UP, "--epoch=999us"),
	      "--epoch \"999us\": expected 1ms..1s, in whole microseconds");
	wrong(parse("x", UP, "--epoch=1000001us"),
	      "--epoch \"1000001us\": expected 1ms..1s, in whole microseconds");
	wrong(parse("x", UP, "--epoch=1000001ns"),
	      "--epoch \"1000001ns\": expected 1ms..1s, in whole microseconds");
	is_int(parse("x", UP, "--epoch=10"), CONF_WRONG, "a time without a unit is refused");
	is_int(parse("x", UP, "--latency-target=49us"), CONF_WRONG,
	       "a latency target below 50 us is refused");
	is_int(parse("x", UP, "--latency-target=11ms"), CONF_WRONG,
	       "a latency target above 10 ms is refused");
	is_int(parse("x", UP, "--latency-target=fast"), CONF_WRONG,
	       "a latency target that is no time is refused");
	is_int(parse("x", UP, "--repayment=1.01"), CONF_WRONG, "a repayment above 1 is refused");
	is_int(parse("x", UP, "--tx-capacity=10m"), CONF_WRONG, "an ambiguous rate is refused");
	is_int(parse("x", UP, "-n", "a b"), CONF_WRONG, "a name with a space is refused");
}

static void test_frame_cost(void)
{
	is_int(frame_cost_bytes(FRAME_COST_AUTO, 0), 0,
	       "the frame cost is 0 while the capacity is unknown");
	is_int(frame_cost_bytes(FRAME_COST_AUTO, 800000000u), FRAME_COST_NS / 10,
	       "at 800 Mbit/s the frame cost is a byte for every 10 ns");
	ok(frame_cost_bytes(FRAME_COST_AUTO, 100000000) < 64,
	   "at 100 Mbit/s the frame cost is below the smallest frame");
	is_int(frame_cost_bytes(FRAME_COST_AUTO, UINT64_MAX), FRAME_COST_AUTO_MAX,
	       "the frame cost is a full frame at most");
	is_int(frame_cost_bytes(0, 8000000000u), 0, "a configured frame cost of 0 is 0");
	is_int(frame_cost_bytes(700, 0), 700, "a configured frame cost needs no capacity");
}

/* Names that the kernel would refuse, or change: then the device would not be found again. */
static void test_uplink(void)
{
	static char *const bad[] = {
		"",
		"up",
		"tap:",
		"tap:a,b=c",
		"tap:a,bridge=",
		"tap:..",
		"tap:t%d",
		"tap:a:b",
		"tap:a/b",
		"tap:a-name-of-16-xxx",
		"tap:a b",
		"tap:\x1b[2J",
		"macvtap:",
		"macvtap:e%d",
		"tap:a,bridge=b/c",
		"tap:a,bridge=b%d",
		"tap:a,bridge=sixteen-letters-",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(parse("x", "--uplink", bad[i]), CONF_WRONG, "the uplink \"%s\" is refused",
		       bad[i]);
		ok(strncmp(err, "uplink \"", 8) == 0 && !strpbrk(err, "\x1b\n"),
		   "the refusal of uplink %zu is one line", i);
	}
	is_int(parse("x", "--uplink=tap:fifteen-letters"), CONF_RUN,
	       "a TAP name of 15 characters is taken");
}

static char file[] = "/tmp/test_back_conf.XXXXXX";

static void write_file(const char *text, size_t len)
{
	FILE *f = fopen(file, "w");

	if (!f || fwrite(text, 1, len, f) != len || fclose(f) != 0)
		abort();
}

/* A file with this text, on a command line of its own. */
static enum conf_result parse_file(const char *text)
{
	write_file(text, strlen(text));
	return parse("x", "-n", "isp2", "--config", file);
}

/* The sentence behind the file's name. */
static void wrong_file(const char *text, const char *want)
{
	is_int(parse_file(text), CONF_WRONG, "a file is refused: %s", want);
	ok(strncmp(err, file, strlen(file)) == 0, "the refusal begins with the file: %s", want);
	is_str(err + strlen(file), want, "the refusal of a file says where and why: %s", want);
}

static void test_file(void)
{
	is_int(parse_file("# of isp2\n; too\n\n  uplink = tap:a,bridge=b  \ntx-capacity=10mbit\r\n"
			  "\tshare-uplink\t=\tyes"),
	       CONF_RUN, "a file of options is taken");
	is_str(conf.uplink.bridge, "b", "a file's value may have a = in it, and spaces around it");
	is_int(conf.control.tx_capacity_bps, 10000000, "a file gives the transmit capacity");
	is_int(conf.control.share, SHARE_YES, "the last line of a file needs no end");
	is_str(conf.control.name, "isp2", "the name beside a file stays");
	is_int(parse_file("take-over\nuplink = macvtap:eth0\n"), CONF_RUN,
	       "an option without value is a word of its own");
	ok(conf.uplink.take_over, "a file's take-over counts");
	is_int(parse("x", "--config", file, "--epoch=1s", "--log-level=debug"), CONF_RUN,
	       "options may stand beside a file");
	is_int(conf.control.epoch_us, 1000000, "an option behind the file counts");
	parse_file("uplink = tap:a\nepoch = 20ms\n");
	is_int(parse("x", "--config", file, "--epoch=1s"), CONF_RUN, "an option stands twice");
	is_int(conf.control.epoch_us, 1000000, "an option behind the file goes before the file's");
}

static void test_bad_file(void)
{
	char want[128];

	wrong_file("\nfoo = 1\n", ":2: \"foo\" is no option of dmvl-back");
	wrong_file("foo\x1b[2J\n", ":1: \"foo\\x1b[2J\" is no option of dmvl-back");
	wrong_file("name = x\n", ":1: \"name\" belongs on the command line");
	wrong_file("config = x\n", ":1: \"config\" belongs on the command line");
	wrong_file("test-config\n", ":1: \"test-config\" belongs on the command line");
	wrong_file("= x\n", ":1: \"\" is no option of dmvl-back");
	wrong_file("uplink\n", ":1: uplink needs a value: write name = value");
	wrong_file("take-over = yes\n", ":1: take-over takes no value: write just its name");
	wrong_file("epoch = 1s\n#\nepoch = 1s\n", ":3: epoch is given twice");
	wrong_file("uplink = tap:a\ntx-capacity = 10Mbps\n",
		   ":2: --tx-capacity: \"10Mbps\": bits or bytes? write 10mbit (bits) or 10mbps "
		   "(bytes per second)");
	write_file("epoch = 1s\n\0\n", 13);
	is_int(parse("x", "--config", file), CONF_WRONG, "a file with a NUL byte is refused");
	snprintf(want, sizeof(want), "%s:2: the line has a NUL byte", file);
	is_str(err, want, "the refusal of a NUL byte says where");
	wrong(parse("x", "--config", "/nowhere/x.conf"),
	      "cannot read /nowhere/x.conf: No such file or directory");
	wrong(parse("x", "--config", "/"), "cannot read /: it is no file");
	is_int(parse_file("epoch = 1s\n"), CONF_WRONG, "a file without an uplink is not enough");
}

int main(void)
{
	close(mkstemp(file));
	test_good();
	test_bad();
	test_frame_cost();
	test_uplink();
	test_file();
	test_bad_file();
	unlink(file);
	return done_testing();
}
