/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a device when the hypervisor reports a change of its domain; and which guests
 * get devices back that were put aside. The hypervisor, xenstore and the devices are played here.
 */
#include <errno.h>
#include <stdio.h>

#include "backend/control/control_domains.h"
#include "backend/control/device.h"
#include "backend/control/device_state.h"
#include "backend/xen/nodes.h"
#include "tests/fake/hyp.h"
#include "tests/unit/tap.h"

static unsigned gone, thawed, frozen;
static uint8_t saved; /* the first byte of the UUID whose settings are put aside */
static char restored[64];

void device_gone(struct control *c, struct device *d)
{
	(void)c;
	(void)d;
	gone++;
}

void device_freeze(struct control *c, struct device *d, bool on)
{
	(void)c;
	(void)d;
	frozen += on;
	thawed += !on;
}

void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_LEN + 1])
{
	snprintf(out, UUID_TEXT_LEN + 1, "%u", uuid[0]);
}

bool nodes_saved(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
		 const char *uuid_text)
{
	char text[4];

	(void)xs;
	(void)backend_domid;
	(void)uplink;
	snprintf(text, sizeof(text), "%u", saved);
	return strcmp(text, uuid_text) == 0;
}

int nodes_restore(struct xs_conn *xs, unsigned backend_domid, const char *uplink,
		  const char *uuid_text, unsigned domid)
{
	size_t n = strlen(restored);

	(void)xs;
	(void)backend_domid;
	(void)uplink;
	(void)uuid_text;
	snprintf(restored + n, sizeof(restored) - n, "%u ", domid);
	return 1;
}

/*
 * state: e exists, d dying, s suspended, r rebooting. was: k its settings are kept already, f it is
 * frozen. What becomes of the device: g it goes, f it is frozen, t it runs (on), . nobody touches
 * it.
 */
static const struct row {
	const char *name, *state;
	uint8_t uuid, known; /* the domain's, and the one that the device has: their first bytes */
	const char *was;
	char becomes;
	bool keep;
} rows[] = {
	{"runs", "e", 7, 7, "", 't', false},
	{"is gone", "", 0, 7, "", 'g', false},
	{"was never there", "", 0, 0, "", 'g', false},
	{"is dying", "ed", 7, 7, "", 'g', false},
	{"has another UUID", "e", 8, 7, "", 'g', false},
	{"has a UUID that was not known", "e", 8, 0, "", 't', false},
	{"is suspended", "es", 7, 7, "", 'f', true},
	{"is gone and was suspended", "", 0, 7, "kf", 'g', true},
	{"is dying and was suspended", "eds", 7, 7, "kf", 'g', true},
	{"goes on after a checkpoint", "e", 7, 7, "kf", 't', false},
	{"reboots", "er", 7, 7, "", 't', true},
	{"is rebooting for a while", "er", 7, 7, "k", 't', true},
};

static struct dom_info info_of(const struct row *r)
{
	return (struct dom_info){
		.exists = strchr(r->state, 'e'),
		.dying = strchr(r->state, 'd'),
		.suspended = strchr(r->state, 's'),
		.rebooting = strchr(r->state, 'r'),
		.uuid = {r->uuid},
	};
}

static char become(struct control *c)
{
	gone = frozen = thawed = 0;
	control_check_domains(c);
	if (gone + frozen + thawed != 1)
		return gone + frozen + thawed ? '?' : '.';
	return gone ? 'g' : frozen ? 'f' : 't';
}

static void test_check(const struct row *r)
{
	struct control c = {.due.domains = true};
	struct device d = {.domid = 5,
			   .uuid = {r->known},
			   .keep = strchr(r->was, 'k'),
			   .frozen = strchr(r->was, 'f')};
	char became;

	TAILQ_INIT(&c.devices.all);
	TAILQ_INSERT_TAIL(&c.devices.all, &d, next);
	hyp_clear();
	*hyp_domain(5) = info_of(r);
	became = become(&c);
	ok(became == r->becomes, "a domain that %s makes of its device '%c'", r->name, became);
	ok(d.keep == r->keep, "a domain that %s has its settings %skept", r->name,
	   d.keep ? "" : "not ");
	ok(!c.due.domains, "a domain that %s is not looked at twice", r->name);

	hyp_fail(EIO);
	ok(become(&c) == '.', "a domain that %s changes nothing when the hypervisor fails",
	   r->name);
	hyp_fail(0);
	d.gone = true;
	ok(become(&c) == '.', "a domain that %s changes nothing when its device is going", r->name);
}

static void test_welcome(void)
{
	struct control c = {.due.newcomers = true};

	hyp_clear();
	for (unsigned id = 1; id < HYP_DOMAINS; id++)
		*hyp_domain(id) = (struct dom_info){.exists = true, .uuid = {1}};
	saved = 7;
	*hyp_domain(3) = (struct dom_info){.exists = true, .dying = true, .uuid = {7}};
	*hyp_domain(4) = (struct dom_info){.exists = true, .suspended = true, .uuid = {7}};
	*hyp_domain(5) = (struct dom_info){.exists = true, .rebooting = true, .uuid = {7}};
	control_welcome_back(&c);
	is_str(restored, "", "a domain on its way out gets no settings back");
	*hyp_domain(190) = (struct dom_info){.exists = true, .uuid = {7}};
	control_welcome_back(&c);
	is_str(restored, "190 ", "a new domain far behind others gets its settings back");
	ok(!c.due.newcomers, "new domains are not looked at twice");
	hyp_fail(EIO);
	control_welcome_back(&c);
	is_str(restored, "190 ", "an error of the hypervisor gives no settings back");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_check(&rows[i]);
	test_welcome();
	return done_testing();
}
