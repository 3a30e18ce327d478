/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command lines of the daemons. Input: the arguments, one a line. Both get them, so that most
 * of what one takes is what the other refuses.
 */
#include "backend/conf.h"
#include "backend/frame/frame_cost.h"
#include "common/wire.h"
#include "frontend/options.h"
#include "tests/fuzz/fuzz.h"
#include "xenstore-schema/schema.h"

#define ARGS_MAX 16

/* Is it a name that the kernel gives an interface as it stands? */
static bool is_ifname(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (len == 0 || len == IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	/* '/' and ':' and blanks are refused, '%' is a pattern. */
	return strcspn(name, "/:% \t\n\v\f\r") == len && fuzz_is_sentence(name, IFNAMSIZ);
}

static void print_uplink(const struct uplink_spec *u, char *out, size_t size)
{
	if (u->kind == UPLINK_MACVTAP)
		snprintf(out, size, "macvtap:%s", u->device);
	else
		snprintf(out, size, "tap:%s%s%s", u->device, u->bridge[0] ? ",bridge=" : "",
			 u->bridge);
}

static void check_uplink(const struct uplink_spec *u)
{
	struct uplink_spec again;
	char text[64], err[CONF_ERR_MAX];

	must(is_ifname(u->device));
	must(u->kind == UPLINK_TAP || u->kind == UPLINK_MACVTAP);
	must(!u->bridge[0] || (u->kind == UPLINK_TAP && is_ifname(u->bridge)));
	must(!u->take_over || u->kind == UPLINK_MACVTAP);
	print_uplink(u, text, sizeof(text));
	must(uplink_parse(text, &again, err, sizeof(err)) == 0);
	must(again.kind == u->kind && strcmp(again.device, u->device) == 0);
	must(strcmp(again.bridge, u->bridge) == 0);
}

/* On its own, too: where the memory behind it is watched. */
static void check_spec(const char *text)
{
	struct uplink_spec *spec = malloc(sizeof(*spec));
	char err[CONF_ERR_MAX] = "";

	must(spec);
	if (uplink_parse(text, spec, err, sizeof(err)) == 0)
		check_uplink(spec);
	else
		must(fuzz_is_sentence(err, sizeof(err)));
	free(spec);
}

static void check_back(int argc, char **argv)
{
	static struct conf conf;
	char err[CONF_ERR_MAX] = "";

	switch (conf_parse(&conf, argc, argv, err)) {
	case CONF_HELP:
	case CONF_VERSION:
		return;
	case CONF_WRONG:
		must(fuzz_is_sentence(err, sizeof(err)));
		return;
	case CONF_RUN:
		break;
	}
	check_uplink(&conf.uplink);
	must(schema_check(KEY_BACK_UPLINK, conf.control.name, NULL) == 0);
	must(schema_check_u64(KEY_UPLINK_TX_CAPACITY, conf.control.tx_capacity_bps, NULL) == 0);
	must(schema_check_u64(KEY_UPLINK_RX_CAPACITY, conf.control.rx_capacity_bps, NULL) == 0);
	must(conf.control.frame_cost_bytes == FRAME_COST_AUTO ||
	     conf.control.frame_cost_bytes <= FRAME_COST_MAX);
	must(schema_check_u64(KEY_UPLINK_EPOCH_US, conf.control.epoch_us, NULL) == 0);
	must(conf.control.repayment_ppm <= 1000000);
	must(conf.run_dir[0] && memchr(conf.run_dir, '\0', sizeof(conf.run_dir)));
	must(conf.log_level >= LOG_ERROR && conf.log_level <= LOG_DEBUG);
}

static void check_front(int argc, char **argv)
{
	struct front_options o;
	char err[OPTIONS_ERR_MAX] = "";

	switch (options_parse(argc, argv, &o, err)) {
	case OPTIONS_HELP:
	case OPTIONS_VERSION:
		return;
	case OPTIONS_WRONG:
		must(fuzz_is_sentence(err, sizeof(err)));
		return;
	case OPTIONS_RUN:
		break;
	}
	must(o.id <= SCHEMA_ID_MAX && is_ifname(o.ifname));
	must(o.ring_order >= WIRE_RING_ORDER_MIN && o.ring_order <= WIRE_RING_ORDER_MAX);
	must(o.log_level >= LOG_ERROR && o.log_level <= LOG_DEBUG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *word;
	char *argv[ARGS_MAX + 1] = {"fuzz"}, *again[ARGS_MAX + 1];
	int argc = 1;

	while (argc < ARGS_MAX && (word = strsep(&rest, "\n"))) {
		check_spec(word);
		argv[argc++] = word;
	}
	/* getopt_long() sorts them. */
	memcpy(again, argv, sizeof(again));
	check_back(argc, argv);
	check_front(argc, again);
	free(text);
	return 0;
}
