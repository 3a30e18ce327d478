/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/conf.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/units.h"
#include "xenstore-schema/schema.h"

#define DEFAULT_NAME	"default"
#define DEFAULT_RUN_DIR "/run/dmvl"

enum {
	OPT_UPLINK = 256,
	OPT_TAKE_OVER,
	OPT_TX_CAPACITY,
	OPT_RX_CAPACITY,
	OPT_RUN_DIR,
	OPT_LOG_LEVEL,
	OPT_VERSION,
};

static const struct option options[] = {
	{"name", required_argument, NULL, 'n'},
	{"uplink", required_argument, NULL, OPT_UPLINK},
	{"take-over", no_argument, NULL, OPT_TAKE_OVER},
	{"tx-capacity", required_argument, NULL, OPT_TX_CAPACITY},
	{"rx-capacity", required_argument, NULL, OPT_RX_CAPACITY},
	{"run-dir", required_argument, NULL, OPT_RUN_DIR},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"test-config", no_argument, NULL, 't'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static const char usage[] =
	"usage: dmvl-back [-n NAME] --uplink tap:IF[,bridge=BR] | --uplink macvtap:LOWER\n"
	"                 [--take-over] [--tx-capacity RATE] [--rx-capacity RATE]\n"
	"                 [--run-dir DIR] [--log-level LEVEL] [-t|--test-config]\n"
	"                 [-h|--help] [--version]\n"
	"\n"
	"Schedules the traffic of Xen guests onto one uplink, by weight. One process for each\n"
	"uplink, in Dom0 or a driver domain.\n"
	"\n"
	"  -n, --name NAME      name of this uplink, as guests' `uplink' keys have it (default)\n"
	"  --uplink UPLINK      tap:IF makes or opens a TAP, which joins the bridge BR;\n"
	"                       macvtap:LOWER takes the interface LOWER whole\n"
	"  --take-over          take LOWER even if it carries addresses or routes\n"
	"  --tx-capacity RATE   what the uplink carries out of the host: frames are paced to it\n"
	"  --rx-capacity RATE   what may come in for all guests together\n"
	"  --run-dir DIR        lock file of the instance (" DEFAULT_RUN_DIR ")\n"
	"  --log-level LEVEL    error, warning, notice, info (default) or debug\n"
	"  -t, --test-config    check the command line and end\n"
	"\n"
	"RATE: 10mbit, 1gbit, 5mbps (bytes), 10Mb/s; a bare number is bits per second.\n";

static uint64_t rate_or_die(const char *option, const char *text)
{
	char err[SCHEMA_ERR_MAX];
	uint64_t bps;

	if (units_parse_rate(text, &bps, err, sizeof(err)) < 0)
		die(EXIT_WRONG_USE, "--%s: %s", option, err);
	if (schema_check_u64(KEY_UPLINK_TX_CAPACITY, bps, err) < 0)
		die(EXIT_WRONG_USE, "--%s: %s", option, err);
	return bps;
}

static void copy_or_die(char *out, size_t size, const char *option, const char *text)
{
	if (text[0] == '\0' || strlen(text) >= size)
		die(EXIT_WRONG_USE, "--%s: expected 1..%zu characters", option, size - 1);
	memcpy(out, text, strlen(text) + 1);
}

static void take(struct conf *conf, int opt, bool *have_uplink, bool *take_over)
{
	char err[SCHEMA_ERR_MAX];

	switch (opt) {
	case 'n':
		if (schema_parse_text(KEY_BACK_UPLINK, optarg, conf->control.name,
				      sizeof(conf->control.name), err) < 0)
			die(EXIT_WRONG_USE, "--name: %s", err);
		break;
	case OPT_UPLINK:
		if (*have_uplink)
			die(EXIT_WRONG_USE, "--uplink is given twice: start one daemon for each");
		if (uplink_parse(optarg, &conf->uplink, err, sizeof(err)) < 0)
			die(EXIT_WRONG_USE, "%s", err);
		*have_uplink = true;
		break;
	case OPT_TAKE_OVER:
		*take_over = true;
		break;
	case OPT_TX_CAPACITY:
		conf->control.tx_capacity_bps = rate_or_die("tx-capacity", optarg);
		break;
	case OPT_RX_CAPACITY:
		conf->control.rx_capacity_bps = rate_or_die("rx-capacity", optarg);
		break;
	case OPT_RUN_DIR:
		copy_or_die(conf->run_dir, sizeof(conf->run_dir), "run-dir", optarg);
		break;
	case OPT_LOG_LEVEL:
		if (log_level_parse(optarg, &conf->log_level) < 0)
			die(EXIT_WRONG_USE,
			    "--log-level \"%.32s\": expected error, warning, notice, info or debug",
			    optarg);
		break;
	case 't':
		conf->test_only = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case OPT_VERSION:
		puts("dmvl-back " DMVL_VERSION);
		exit(0);
	}
}

void conf_parse(struct conf *conf, int argc, char **argv)
{
	bool have_uplink = false, take_over = false;
	int opt;

	*conf = (struct conf){.control.name = DEFAULT_NAME,
			      .run_dir = DEFAULT_RUN_DIR,
			      .log_level = LOG_INFO};
	opterr = 0; /* one line, ours */
	while ((opt = getopt_long(argc, argv, ":n:th", options, NULL)) != -1) {
		if (opt == '?' || opt == ':')
			die(EXIT_WRONG_USE, "%s \"%.64s\": see dmvl-back --help",
			    opt == ':' ? "missing value behind" : "unknown option",
			    argv[optind - 1]);
		take(conf, opt, &have_uplink, &take_over);
	}
	if (optind < argc)
		die(EXIT_WRONG_USE, "unexpected argument \"%.64s\"", argv[optind]);
	if (!have_uplink)
		die(EXIT_WRONG_USE, "no --uplink: say where guests' traffic goes, for example "
				    "--uplink tap:dmvl-up,bridge=xenbr0");
	if (take_over && conf->uplink.kind != UPLINK_MACVTAP)
		die(EXIT_WRONG_USE, "--take-over is for --uplink macvtap:LOWER only");
	conf->uplink.take_over = take_over;
}
