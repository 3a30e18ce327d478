/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/flowq.h"
#include "common/offload.h"
#include "common/quote.h"
#include "common/tap.h"
#include "common/units.h"
#include "common/wire.h"
#include "xenstore-schema/schema.h"

#define ABSENT_MAX_NS 3600000000000ull

const char options_help[] =
	"Usage: dmvl-front [-i ID] [--ifname NAME] [--ring-order N] [--offload-csum 0|1]\n"
	"                  [--offload-tso 0|1] [--offload-uso 0|1] [--flows N] [--absent-limit "
	"TIME]\n"
	"                  [--log-level LEVEL]\n"
	"       dmvl-front --doctor\n"
	"Gives this Xen guest a network interface that dmvl-back in Dom0 serves.\n"
	"\n"
	"  -i, --id ID         device number, default 0\n"
	"      --ifname NAME   name of the interface, default dmvl<ID>\n"
	"      --ring-order N  rings of 2^N bytes each way, 12..20; default: the largest\n"
	"                      of which every device of this guest gets its grants\n"
	"      --offload-csum 0|1  0: no checksum is left to be filled in; no TSO and USO\n"
	"      --offload-tso 0|1   0: no TCP segmentation offload\n"
	"      --offload-uso 0|1   0: no UDP segmentation offload\n"
	"      --flows N       queues for frames that wait, a power of two up to 32768,\n"
	"                      default 1024; 0: frames wait in the interface's queue\n"
	"      --absent-limit TIME  end when the device was away for this long, as 60s;\n"
	"                      default: wait for it for ever\n"
	"      --log-level L   error, warning, notice, info (default) or debug\n"
	"      --doctor        print what this guest lacks, and the commands that mend it\n"
	"      --version       print the version\n"
	"  -h, --help          print this\n";

enum {
	OPT_IFNAME = 256,
	OPT_RING_ORDER,
	OPT_CSUM,
	OPT_TSO,
	OPT_USO,
	OPT_FLOWS,
	OPT_ABSENT,
	OPT_LOG_LEVEL,
	OPT_DOCTOR,
	OPT_VERSION
};

static const struct option long_options[] = {
	{"id", required_argument, NULL, 'i'},
	{"ifname", required_argument, NULL, OPT_IFNAME},
	{"ring-order", required_argument, NULL, OPT_RING_ORDER},
	{"offload-csum", required_argument, NULL, OPT_CSUM},
	{"offload-tso", required_argument, NULL, OPT_TSO},
	{"offload-uso", required_argument, NULL, OPT_USO},
	{"flows", required_argument, NULL, OPT_FLOWS},
	{"absent-limit", required_argument, NULL, OPT_ABSENT},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"doctor", no_argument, NULL, OPT_DOCTOR},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

__attribute__((format(printf, 2, 3))) static enum options_result wrong(char *err, const char *fmt,
								       ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, OPTIONS_ERR_MAX, fmt, ap);
	va_end(ap);
	return OPTIONS_WRONG;
}

static int parse_number(const char *text, unsigned min, unsigned max, unsigned *out)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return -EINVAL;
	*out = (unsigned)value;
	return 0;
}

/* The option and which offloads it is about. */
static enum options_result parse_offload(int opt, struct front_options *o, char *err)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} what[] = {
		[OPT_CSUM - OPT_CSUM] = {"csum", TAP_CSUM},
		[OPT_TSO - OPT_CSUM] = {"tso", TAP_TSO4 | TAP_TSO6},
		[OPT_USO - OPT_CSUM] = {"uso", TAP_USO},
	};
	uint32_t bits = what[opt - OPT_CSUM].bits;
	char value[QUOTE_MAX];
	unsigned on;

	if (parse_number(optarg, 0, 1, &on) < 0)
		return wrong(err, "--offload-%s %s: expected 0 or 1", what[opt - OPT_CSUM].name,
			     quote_text(value, optarg));
	o->offloads = on ? o->offloads | bits : o->offloads & ~bits;
	return OPTIONS_RUN;
}

static enum options_result parse_flows(struct front_options *o, char *err)
{
	char value[QUOTE_MAX];

	if (parse_number(optarg, 0, FLOWQ_FLOWS_MAX, &o->flows) < 0 ||
	    (o->flows & (o->flows - 1)) != 0 || o->flows == 1)
		return wrong(err, "--flows %s: expected 0 or a power of two, 2..%u",
			     quote_text(value, optarg), FLOWQ_FLOWS_MAX);
	return OPTIONS_RUN;
}

static enum options_result parse_absent(struct front_options *o, char *err)
{
	char why[UNITS_ERR_MAX];

	if (units_parse_time(optarg, &o->absent_limit_ns, why, sizeof(why)) < 0)
		return wrong(err, "--absent-limit %s", why);
	if (o->absent_limit_ns == 0 || o->absent_limit_ns > ABSENT_MAX_NS)
		return wrong(err, "--absent-limit: expected a time up to 3600s, and above 0");
	return OPTIONS_RUN;
}

static enum options_result parse_one(int opt, struct front_options *o, char *err)
{
	char value[QUOTE_MAX];

	switch (opt) {
	case 'h':
		return OPTIONS_HELP;
	case OPT_DOCTOR:
		return OPTIONS_DOCTOR;
	case OPT_VERSION:
		return OPTIONS_VERSION;
	case 'i':
		if (parse_number(optarg, 0, SCHEMA_ID_MAX, &o->id) < 0)
			return wrong(err, "--id %s: expected a number 0..%u",
				     quote_text(value, optarg), SCHEMA_ID_MAX);
		break;
	case OPT_IFNAME:
		if (!tap_name_ok(optarg))
			return wrong(err,
				     "--ifname %s: not a name for an interface (1..%d "
				     "printable characters, none of / : %%)",
				     quote_text(value, optarg), IFNAMSIZ - 1);
		memcpy(o->ifname, optarg, strlen(optarg) + 1);
		break;
	case OPT_RING_ORDER:
		if (parse_number(optarg, WIRE_RING_ORDER_MIN, WIRE_RING_ORDER_MAX, &o->ring_order) <
		    0)
			return wrong(err, "--ring-order %s: expected a number %u..%u",
				     quote_text(value, optarg), WIRE_RING_ORDER_MIN,
				     WIRE_RING_ORDER_MAX);
		break;
	case OPT_CSUM:
	case OPT_TSO:
	case OPT_USO:
		return parse_offload(opt, o, err);
	case OPT_FLOWS:
		return parse_flows(o, err);
	case OPT_ABSENT:
		return parse_absent(o, err);
	case OPT_LOG_LEVEL:
		if (log_level_parse(optarg, &o->log_level) < 0)
			return wrong(err,
				     "--log-level %s: expected error, warning, notice, info "
				     "or debug",
				     quote_text(value, optarg));
		break;
	}
	return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char **argv, struct front_options *o, char *err)
{
	char value[QUOTE_MAX];
	int opt;

	*o = (struct front_options){.offloads = TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO,
				    .flows = FLOWQ_FLOWS,
				    .log_level = LOG_INFO};
	opterr = 0;
	optind = 0; /* makes glibc start over: tests call this more than once */
	while ((opt = getopt_long(argc, argv, ":i:h", long_options, NULL)) != -1) {
		enum options_result result;
		const char *word = argv[optind - 1];

		if (opt == ':')
			return wrong(err, "option %s needs a value", quote_text(value, word));
		if (opt == '?')
			return wrong(err, "unknown option %s; dmvl-front -h lists all",
				     quote_text(value, word));
		result = parse_one(opt, o, err);
		if (result != OPTIONS_RUN)
			return result;
	}
	if (optind < argc)
		return wrong(err, "unexpected argument %s; dmvl-front -h lists all options",
			     quote_text(value, argv[optind]));
	if (!o->ifname[0])
		snprintf(o->ifname, sizeof(o->ifname), "dmvl%u", o->id);
	return OPTIONS_RUN;
}
