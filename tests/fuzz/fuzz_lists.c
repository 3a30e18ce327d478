/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of the keys vlan, allowed-ip and allowed-mac. Input: one text for all of them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>

#include "backend/frame/frame_check.h"
#include "backend/frame/mac_list.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ref.h"

#define ERR_MAX 160

static bool vlan_has(const struct vlan_policy *v, unsigned id)
{
	return v->ids[id / 64] >> id % 64 & 1;
}

/* Is the number `id` in a text that was taken as a list? Reads it once more, its own way. */
static bool ref_vlan_has(const char *text, unsigned id)
{
	unsigned first, last;
	int used;

	for (;; text++) {
		used = 0;
		first = 0;
		sscanf(text, " untagged%n", &used);
		must(used || sscanf(text, " %u%n", &first, &used) == 1);
		text += used;
		last = first;
		if (sscanf(text, " - %u %n", &last, &used) == 1)
			text += used;
		if (first <= id && id <= last)
			return true;
		text += strspn(text, " \t\n\v\f\r");
		must(*text == ',' || *text == '\0');
		if (*text == '\0')
			return false;
	}
}

/* The shortest text for it. */
static void vlan_print(const struct vlan_policy *v, char *out, size_t size)
{
	size_t used = (size_t)sprintf(out, "%s", vlan_has(v, 0) ? "untagged" : "");
	unsigned last;

	for (unsigned id = 1; id <= 4094; id = last + 1) {
		for (last = id; vlan_has(v, id) && last < 4094 && vlan_has(v, last + 1);)
			last++;
		if (vlan_has(v, id))
			used += (size_t)snprintf(out + used, size - used, "%s%u-%u",
						 used ? "," : "", id, last);
		must(used < size);
	}
}

static void check_vlan(const char *text)
{
	static char shown[4096 * 12];
	struct vlan_policy got, again;
	char err[ERR_MAX] = "";
	int ret;

	memset(&got, 0x5a, sizeof(got));
	again = got;
	ret = vlan_policy_parse(text, &got, err, sizeof(err));
	if (ret < 0) {
		must(ret == -EINVAL && memcmp(&got, &again, sizeof(got)) == 0);
		must(*err && memchr(err, '\0', sizeof(err)));
		return;
	}
	must(got.mode == VLAN_NONE || got.mode == VLAN_TRUNK || got.mode == VLAN_LIST);
	must(!vlan_has(&got, 4095));
	if (got.mode != VLAN_LIST) {
		must(strstr(text, got.mode == VLAN_NONE ? "none" : "trunk"));
		return;
	}
	for (unsigned id = 0; id <= 4094; id += id < 10 || id > 4090 ? 1 : 17)
		must(vlan_has(&got, id) == ref_vlan_has(text, id));
	vlan_print(&got, shown, sizeof(shown));
	must(vlan_policy_parse(shown, &again, err, sizeof(err)) == 0);
	must(memcmp(&got, &again, sizeof(got)) == 0);
}

static void ip_print(const struct ip_list *list, char *out, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < list->n; i++) {
		const struct ip_prefix *e = &list->entry[i];

		must(e->bits <= (e->v6 ? 128 : 32));
		must(inet_ntop(e->v6 ? AF_INET6 : AF_INET, e->addr, addr, sizeof(addr)));
		used += (size_t)snprintf(out + used, size - used, "%s%s/%u", used ? "," : "", addr,
					 e->bits);
		must(used < size);
	}
}

/* A prefix covers its own address, and not one that differs in its last bit. */
static void check_prefix(const struct ip_prefix *e)
{
	struct ip_list one = {1, {*e}};
	uint8_t addr[16];

	memcpy(addr, e->addr, sizeof(addr));
	must(ip_list_has(&one, e->v6, addr) && !ip_list_has(&one, !e->v6, addr));
	if (e->bits < (e->v6 ? 128 : 32)) {
		addr[e->bits / 8] ^= (uint8_t)(0x80 >> e->bits % 8);
		must(ip_list_has(&one, e->v6, addr));
	}
	if (e->bits > 0) {
		addr[(e->bits - 1) / 8] ^= (uint8_t)(0x80 >> (e->bits - 1) % 8);
		must(!ip_list_has(&one, e->v6, addr));
	}
}

static void check_ips(const char *text)
{
	struct ip_list got, again;
	char err[ERR_MAX] = "", shown[IP_LIST_MAX * 64];
	int ret;

	memset(&got, 0x5a, sizeof(got));
	again = got;
	ret = ip_list_parse(text, &got, err, sizeof(err));
	if (ret < 0) {
		must((ret == -EINVAL || ret == -E2BIG) && memcmp(&got, &again, sizeof(got)) == 0);
		must(*err && memchr(err, '\0', sizeof(err)));
		return;
	}
	must(got.n <= IP_LIST_MAX);
	for (unsigned i = 0; i < got.n; i++)
		check_prefix(&got.entry[i]);
	ip_print(&got, shown, sizeof(shown));
	must(ip_list_parse(shown, &again, err, sizeof(err)) == 0 && again.n == got.n);
	must(memcmp(again.entry, got.entry, got.n * sizeof(got.entry[0])) == 0);
}

/* Each word of a text that was taken is an address by itself, and the next one in the list. */
static void check_macs(const char *text)
{
	struct mac_list got, before;
	char err[ERR_MAX] = "";
	uint8_t mac[6];
	unsigned n = 0;
	int ret;

	memset(&got, 0x5a, sizeof(got));
	before = got;
	ret = mac_list_parse(text, &got, err, sizeof(err));
	if (ret < 0) {
		must((ret == -EINVAL || ret == -E2BIG) && memcmp(&got, &before, sizeof(got)) == 0);
		must(*err && memchr(err, '\0', sizeof(err)));
		return;
	}
	must(got.n <= MAC_LIST_MAX);
	while (*text) {
		char word[18];

		if (sscanf(text, "%17[0-9a-fA-F:]", word) != 1) {
			text++;
			continue;
		}
		text += strlen(word);
		must(n < got.n && ref_mac(word, mac) && memcmp(mac, got.entry[n++], 6) == 0);
		must(mac_list_has(&got, mac));
	}
	must(n == got.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_vlan(text);
	check_ips(text);
	check_macs(text);
	free(text);
	return 0;
}
