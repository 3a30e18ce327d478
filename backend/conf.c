/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/conf.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/conf_file.h"
#include "backend/frame/frame_cost.h"
#include "backend/kept/kept_file.h"
#include "backend/policy/policy_file.h"
#include "backend/sched/sched_rule.h"
#include "common/quote.h"
#include "common/units.h"
#include "xenstore-schema/schema.h"

#define DEFAULT_NAME	"default"
#define DEFAULT_RUN_DIR "/run/dmvl"
#define LATENCY_MIN_NS	50000u
#define LATENCY_MAX_NS	10000000u
#define FORGET_DAYS	365
#define FORGET_DAYS_MAX 36500

enum {
	OPT_CONFIG = 256,
	OPT_UPLINK,
	OPT_TAKE_OVER,
	OPT_TX_CAPACITY,
	OPT_RX_CAPACITY,
	OPT_FRAME_COST,
	OPT_SHARE_UPLINK,
	OPT_EPOCH,
	OPT_REPAYMENT,
	OPT_LATENCY_TARGET,
	OPT_RUN_DIR,
	OPT_POLICY,
	OPT_STATE_DIR,
	OPT_FORGET_AFTER,
	OPT_LOG_LEVEL,
	OPT_VERSION,
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"name", required_argument, NULL, 'n'},
	{"uplink", required_argument, NULL, OPT_UPLINK},
	{"take-over", no_argument, NULL, OPT_TAKE_OVER},
	{"tx-capacity", required_argument, NULL, OPT_TX_CAPACITY},
	{"rx-capacity", required_argument, NULL, OPT_RX_CAPACITY},
	{"frame-cost", required_argument, NULL, OPT_FRAME_COST},
	{"share-uplink", required_argument, NULL, OPT_SHARE_UPLINK},
	{"epoch", required_argument, NULL, OPT_EPOCH},
	{"repayment", required_argument, NULL, OPT_REPAYMENT},
	{"latency-target", required_argument, NULL, OPT_LATENCY_TARGET},
	{"run-dir", required_argument, NULL, OPT_RUN_DIR},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"state-dir", required_argument, NULL, OPT_STATE_DIR},
	{"forget-after", required_argument, NULL, OPT_FORGET_AFTER},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"test-config", no_argument, NULL, 't'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

const char conf_help[] =
	"usage: dmvl-back [-n NAME] --uplink tap:IF[,bridge=BR] | --uplink macvtap:LOWER\n"
	"                 [--config FILE] [--take-over] [--tx-capacity RATE]\n"
	"                 [--rx-capacity RATE] [--frame-cost BYTES] [--share-uplink auto|yes|no] "
	"[--epoch TIME]\n"
	"                 [--repayment F] [--latency-target TIME] [--run-dir DIR] [--state-dir "
	"DIR] [--policy FILE]\n"
	"                 [--forget-after DAYS] [--log-level LEVEL] [-t|--test-config] "
	"[-h|--help]\n"
	"                 [--version]\n"
	"\n"
	"Schedules the traffic of Xen guests onto one uplink, by weight. One process for each\n"
	"uplink, in Dom0 or a driver domain.\n"
	"\n"
	"  -n, --name NAME      name of this uplink, as guests' `uplink' keys have it (default)\n"
	"  --config FILE        options from a file, such as uplink = tap:dmvl-up,bridge=xenbr0;\n"
	"                       those behind it on the command line go before\n"
	"  --uplink UPLINK      tap:IF makes or opens a TAP, which joins the bridge BR;\n"
	"                       macvtap:LOWER takes the interface LOWER whole\n"
	"  --take-over          take LOWER even if it carries addresses or routes\n"
	"  --tx-capacity RATE   what the uplink carries out of the host: frames are paced to it\n"
	"                       (not given: it is measured where that can be done)\n"
	"  --rx-capacity RATE   what may come in for all guests together\n"
	"  --frame-cost BYTES   least that a frame is charged by; found from the capacity\n"
	"  --share-uplink HOW   give guests and host their shares of a bridge's port by an HTB "
	"qdisc\n"
	"                       there: auto (not on a card with several transmit queues), yes, no\n"
	"  --epoch TIME         how often loans are accounted for, 1ms to 1s (10ms)\n"
	"  --repayment F        how strongly a balance moves a weight, 0 (not at all) to 1 (0.5)\n"
	"  --latency-target TIME how long one frame may take of the link, 50us to 10ms (200us)\n"
	"  --run-dir DIR        lock file and credit logs of the instance (" DEFAULT_RUN_DIR ")\n"
	"  --policy FILE        what guests get, with the files policy.d/*.conf beside it\n"
	"                       (" POLICY_FILE ")\n"
	"  --state-dir DIR      what was set for guests, to be remembered (" KEPT_DIR_DEFAULT ")\n"
	"  --forget-after DAYS  forget it when the guest was not seen for so long (365); 0: never\n"
	"  --log-level LEVEL    error, warning, notice, info (default) or debug\n"
	"  -t, --test-config    check the command line, the policy and the bridge, and end\n"
	"\n"
	"TIME: 500us, 10ms, 1s.\n"
	"RATE: 10mbit, 1gbit, 5mbps (bytes), 10Mb/s; a bare number is bits per second.\n";

/* The options seen so far that *conf does not show. */
struct parse {
	struct conf *conf;
	char *err;
	bool have_uplink, take_over;
	uint32_t filed; /* options of the file, a bit each */
	uint32_t given; /* of the command line, with a value */
};

__attribute__((format(printf, 2, 3))) static enum conf_result wrong(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, CONF_ERR_MAX, fmt, ap);
	va_end(ap);
	return CONF_WRONG;
}

static enum conf_result take_rate(struct parse *p, const char *option, enum schema_key key,
				  uint64_t *out)
{
	char why[SCHEMA_ERR_MAX];

	if (units_parse_rate(optarg, out, why, sizeof(why)) < 0 ||
	    schema_check_u64(key, *out, why) < 0)
		return wrong(p->err, "--%s: %s", option, why);
	return CONF_RUN;
}

static enum conf_result take_frame_cost(struct parse *p)
{
	char why[SCHEMA_ERR_MAX];
	uint64_t bytes;

	if (schema_parse_u64(KEY_UPLINK_FRAME_COST, optarg, &bytes, why) < 0)
		return wrong(p->err, "--frame-cost: %s", why);
	p->conf->control.frame_cost_bytes = (uint32_t)bytes; /* the schema's range fits */
	return CONF_RUN;
}

static enum conf_result take_epoch(struct parse *p)
{
	char why[UNITS_ERR_MAX], value[QUOTE_MAX];
	uint64_t ns;

	if (units_parse_time(optarg, &ns, why, sizeof(why)) < 0)
		return wrong(p->err, "--epoch %s", why);
	if (ns % 1000 || schema_check_u64(KEY_UPLINK_EPOCH_US, ns / 1000, NULL) < 0)
		return wrong(p->err, "--epoch %s: expected 1ms..1s, in whole microseconds",
			     quote_text(value, optarg));
	p->conf->control.epoch_us = (uint32_t)(ns / 1000);
	return CONF_RUN;
}

static enum conf_result take_repayment(struct parse *p)
{
	char why[SCHEMA_ERR_MAX];

	if (schema_parse_fraction(KEY_UPLINK_REPAYMENT, optarg, &p->conf->control.repayment_ppm,
				  why) < 0)
		return wrong(p->err, "--%s", why);
	return CONF_RUN;
}

static enum conf_result take_latency(struct parse *p)
{
	char why[UNITS_ERR_MAX], value[QUOTE_MAX];
	uint64_t ns;

	if (units_parse_time(optarg, &ns, why, sizeof(why)) < 0)
		return wrong(p->err, "--latency-target %s", why);
	if (ns < LATENCY_MIN_NS || ns > LATENCY_MAX_NS)
		return wrong(p->err, "--latency-target %s: expected 50us..10ms",
			     quote_text(value, optarg));
	p->conf->latency_ns = ns;
	return CONF_RUN;
}

static enum conf_result take_uplink(struct parse *p)
{
	if (p->have_uplink)
		return wrong(p->err, "--uplink is given twice: start one daemon for each");
	p->have_uplink = true;
	return uplink_parse(optarg, &p->conf->uplink, p->err, CONF_ERR_MAX) < 0 ? CONF_WRONG
										: CONF_RUN;
}

static enum conf_result take_dir(struct parse *p, const char *option, char *out, size_t size)
{
	size_t len = strlen(optarg);

	if (len == 0 || len >= size)
		return wrong(p->err, "--%s: expected 1..%zu characters", option, size - 1);
	memcpy(out, optarg, len + 1);
	return CONF_RUN;
}

/* An absolute path, for the tool to find it too. */
static enum conf_result take_policy(struct parse *p)
{
	char cwd[PATH_MAX] = "", *out = p->conf->policy;
	int len;

	if (optarg[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return wrong(p->err, "--policy: cannot find the current directory");
	len = snprintf(out, sizeof(p->conf->policy), "%s%s%s", cwd, cwd[0] ? "/" : "", optarg);
	if (optarg[0] == '\0' || (size_t)len >= sizeof(p->conf->policy))
		return wrong(p->err, "--policy: expected 1..%zu characters",
			     sizeof(p->conf->policy) - 1);
	p->conf->control.policy_must = true;
	return CONF_RUN;
}

static enum conf_result take_days(struct parse *p)
{
	char value[QUOTE_MAX], *end;
	unsigned long days = strtoul(optarg, &end, 10);

	if (optarg[0] < '0' || optarg[0] > '9' || *end || days > FORGET_DAYS_MAX)
		return wrong(p->err, "--forget-after %s: expected days, 1..%d, or 0 for never",
			     quote_text(value, optarg), FORGET_DAYS_MAX);
	p->conf->control.forget_after_days = (uint32_t)days;
	return CONF_RUN;
}

static enum conf_result take_name(struct parse *p)
{
	struct control_conf *control = &p->conf->control;
	char why[SCHEMA_ERR_MAX];

	if (schema_parse_text(KEY_BACK_UPLINK, optarg, control->name, sizeof(control->name), why) <
	    0)
		return wrong(p->err, "--name: %s", why);
	return CONF_RUN;
}

static enum conf_result take_log_level(struct parse *p)
{
	char value[QUOTE_MAX];

	if (log_level_parse(optarg, &p->conf->log_level) < 0)
		return wrong(p->err,
			     "--log-level %s: expected error, warning, notice, info or debug",
			     quote_text(value, optarg));
	return CONF_RUN;
}

static enum conf_result take_share(struct parse *p)
{
	static const char *const words[] = {
		[SHARE_AUTO] = "auto", [SHARE_YES] = "yes", [SHARE_NO] = "no"};
	char value[QUOTE_MAX];

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(optarg, words[i]) == 0) {
			p->conf->control.share = (enum share_mode)i;
			return CONF_RUN;
		}
	}
	return wrong(p->err, "--share-uplink %s: expected auto, yes or no",
		     quote_text(value, optarg));
}

static enum conf_result take(struct parse *p, int opt);

static const struct option *find_option(const char *name)
{
	for (const struct option *o = options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* What is of one run and not of an uplink, and the name, which tells which file is read. */
static bool is_for_file(int opt)
{
	return opt != OPT_CONFIG && opt != OPT_VERSION && opt != 'h' && opt != 't' && opt != 'n';
}

/* A value where none belongs, or the other way round; twice the same. NULL: neither. */
static const char *shape_wrong(const struct parse *p, const struct option *o, const char *value)
{
	if (o->has_arg == no_argument)
		return value ? "takes no value: write just its name" : NULL;
	if (!value)
		return "needs a value: write name = value";
	return p->filed & UINT32_C(1) << (o - options) ? "is given twice" : NULL;
}

static bool take_filed(void *arg, const char *name, const char *value, char *why)
{
	struct parse *p = arg;
	const struct option *o = find_option(name);
	char shown[QUOTE_MAX];
	const char *wrong_shape;

	if (!o || !is_for_file(o->val)) {
		snprintf(why, CONF_FILE_WHY_MAX, "%s %s", quote_text(shown, name),
			 o ? "belongs on the command line" : "is no option of dmvl-back");
		return false;
	}
	wrong_shape = shape_wrong(p, o, value);
	if (wrong_shape) {
		snprintf(why, CONF_FILE_WHY_MAX, "%s %s", name, wrong_shape);
		return false;
	}
	p->filed |= UINT32_C(1) << (o - options);
	optarg = (char *)value;
	if (take(p, o->val) == CONF_RUN)
		return true;
	snprintf(why, CONF_FILE_WHY_MAX, "%s", p->err);
	return false;
}
static_assert(sizeof(options) / sizeof(options[0]) <= 32, "an option has no bit");

/* Takes an option of the command line, if it is the first of its kind. */
static enum conf_result take_given(struct parse *p, int opt)
{
	const struct option *o = options;

	while (o->val != opt)
		o++;
	if (p->given & UINT32_C(1) << (o - options) && opt != OPT_UPLINK)
		return wrong(p->err, "--%s is given twice", o->name);
	if (o->has_arg == required_argument)
		p->given |= UINT32_C(1) << (o - options);
	return take(p, opt);
}

static enum conf_result take_config(struct parse *p)
{
	char err[CONF_FILE_WHY_MAX];

	if (conf_file_read(optarg, take_filed, p, err))
		return CONF_RUN;
	return wrong(p->err, "%s", err);
}

static enum conf_result take(struct parse *p, int opt)
{
	struct control_conf *control = &p->conf->control;

	switch (opt) {
	case 'n':
		return take_name(p);
	case OPT_CONFIG:
		return take_config(p);
	case OPT_UPLINK:
		return take_uplink(p);
	case OPT_TAKE_OVER:
		p->take_over = true;
		break;
	case OPT_TX_CAPACITY:
		return take_rate(p, "tx-capacity", KEY_UPLINK_TX_CAPACITY,
				 &control->tx_capacity_bps);
	case OPT_RX_CAPACITY:
		return take_rate(p, "rx-capacity", KEY_UPLINK_RX_CAPACITY,
				 &control->rx_capacity_bps);
	case OPT_FRAME_COST:
		return take_frame_cost(p);
	case OPT_SHARE_UPLINK:
		return take_share(p);
	case OPT_EPOCH:
		return take_epoch(p);
	case OPT_REPAYMENT:
		return take_repayment(p);
	case OPT_LATENCY_TARGET:
		return take_latency(p);
	case OPT_RUN_DIR:
		return take_dir(p, "run-dir", p->conf->run_dir, sizeof(p->conf->run_dir));
	case OPT_POLICY:
		return take_policy(p);
	case OPT_STATE_DIR:
		return take_dir(p, "state-dir", p->conf->state_dir, sizeof(p->conf->state_dir));
	case OPT_FORGET_AFTER:
		return take_days(p);
	case OPT_LOG_LEVEL:
		return take_log_level(p);
	case 't':
		p->conf->test_only = true;
		break;
	case 'h':
		return CONF_HELP;
	case OPT_VERSION:
		return CONF_VERSION;
	}
	return CONF_RUN;
}

/* Checks the options together. */
static enum conf_result finish(struct parse *p)
{
	if (!p->have_uplink)
		return wrong(p->err, "no --uplink: say where guests' traffic goes, for example "
				     "--uplink tap:dmvl-up,bridge=xenbr0");
	if (p->take_over && p->conf->uplink.kind != UPLINK_MACVTAP)
		return wrong(p->err, "--take-over is for --uplink macvtap:LOWER only");
	p->conf->uplink.take_over = p->take_over;
	return CONF_RUN;
}

enum conf_result conf_parse(struct conf *conf, int argc, char **argv, char *err)
{
	struct parse p = {.conf = conf, .err = err};
	enum conf_result result;
	char value[QUOTE_MAX];
	int opt;

	*conf = (struct conf){.control.name = DEFAULT_NAME,
			      .control.frame_cost_bytes = FRAME_COST_AUTO,
			      .control.forget_after_days = FORGET_DAYS,
			      .latency_ns = SCHED_FRAME_NS,
			      .run_dir = DEFAULT_RUN_DIR,
			      .policy = POLICY_FILE,
			      .state_dir = KEPT_DIR_DEFAULT,
			      .log_level = LOG_INFO};
	conf->control.epoch_us = (uint32_t)schema_default(KEY_UPLINK_EPOCH_US);
	schema_parse_fraction(KEY_UPLINK_REPAYMENT, schema_entry(KEY_UPLINK_REPAYMENT)->dflt,
			      &conf->control.repayment_ppm, NULL);
	opterr = 0; /* getopt prints nothing */
	optind = 0; /* glibc: start again, for tests */
	while ((opt = getopt_long(argc, argv, ":n:th", options, NULL)) != -1) {
		if (opt == '?' || opt == ':')
			return wrong(err, "%s %s: see dmvl-back --help",
				     opt == ':' ? "missing value behind" : "unknown option",
				     quote_text(value, argv[optind - 1]));
		result = take_given(&p, opt);
		if (result != CONF_RUN)
			return result;
	}
	if (optind < argc)
		return wrong(err, "unexpected argument %s", quote_text(value, argv[optind]));
	return finish(&p);
}
