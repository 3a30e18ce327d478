/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs that are text: one of each notation, right and nearly right. */
#include "tests/fuzz/seeds.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *target, *text;
} texts[] = {
	{"units", "10mbit"},
	{"units", "1.5gbit"},
	{"units", "5mbps"},
	{"units", "64kibps"},
	{"units", "7tibit"},
	{"units", "10Mb/s"},
	{"units", "3GB/s"},
	{"units", "8kbit/s"},
	{"units", "10Mbps"},
	{"units", "10m"},
	{"units", "12 mbit"},
	{"units", "-1"},
	{"units", "0.123456789012345678s"},
	{"units", "500us"},
	{"units", "3ns"},
	{"units", "10ms"},
	{"units", "64kib"},
	{"units", "2Gib"},
	{"units", "1mib"},
	{"units", "64k"},
	{"units", "18446744073709551615"},
	{"units", "18446744073709551616"},
	{"units", "18446744073709551619"},
	{"units", "18446744073709551.616kbit"},
	{"units", "18446744073709551616bit"},
	{"units", "18446744073709551616ns"},
	{"units", "2305843009213693952bps"},
	{"units", "18014398509481984kib"},
	{"units", "1.5bit"},
	{"units", "0.0005us"},
	{"units", "999999"},

	{"lists", "none"},
	{"lists", "trunk"},
	{"lists", "1,10, 20 - 30,4094"},
	{"lists", "4095"},
	{"lists", "0"},
	{"lists", "0-5"},
	{"lists", "6-5"},
	{"lists", "4294967297"},
	{"lists", "1.2.3.4/24/"},
	{"lists", "::1/129"},
	{"lists", "5-"},
	{"lists", "7,"},
	{"lists", "10.0.0.1,10.64.0.0/10 fd00::1 2001:db8::/33"},
	{"lists", "0.0.0.0/0,::/0,::ffff:1.2.3.4/128"},
	{"lists", "10.0.0.1/33"},
	{"lists", "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
		  "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"},

	{"schema", "bweight=512"},
	{"schema", "btx-max=1000000000000"},
	{"schema", "btx-burst=65536"},
	{"schema", "bcredit-balance=-9223372036854775808"},
	{"schema", "bweight=0"},
	{"schema", "bweight=65536"},
	{"schema", "bcredit=18446744073709551615"},
	{"schema", "bcredit=18446744073709551616"},
	{"schema", "bcredit=18446744073709551620"},
	{"schema", "fdemand=184467440737095516150"},
	{"schema", "bcredit-balance=9223372036854775808"},
	{"schema", "bcredit-balance=-9223372036854775809"},
	{"schema", "bonline=1"},
	{"schema", "bonline=2"},
	{"schema", "blatency=low"},
	{"schema", "bstate=4"},
	{"schema", "bmac=00:16:3e:0a:0B:0c"},
	{"schema", "bmac=01:16:3e:0a:0B:0c"},
	{"schema", "bmac=00:00:00:00:00:00"},
	{"schema", "bgeneration=0123456789abcdef"},
	{"schema", "buplink=a.b-c_1"},
	{"schema", "buplink=.."},
	{"schema", "buplink=-a"},
	{"schema", "buplink=a/b"},
	{"schema", "bfrontend=/local/domain/7/device/dmvl/0"},
	{"schema", "ballowed-ip=10.0.0.1"},
	{"schema", "berror=it is"},
	{"schema", "urepayment=0.25"},
	{"schema", "urepayment=1.000001"},
	{"schema", "urepayment=0.0000001"},
	{"schema", "ukind=macvtap"},
	{"schema", "fvchan/ring-ref=8"},
	{"schema", "fring-order=12"},
	{"schema", "/local/domain/0/backend/dmvl/7/65535/weight"},
	{"schema", "/local/domain/0/backend/dmvl/32751/0"},
	{"schema", "/local/domain/0/backend/dmvl/32752/0"},
	{"schema", "/local/domain/0/backend/dmvl/7/65536"},
	{"schema", "/local/domain/0/backend/dmvl/4294967303/0"},

	{"settings",
	 "weight=512\nmac=00:16:3e:01:02:03\ntx-min=1000\ntx-max=2000\nvlan=5,7-9\n"
	 "allowed-ip=10.0.0.1\nlatency=low\nuplink=isp2\nmtu=9000\n--\nweight=51x\n"
	 "tx-max=10\nmac=x\nvlan=0\nallowed-ip=1.2.3\nrx-min=2\nrx-max=1\nspoof-check=2"},
	{"settings", "state=4\nring-order=12\nprotocol-version=1\nfeature-tso4=1\nfeature-uso=0\n"
		     "demand=18446744073709551615\nlog-offset=00000000000000000000000000000000000"
		     "0000000000000000000000000000000000001"},
	{"view",
	 "weight=512\nmac=00:16:3e:01:02:03\ntx-max=2000\ntx-burst=65536\nstate=4\nonline=1\n"
	 "error=a \"b\"\ncredit-balance=-5\ndemand=x\x1b[2J\nfeature-tso4=7\nlatency=low"},

	{"ctl", "7/0\nweight=512\ntx-max=10mbit\ntx-burst=64kib\nmac=00:16:3E:01:02:03"},
	{"ctl", "web1\nvlan=10,20-30\nallowed-ip=10.0.0.0/8,fd00::1\nlatency=low\nspoof-check=0"},
	{"ctl", "01234567-89AB-cdef-0123-456789abcdef/65535\nuplink=isp2\nmtu=9000\nflood-rate=0"},
	{"ctl", "32752\nrx-min=2gbit\nrx-max=1gbit"},
	{"ctl", "7/65536"},
	{"ctl", "4294967296/4294967296"},
	{"ctl", "a/b/3\nstate=4"},
	{"ctl", "0\nweight=0"},
	{"ctl", "0\nmtu=67"},
	{"ctl", "0\nuplink=a/b"},
	{"ctl", "0\nvlan=0"},
	{"ctl", "0\nallowed-ip=1.2.3"},
	{"ctl", "0\ncredit=5\nweight"},
	{"ctl", "0\nweight=1\nweight=2"},

	{"options", "--uplink\ntap:dmvl-up,bridge=xenbr0\n-n\nisp2\n--tx-capacity=10mbit"},
	{"options", "--uplink=macvtap:eth0\n--take-over\n--rx-capacity\n1gbit\n-t"},
	{"options", "--uplink=tap:a\n--run-dir\n/run/x\n--log-level\ndebug"},
	{"options", "--uplink=tap:%d\n--take-over"},
	{"options", "-i\n7\n--ifname\ndmvl7\n--ring-order=12\n--log-level=error"},
	{"options", "--uplink=tap:sixteen-letters-"},
	{"options", "--uplink=tap:a,bridge=sixteen-letters-"},
	{"options", "tap:a-name-that-is-longer-than-all-that-an-uplink-is-made-of"},
	{"options", "--uplink=tap:a\n-n\na/b"},
	{"options", "--uplink=tap:a\n--tx-capacity=2tbit"},
	{"options", "--uplink=tap:a\n--frame-cost=65537"},
	{"options", "-i\n65536"},
	{"options", "--ring-order=11"},
	{"options", "--ring-order=21"},
	{"options", "--ifname\na/b"},
	{"options", "-h"},
	{"options", "--version"},
	{"options", "--frobnicate\nx"},
	{"options", "-i"},
};

void seeds_texts(void)
{
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		seeds_begin();
		seeds_add(texts[i].text, (uint32_t)strlen(texts[i].text));
		seeds_end(texts[i].target, "text", i);
	}
}
