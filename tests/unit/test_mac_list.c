/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of MAC addresses, and who owns one. */
#include "backend/frame/mac_list.h"

#include <errno.h>

#include "backend/frame/mac_owners.h"
#include "tests/unit/tap.h"

#define A "02:00:00:00:00:0a"

static void test_parse(void)
{
	static const struct {
		const char *text;
		int ret;
		unsigned n;
		const char *err;
	} rows[] = {
		{"", 0, 0, ""},
		{" , ", 0, 0, ""},
		{A, 0, 1, ""},
		{A ", 02:00:5E:00:01:0B  02:00:00:00:00:0c", 0, 3, ""},
		{"02:00:00:00:00", -EINVAL, 0, "\"02:00:00:00:00\" is not"},
		{"02:00:00:00:00:0a:0b", -EINVAL, 0, "\"02:00:00:00:00:0a:0b\" is not"},
		{"02-00-00-00-00-0a", -EINVAL, 0, "\"02-00-00-00-00-0a\" is not"},
		{"02:00:00:00:00: a", -EINVAL, 0, "\"02:00:00:00:00:\" is not"},
		{"02:00:00:00:00:0g", -EINVAL, 0, "\"02:00:00:00:00:0g\" is not"},
		{"01:00:5e:00:00:01", -EINVAL, 0, "\"01:00:5e:00:00:01\" is not"},
		{"00:00:00:00:00:00", -EINVAL, 0, "\"00:00:00:00:00:00\" is not"},
		{A " any", -EINVAL, 0, "\"any\" is not"},
		{A " " A " " A " " A " " A " " A " " A " " A " " A " " A " " A " " A " " A " " A
		   " " A " " A " " A,
		 -E2BIG, 0, "more than 16 "},
	};
	struct mac_list list;
	char err[160];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		list.n = 99;
		err[0] = '\0';
		is_int(mac_list_parse(rows[i].text, &list, err, sizeof(err)), rows[i].ret,
		       "allowed-mac \"%.40s\" is %s", rows[i].text,
		       rows[i].ret ? "refused" : "taken");
		is_int(list.n, rows[i].ret ? 99 : rows[i].n,
		       "allowed-mac \"%.40s\" gives as many entries as it should", rows[i].text);
		ok(strncmp(err, rows[i].err, strlen(rows[i].err)) == 0,
		   "allowed-mac \"%.40s\" gives the right sentence", rows[i].text);
	}
	mac_list_parse(A ", 02:00:5E:00:01:0B", &list, NULL, 0);
	ok(mac_list_has(&list, (const uint8_t *)"\x02\0\x5e\0\x01\x0b"), "an entry is in the list");
	ok(!mac_list_has(&list, (const uint8_t *)"\x02\0\x5e\0\x01\x0c"),
	   "an address beside an entry is not in the list");
}

static void test_owners(void)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct mac_owners *o = mac_owners_new();

	is_int(mac_owners_find(o, mac, 1), MAC_OWNER_NONE, "an unknown address has no owner");
	mac_owners_add(o, mac, 1);
	mac_owners_add(o, mac, 1);
	is_int(mac_owners_find(o, mac, 1), MAC_OWNER_SELF, "a guest owns its address");
	is_int(mac_owners_find(o, mac, 2), MAC_OWNER_OTHER, "a guest does not own another's");
	mac_owners_add(o, mac, 2);
	is_int(mac_owners_find(o, mac, 2), MAC_OWNER_SELF, "two guests may own one address");
	mac_owners_remove(o, mac, 1);
	is_int(mac_owners_find(o, mac, 1), MAC_OWNER_SELF, "what was added twice is there twice");
	mac_owners_remove(o, mac, 1);
	is_int(mac_owners_find(o, mac, 1), MAC_OWNER_OTHER, "what was removed is gone");
	mac_owners_remove(o, mac, 3);
	is_int(mac_owners_find(o, mac, 2), MAC_OWNER_SELF, "nobody removes another's");
	mac_owners_free(o);
}

int main(void)
{
	test_parse();
	test_owners();
	return done_testing();
}
