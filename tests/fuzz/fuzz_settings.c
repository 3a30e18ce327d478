/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of a backend directory, as a whole, and those of a frontend directory, one by one.
 *
 * Input: KEY=VALUE lines, a line "--", and KEY=VALUE lines of the same directory later.
 */
#include <errno.h>

#include "backend/control/settings.h"
#include "xenstore-schema/xskey.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ref.h"
#include "tests/fuzz/dir.h"

static struct xs_conn *xs;

/* The text of a key, in out (SCHEMA_VALUE_MAX + 1 bytes). */
enum found {
	MISSING, /* out is the default, if there is one */
	TEXT,
	NO_TEXT, /* too long, or with a NUL inside */
};

static enum found find(enum schema_key key, size_t max, char *out)
{
	const char *dflt = schema_entry(key)->dflt, *value;
	size_t len = 0;

	value = dir_find(schema_name(key), &len);
	if (!value) {
		snprintf(out, SCHEMA_VALUE_MAX + 1, "%s", dflt ? dflt : "");
		return MISSING;
	}
	if (len > max || memchr(value, '\0', len))
		return NO_TEXT;
	memcpy(out, value, len);
	out[len] = '\0';
	return TEXT;
}

/* Is there, in one way or the other, a value that holds? */
static bool holds(enum schema_key key, char *text)
{
	struct vlan_policy vlan;
	struct ip_list ips;
	struct mac_list macs;
	enum found found = find(key, SCHEMA_VALUE_MAX, text);

	if (found == NO_TEXT || (found == MISSING && !schema_entry(key)->dflt))
		return false;
	if (schema_check(key, text, NULL) < 0)
		return false;
	if (key == KEY_BACK_VLAN)
		return vlan_policy_parse(text, &vlan, NULL, 0) == 0;
	if (key == KEY_BACK_ALLOWED_MAC)
		return mac_list_parse(text, &macs, NULL, 0) == 0;
	return key != KEY_BACK_ALLOWED_IP || ip_list_parse(text, &ips, NULL, 0) == 0;
}

/* The number of a key, 1 and 0 for words; the old one where there is none. */
static uint64_t number(enum schema_key key, uint64_t old, bool *all_well)
{
	char text[SCHEMA_VALUE_MAX + 1];

	if (!holds(key, text)) {
		*all_well = false;
		return old;
	}
	if (schema_entry(key)->type == SCHEMA_ENUM)
		return strcmp(text, "low") == 0;
	return strtoull(text, NULL, 10);
}

static void expect_limits(const struct ldp_settings *old, struct ldp_settings *want, bool *all_well)
{
	uint64_t tx_min = number(KEY_BACK_TX_MIN, old->tx_min, all_well);
	uint64_t tx_max = number(KEY_BACK_TX_MAX, old->tx_max, all_well);
	uint64_t rx_min = number(KEY_BACK_RX_MIN, old->rx_min, all_well);
	uint64_t rx_max = number(KEY_BACK_RX_MAX, old->rx_max, all_well);

	if ((tx_max && tx_min > tx_max) || (rx_max && rx_min > rx_max)) {
		*all_well = false;
		return;
	}
	want->tx_min = tx_min;
	want->tx_max = tx_max;
	want->rx_min = rx_min;
	want->rx_max = rx_max;
}

static void expect_texts(struct ldp_settings *want, bool *all_well)
{
	char text[SCHEMA_VALUE_MAX + 1];

	if (holds(KEY_BACK_VLAN, text))
		vlan_policy_parse(text, &want->vlan, NULL, 0);
	else
		*all_well = false;
	if (holds(KEY_BACK_ALLOWED_IP, text))
		ip_list_parse(text, &want->allowed, NULL, 0);
	else
		*all_well = false;
	if (holds(KEY_BACK_ALLOWED_MAC, text))
		mac_list_parse(text, &want->allowed_mac, NULL, 0);
	else
		*all_well = false;
	if (holds(KEY_BACK_UPLINK, text))
		snprintf(want->uplink, sizeof(want->uplink), "%s", text);
	else
		*all_well = false;
	if (holds(KEY_BACK_GROUP, text))
		snprintf(want->group, sizeof(want->group), "%s", text);
	else
		*all_well = false;
	if (holds(KEY_BACK_MAC, text)) {
		ref_mac(text, want->mac);
		want->has_mac = true;
		return;
	}
	*all_well = false;
	/* No MAC at all: none is in force. A bad one: the old stays. */
	if (find(KEY_BACK_MAC, SCHEMA_VALUE_MAX, text) == MISSING)
		want->has_mac = false;
}

/* Loads, and holds the result against what the lines say: a bad value changes nothing else. */
static void check_load(struct ldp_settings *s)
{
	struct ldp_settings want = *s;
	char err[REFUSAL_MAX];
	bool well = true;

	want.weight = (uint32_t)number(KEY_BACK_WEIGHT, s->weight, &well);
	expect_limits(s, &want, &well);
	want.tx_burst = number(KEY_BACK_TX_BURST, s->tx_burst, &well);
	want.rx_burst = number(KEY_BACK_RX_BURST, s->rx_burst, &well);
	want.low_latency = number(KEY_BACK_LATENCY, s->low_latency, &well);
	want.offload_csum = number(KEY_BACK_OFFLOAD_CSUM, s->offload_csum, &well);
	want.offload_tso = number(KEY_BACK_OFFLOAD_TSO, s->offload_tso, &well);
	want.offload_uso = number(KEY_BACK_OFFLOAD_USO, s->offload_uso, &well);
	want.spoof_check = number(KEY_BACK_SPOOF_CHECK, s->spoof_check, &well);
	want.control_frames = number(KEY_BACK_CONTROL_FRAMES, s->control_frames, &well);
	want.guest_services = number(KEY_BACK_GUEST_SERVICES, s->guest_services, &well);
	want.keep_balance = number(KEY_BACK_KEEP_BALANCE, s->keep_balance, &well);
	want.flood_rate = (uint32_t)number(KEY_BACK_FLOOD_RATE, s->flood_rate, &well);
	want.flood_max = number(KEY_BACK_FLOOD_MAX, s->flood_max, &well);
	want.unknown_groups = number(KEY_BACK_UNKNOWN_GROUPS, s->unknown_groups, &well);
	want.mtu = (uint32_t)number(KEY_BACK_MTU, s->mtu, &well);
	expect_texts(&want, &well);

	must(settings_load(xs, XS_NO_TXN, DIR_PATH, s, NULL, err) == 0);
	must(well ? err[0] == '\0' : fuzz_is_sentence(err, sizeof(err)));
	must(s->weight == want.weight && s->flood_rate == want.flood_rate && s->mtu == want.mtu);
	must(s->flood_max == want.flood_max && s->unknown_groups == want.unknown_groups);
	must(s->tx_min == want.tx_min && s->tx_max == want.tx_max);
	must(s->rx_min == want.rx_min && s->rx_max == want.rx_max);
	must(s->tx_burst == want.tx_burst && s->rx_burst == want.rx_burst);
	must(s->offload_csum == want.offload_csum && s->offload_tso == want.offload_tso &&
	     s->offload_uso == want.offload_uso);
	must(s->low_latency == want.low_latency && s->spoof_check == want.spoof_check);
	must(s->control_frames == want.control_frames && s->guest_services == want.guest_services);
	must(s->keep_balance == want.keep_balance);
	must(s->has_mac == want.has_mac && strcmp(s->uplink, want.uplink) == 0);
	must(strcmp(s->group, want.group) == 0);
	must(!want.has_mac || memcmp(s->mac, want.mac, 6) == 0);
	must(memcmp(&s->vlan, &want.vlan, sizeof(want.vlan)) == 0);
	must(memcmp(&s->allowed_mac, &want.allowed_mac, sizeof(want.allowed_mac)) == 0);
	must(memcmp(&s->allowed, &want.allowed, sizeof(want.allowed)) == 0);
}

/* What a guest wrote, key by key. */
static void check_guest(enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX] = "";
	enum found found = find(key, SCHEMA_GUEST_VALUE_MAX, text);
	bool well = found != NO_TEXT && schema_check(key, text, NULL) == 0;
	uint64_t value = 7;
	bool flag = false;
	int ret = 0;

	if (e->type == SCHEMA_STATE) {
		unsigned state = xskey_read_state(xs, XS_NO_TXN, DIR_PATH, key);

		must(state == (found == TEXT && well ? strtoul(text, NULL, 10) : 0));
		return;
	}
	if (e->type == SCHEMA_BOOL)
		ret = xskey_read_bool(xs, XS_NO_TXN, DIR_PATH, key, &flag, err);
	else if (e->type == SCHEMA_U64 || e->type == SCHEMA_BYTES)
		ret = xskey_read_u64(xs, XS_NO_TXN, DIR_PATH, key, &value, err);
	else
		return;
	must((ret == 0) == well);
	must(well || fuzz_is_sentence(err, sizeof(err)));
	must((ret == -ENOENT) == (found == MISSING && !e->dflt));
	if (e->type == SCHEMA_BOOL)
		must(flag == (well && strtoull(text, NULL, 10) == 1));
	else
		must(value == (well ? strtoull(text, NULL, 10) : 7));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char between[] = "\n--\n";
	uint8_t *bytes = fuzz_block(data, size);
	uint8_t *later = memmem(bytes, size, between, strlen(between));
	size_t first = later ? (size_t)(later - bytes) : size;
	struct ldp_settings s;

	if (!xs)
		must(xs_conn_open(&xs) == 0);
	memset(&s, 0, sizeof(s));
	settings_default(&s);
	dir_set(bytes, first);
	check_load(&s);
	for (int key = 0; key < KEY_COUNT; key++) {
		if (schema_entry((enum schema_key)key)->area == SCHEMA_FRONT)
			check_guest((enum schema_key)key);
	}
	if (later) {
		dir_set(later + strlen(between), size - first - strlen(between));
		check_load(&s);
	}
	free(bytes);
	return 0;
}
