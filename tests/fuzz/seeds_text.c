/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs that are text: one of each notation, right and nearly right. */
#include "tests/fuzz/seeds.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *target, *text;
} texts[] = {
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
	{"lists", "02:00:00:00:00:0a, 02:00:5E:00:01:0b"},
	{"lists", "02:00:00:00:00:0a 03:00:00:00:00:01"},
	{"lists", "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
		  "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"},

	{"rec", "dmvl-record 1 1795874400000\nU 0 default\n"
		"D 0 0 7 1 6fa459ea-ee8a-3ca4-894e-db77e160355e web1\n"
		"K 0 256 1000000 0 0 2000000 tenant\nG 0 tenant 512 0 0 0 0\n"
		"T 0 1795874400100 100000\nC 10000000 0 125000 0\n"
		"F 0 t 125000 83 3000 100000 62500 125000 0 500 -500 5000000 3:80,10:3\n"
		"R 0 neighbour-full 2\nL t 7/1 8/0 500 lent\nM r 7/1 maximum 4000\n"
		"S 0 daemon-gone\nX 0\nE 1795874400200"},
	{"rec", "dmvl-record 2 1\nU 0 %22%3c%0a\nU 0 -\nU 0 --\nU 0 %00\nU 0 %4\nZ 1\nF 0 t 0 0 0 "
		"0 0 0 0 0 "
		"-9223372036854775808 18446744073709551615 23:1,23:2 more"},
	{"rec",
	 "T 0 18446744073709551616 0\nT 16 0 0\nF 4096 t\nL t 32767/65535 32768/0 1 lent\nE 1 2"},

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

	{"settings", "weight=512\nmac=00:16:3e:01:02:03\ntx-min=1000\ntx-max=2000\nvlan=5,7-9\n"
		     "allowed-ip=10.0.0.1\nlatency=low\nuplink=isp2\nmtu=9000\n--\nweight=51x\n"
		     "tx-max=10\nallowed-mac=02:00:00:00:00:0a\ncontrol-frames=1\nguest-services="
		     "2\nmac=x\nvlan=0\nallowed-ip=1.2.3\nrx-min=2\nrx-max=1\nspoof-check=2"},
	{"settings", "state=4\nring-order=12\nprotocol-version=1\nfeature-tso4=1\nfeature-uso=0\n"
		     "demand=18446744073709551615\nlog-offset=00000000000000000000000000000000000"
		     "0000000000000000000000000000000000001"},

	{"policy", "[default]\nweight = 5\n[web*]\ntx-min = 40% ; part\n[web1/2]\nattach = no\n"},
	{"policy",
	 "\xef\xbb\xbf# x\r\n[6fa459ea-ee8a-3ca4-894e-db77e160355e/1]\r\n mac=02:00:00:00:00:01"},
	{"policy",
	 "[a guest]\nallowed-ip = 10.0.0.1, 10.0.0.2\n\tfd00::1\n\n  ,fd00::/8\nvlan = 1\n"},
	{"policy", "[group g]\nuplink = u\ntx-max = 5mbit\n[uplink u]\nhost-min = 1%\n"},
	{"policy", "weight = 5\n[a\n[b] c\n[c/x]\n[a]\nlatency : low\n[a]\nweigth = 5\nx\n= 3\n"},
	{"policy",
	 "[web[12]] ; ]\n[x/1/0]\n[default/1]\n[group]\nmtu = 1500 # no\nmtu = 1\nmtu = 1400\n"},
	{"policy", "[default]\ntx-max = 1mbit\nmac = 02:00:00:00:00:01\n[a]\ntx-min = 2mbit\n"},

	{"whatif", "weight=600\ndmvl-record 1 1795874400000\nU 0 default\n"
		   "D 0 0 7 0 6fa459ea-ee8a-3ca4-894e-db77e160355e web1\n"
		   "D 1 0 8 0 6fa459ea-ee8a-3ca4-894e-db77e160355f web2\n"
		   "K 0 256 1000000 0 0 2000000 tenant\nK 1 256 0 5000000 0 0 -\n"
		   "G 0 tenant 512 2000000 9000000 0 0\n"
		   "T 0 1795874400100 100000\nC 20000000 0 250000 0\n"
		   "F 0 t 225000 150 3000 100000 62500 125000 0 500 -500 5000000 3:80,10:3\n"
		   "F 1 t 25000 17 0 0 62500 125000 0 500 -500 5000000 3:80,10:3\n"
		   "T 0 1795874400200 100000\nC 20000000 0 250000 0\n"
		   "F 0 t 225000 150 3000 100000 62500 125000 0 500 -500 5000000 3:80,10:3\n"
		   "X 1\nS 0 daemon-gone\nX 0\n"
		   "D 0 0 9 0 6fa459ea-ee8a-3ca4-894e-db77e160355e web1\n"
		   "T 0 1795874400300 50000\nC 10000000 0 50000 0\nE 1795874400300"},
	{"whatif", "weight=9 group=b\n*1500 D 0 0 7 0 6fa459ea-ee8a-3ca4-894e-db77e1600000 a\n"
		   "*1500 K 0 1 1 8000 1 1 g\nT 0 100 100000\nC 1000000000000 0 12500000000 0\n"
		   "*1500 F 0 t 18446744073709551615 307445734561825860 0 0 0 0 0 0 0 0 -\n"
		   "T 0 200 60000001\nC 1 1 1 1\n"},
	{"whatif",
	 "\nD 4095 0 7 0 6fa459ea-ee8a-3ca4-894e-db77e1600000 -\n"
	 "T 0 18446744073709551615 100000\nC 0 0 1 0\n"
	 "F 4095 t 18446744073709551615 1 18446744073709551615 18446744073709551615 0 0 0 "
	 "0 0 0 23:18446744073709551615\nT 0 0 18446744073709551615\nC 1 0 1 0\n"
	 "F 4095 t 1 18446744073709551615 18446744073709551615 0 0 0 0 0 0 0 -\nT 0 5 1\n"
	 "C 1000000000000 0 18446744073709551615 0\nF 4095 t 1 1 1 1 1 1 1 1 1 1 -\nT 0 0 9"},
	/* Three greedy devices on a fast link, without keys. */
	{"whatif", "\n*3 D 0 0 7 0 6fa459ea-ee8a-3ca4-894e-db77e1600000 a\n"
		   "*3 K 0 200 0 0 0 0 -\nT 0 100 100000\nC 1000000000000 0 12500000000 0\n"
		   "*3 F 0 t 4166000000 2777000 30000000 100000 0 0 0 0 0 0 -\n"
		   "T 0 200 100000\nC 1000000000 0 12500000 0\n"
		   "*3 F 0 t 4166000 2777 30000 100000 0 0 0 0 0 0 -\nT 0 300 1\n"},
	/* More rows than there may be. */
	{"whatif", "\n*4096 D 0 0 7 0 6fa459ea-ee8a-3ca4-894e-db77e1600000 a\n"
		   "*4 D 0 0 7 1 6fa459ea-ee8a-3ca4-894e-db77e1600000 b\nT 0 100 100\n"},
};

void seeds_texts(void)
{
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		seeds_begin();
		seeds_add(texts[i].text, (uint32_t)strlen(texts[i].text));
		seeds_end(texts[i].target, "text", i);
	}
}
