/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator gives dmvlctl behind the command. Input: DOM[/ID] on the first line, then one
 * KEY=VALUE a line.
 */
#include <errno.h>

#include "backend/ctl/setting.h"
#include "backend/ctl/target.h"
#include "backend/frame/frame_check.h"
#include "tests/fuzz/fuzz.h"

#define ARGS_MAX (SETTINGS_MAX + 2)

/* What it comes to, written in full, is the same target. */
static void check_target(const char *text)
{
	char err[SCHEMA_ERR_MAX] = "", full[TARGET_NAME_MAX + 8];
	struct target t, again;
	uint8_t uuid[16];

	if (target_parse(text, &t, err) < 0) {
		must(fuzz_is_sentence(err, sizeof(err)));
		return;
	}
	must(t.id <= SCHEMA_ID_MAX && t.domid <= SCHEMA_DOMID_MAX);
	must(t.dom[0] && memchr(t.dom, '\0', sizeof(t.dom)));
	must(target_uuid_bytes(t.dom, uuid) == (t.kind == TARGET_UUID));
	snprintf(full, sizeof(full), "%s/%u", t.dom, t.id);
	must(target_parse(full, &again, err) == 0);
	must(again.kind == t.kind && again.domid == t.domid && again.id == t.id && again.id_given);
	must(strcmp(again.dom, t.dom) == 0);
}

/* What goes into xenstore is what the backend takes, and means the same when given again. */
static void check_setting(const struct setting *s)
{
	const struct schema_entry *e = schema_entry(s->key);
	char arg[SCHEMA_VALUE_MAX + 64], err[SCHEMA_ERR_MAX];
	struct vlan_policy vlan;
	struct setting again;
	struct ip_list ips;

	must(e->area == SCHEMA_BACK);
	must(e->owner == SCHEMA_BY_OPERATOR || e->owner == SCHEMA_BY_ATTACH);
	must(schema_check(s->key, s->value, err) == 0);
	if (s->key == KEY_BACK_VLAN)
		must(vlan_policy_parse(s->value, &vlan, err, sizeof(err)) == 0);
	if (s->key == KEY_BACK_ALLOWED_IP)
		must(ip_list_parse(s->value, &ips, err, sizeof(err)) == 0);
	snprintf(arg, sizeof(arg), "%s=%s", e->name, s->value);
	must(setting_parse(arg, &again, err) == 0);
	must(again.key == s->key && strcmp(again.value, s->value) == 0);
}

static void check_settings(int count, char *const *args)
{
	static struct settings all;
	static const char *const none[4];
	char err[SCHEMA_ERR_MAX] = "";
	struct schema_limits limits;
	int ret = settings_parse(&all, count, args, err);

	if (ret < 0) {
		must(ret == -EINVAL && fuzz_is_sentence(err, sizeof(err)));
		return;
	}
	must(all.count == (unsigned)count && all.count <= SETTINGS_MAX);
	for (unsigned i = 0; i < all.count; i++) {
		check_setting(&all.item[i]);
		must(settings_find(&all, all.item[i].key) == all.item[i].value); /* once */
	}
	limits = settings_limits(&all, none);
	must(!limits.tx_max_bps || limits.tx_min_bps <= limits.tx_max_bps);
	must(!limits.rx_max_bps || limits.rx_min_bps <= limits.rx_max_bps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *word, *args[ARGS_MAX];
	int count = 0;

	check_target(strsep(&rest, "\n"));
	while (count < ARGS_MAX && (word = strsep(&rest, "\n")))
		args[count++] = word;
	check_settings(count, args);
	free(text);
	return 0;
}
