/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backend/stats/statsfile.h"
#include "common/quote.h"

#define RUN_DIR "/run/dmvl"

const char exporter_help[] =
	"Usage: dmvl-exporter [--listen [ADDRESS:]PORT|unix:PATH] [--uplink NAME]\n"
	"                     [--run-dir DIR] [--per-ldp] [--log-level LEVEL]\n"
	"Tells Prometheus what dmvl-back counts. Needs no privilege but the group dmvl.\n"
	"\n"
	"  -l, --listen WHERE  [ADDRESS:]PORT or unix:PATH, default " LISTEN_DEFAULT "\n"
	"      --uplink NAME   this uplink only, default: all of the run directory\n"
	"      --run-dir DIR   where dmvl-back has its files, default " RUN_DIR "\n"
	"      --per-ldp       histograms, drops and windows by reason for each LDP too\n"
	"      --log-level L   error, warning, notice, info (default) or debug\n"
	"      --version       print the version\n"
	"  -h, --help          print this\n";

enum { OPT_UPLINK = 256, OPT_RUN_DIR, OPT_PER_LDP, OPT_LOG_LEVEL, OPT_VERSION };

static const struct option long_options[] = {
	{"listen", required_argument, NULL, 'l'},
	{"uplink", required_argument, NULL, OPT_UPLINK},
	{"run-dir", required_argument, NULL, OPT_RUN_DIR},
	{"per-ldp", no_argument, NULL, OPT_PER_LDP},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

__attribute__((format(printf, 2, 3))) static enum exporter_result wrong(char *err, const char *fmt,
									...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, EXPORTER_ERR_MAX, fmt, ap);
	va_end(ap);
	return EXPORTER_WRONG;
}

/* A name is the begin of a file's name. */
static bool is_name(const char *text)
{
	return text[0] && !strchr(text, '/') && strlen(text) < NAME_MAX;
}

static bool is_dir(const char *text)
{
	return text[0] && strlen(text) <= MAPFILE_PATH_MAX;
}

static enum exporter_result parse_one(int opt, struct exporter_options *o, char *err)
{
	char value[QUOTE_MAX];

	switch (opt) {
	case 'h':
		return EXPORTER_HELP;
	case OPT_VERSION:
		return EXPORTER_VERSION;
	case 'l':
		if (listen_parse(optarg, &o->listen) < 0)
			return wrong(err,
				     "--listen %s: expected [ADDRESS:]PORT with a numeric address, "
				     "or unix: and a path from /",
				     quote_text(value, optarg));
		break;
	case OPT_UPLINK:
		if (!is_name(optarg))
			return wrong(err, "--uplink %s: expected the name of an uplink",
				     quote_text(value, optarg));
		o->uplink = optarg;
		break;
	case OPT_RUN_DIR:
		if (!is_dir(optarg))
			return wrong(err, "--run-dir %s: expected a directory of 1..%d bytes",
				     quote_text(value, optarg), MAPFILE_PATH_MAX);
		o->run_dir = optarg;
		break;
	case OPT_PER_LDP:
		o->per_ldp = true;
		break;
	case OPT_LOG_LEVEL:
		if (log_level_parse(optarg, &o->log_level) < 0)
			return wrong(err,
				     "--log-level %s: expected error, warning, notice, info "
				     "or debug",
				     quote_text(value, optarg));
		break;
	}
	return EXPORTER_RUN;
}

enum exporter_result exporter_options(int argc, char **argv, struct exporter_options *o,
				      char err[EXPORTER_ERR_MAX])
{
	char value[QUOTE_MAX];
	int opt;

	*o = (struct exporter_options){.run_dir = RUN_DIR, .log_level = LOG_INFO};
	listen_parse(LISTEN_DEFAULT, &o->listen);
	opterr = 0;
	optind = 0; /* makes glibc start over: tests call this more than once */
	while ((opt = getopt_long(argc, argv, ":l:h", long_options, NULL)) != -1) {
		const char *word = argv[optind - 1];
		enum exporter_result result;

		if (opt == ':')
			return wrong(err, "option %s needs a value", quote_text(value, word));
		if (opt == '?')
			return wrong(err, "unknown option %s; dmvl-exporter -h lists all",
				     quote_text(value, word));
		result = parse_one(opt, o, err);
		if (result != EXPORTER_RUN)
			return result;
	}
	if (optind < argc)
		return wrong(err, "unexpected argument %s; dmvl-exporter -h lists all options",
			     quote_text(value, argv[optind]));
	return EXPORTER_RUN;
}
