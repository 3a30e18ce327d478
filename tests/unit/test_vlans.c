/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the ports of a bridge that filters VLANs pass those in which guests send. */
#include "backend/ctl/check/vlans.h"

#include "tests/unit/tap.h"

static void test_text(void)
{
	static struct vlans p;

	vlans_parse(&p, "7,20-22u,1pu,4094");
	ok(p.in[1] && p.in[7] && p.in[20] && p.in[21] && p.in[22] && p.in[4094],
	   "a port is in all VLANs of the text");
	ok(!p.in[0] && !p.in[8] && !p.in[19] && !p.in[23], "a port is in no other VLAN");
	is_int(p.untagged, 1, "untagged frames are in the VLAN that is pvid and untagged");
	vlans_parse(&p, "5p,6u");
	is_int(p.untagged, 0, "a VLAN that is one of the two has them one way only");
	vlans_parse(&p, "");
	ok(!p.in[1] && !p.untagged, "a port without VLANs is in none");
}

/* What frames in VLAN id lack where the TAP and two exits have these VLANs. */
static void lacks(const char *tap, const char *one, const char *two, unsigned id,
		  enum vlan_lack want, unsigned want_vid)
{
	static struct vlan_ports p;
	unsigned vid;

	vlans_parse(&p.tap, tap);
	vlans_parse(&p.exit[0], one ? one : "");
	vlans_parse(&p.exit[1], two ? two : "");
	p.exits = one ? two ? 2 : 1 : 0;
	is_int(vlans_judge(&p, id, &vid), want, "TAP %s, exits %s and %s, VLAN %u: what is lacking",
	       tap, one ? one : "none", two ? two : "none", id);
	is_int(vid, want_vid, "TAP %s, exits %s and %s, VLAN %u: the VLAN in the bridge", tap,
	       one ? one : "none", two ? two : "none", id);
}

static void test_judge(void)
{
	lacks("1pu", "1pu", NULL, 0, VLAN_LACKS_NOTHING, 1);
	lacks("5pu", "5", NULL, 0, VLAN_LACKS_NOTHING, 5);
	lacks("", "1pu", NULL, 0, VLAN_LACKS_UNTAGGED, 0);
	lacks("5p", "5", NULL, 0, VLAN_LACKS_UNTAGGED, 0);
	lacks("5pu", "1pu", NULL, 0, VLAN_LACKS_EXIT, 5);
	lacks("1pu", "1pu,10", NULL, 10, VLAN_LACKS_TAP, 10);
	lacks("1pu,10", "1pu", NULL, 10, VLAN_LACKS_EXIT, 10);
	lacks("1pu,10", "1pu,5-12", NULL, 10, VLAN_LACKS_NOTHING, 10);
	lacks("1pu,10", "1pu", "10", 10, VLAN_LACKS_NOTHING, 10);
	lacks("1pu,10", NULL, NULL, 10, VLAN_LACKS_NOTHING, 10);
}

int main(void)
{
	test_text();
	test_judge();
	return done_testing();
}
