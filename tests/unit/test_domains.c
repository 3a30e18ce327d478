/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a device when the hypervisor reports a change of its domain; and which guests
 * get devices back that are remembered. The hypervisor, xenstore and the devices are played here.
 */
#include <errno.h>
#include <stdio.h>

#include "backend/control/control_domains.h"
#include "backend/control/control_kept.h"
#include "backend/control/device.h"
#include "backend/control/device_kept.h"
#include "backend/control/device_list.h"
#include "backend/control/device_state.h"
#include "backend/kept/kept.h"
#include "tests/fake/hyp.h"
#include "tests/unit/tap.h"

static unsigned gone, thawed, frozen;
static uint8_t kept;  /* the first byte of the UUID of which something is remembered */
static bool homeless; /* the toolstack has not made the nodes of domains yet */
static char attached[64];
static bool locked;   /* by another program */
static bool refused;  /* devices cannot be made now */
static int unread;    /* why what is remembered cannot be read */
static unsigned loud; /* how often the log would say that */

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

bool device_has_home(struct control *c, unsigned domid)
{
	(void)c;
	(void)domid;
	return !homeless;
}

int control_kept_read(struct control *c, const char *uuid, struct kept *out)
{
	uint8_t bytes[16];

	(void)c;
	(void)out;
	return !uuid_parse(uuid, bytes) || bytes[0] != kept ? -ENOENT : unread;
}

bool control_kept_lock(struct control *c)
{
	(void)c;
	return !locked;
}

void control_kept_unlock(struct control *c)
{
	(void)c;
}

bool device_kept_attach(struct control *c, const struct dom_info *dom, const struct kept *k,
			bool again)
{
	size_t n = strlen(attached);

	(void)c;
	(void)k;
	loud += refused && !again;
	if (refused)
		return false;
	snprintf(attached + n, sizeof(attached) - n, "%u ", dom->domid);
	return true;
}

/*
 * state: e exists, d dying, s suspended, o stopped (off). frozen: the device is already. What
 * becomes of the device: g it goes, f it is frozen, t it runs (on), . nobody touches it.
 */
static const struct row {
	const char *name, *state;
	uint8_t uuid, known; /* the domain's, and the one that the device has: their first bytes */
	bool frozen;
	char becomes;
} rows[] = {
	{"runs", "e", 7, 7, false, 't'},
	{"is gone", "", 0, 7, false, 'g'},
	{"was never there", "", 0, 0, false, 'g'},
	{"is dying", "ed", 7, 7, false, 'g'},
	{"has another UUID", "e", 8, 7, false, 'g'},
	{"has a UUID that was not known", "e", 8, 0, false, 't'},
	{"is suspended", "es", 7, 7, false, 'f'},
	{"is gone and was suspended", "", 0, 7, true, 'g'},
	{"is dying and was suspended", "eds", 7, 7, true, 'g'},
	{"goes on after a checkpoint", "e", 7, 7, true, 't'},
	{"has stopped", "eo", 7, 7, false, 'g'},
	{"is dying and has stopped", "edo", 7, 7, false, 'g'},
};

static struct dom_info info_of(const struct row *r)
{
	return (struct dom_info){
		.exists = strchr(r->state, 'e'),
		.dying = strchr(r->state, 'd'),
		.suspended = strchr(r->state, 's'),
		.stopped = strchr(r->state, 'o'),
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
	struct device d = {.domid = 5, .uuid = {r->known}, .frozen = r->frozen};
	char became;

	TAILQ_INIT(&c.devices.all);
	TAILQ_INSERT_TAIL(&c.devices.all, &d, next);
	hyp_clear();
	*hyp_domain(5) = info_of(r);
	became = become(&c);
	ok(became == r->becomes, "a domain that %s makes of its device '%c'", r->name, became);
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
	struct control c = {.due.newcomers = true, .domains.again_ns = UINT64_MAX};

	hyp_clear();
	for (unsigned id = 1; id < HYP_DOMAINS; id++)
		*hyp_domain(id) = (struct dom_info){.exists = true, .uuid = {1}};
	kept = 7;
	*hyp_domain(3) = (struct dom_info){.exists = true, .dying = true, .uuid = {7}};
	*hyp_domain(4) = (struct dom_info){.exists = true, .suspended = true, .uuid = {7}};
	*hyp_domain(5) = (struct dom_info){.exists = true, .stopped = true, .uuid = {7}};
	is_int(control_welcome_back(&c), UINT64_MAX, "a domain on its way out is not waited for");
	is_str(attached, "", "a domain on its way out gets no devices back");
	*hyp_domain(190) = (struct dom_info){.exists = true, .uuid = {7}};
	control_welcome_back(&c);
	is_str(attached, "", "new domains are not looked at twice");
	c.due.newcomers = true;
	control_welcome_back(&c);
	is_str(attached, "190 ", "a new domain far behind others gets its devices back");
	c.due.newcomers = true;
	hyp_fail(EIO);
	control_welcome_back(&c);
	is_str(attached, "190 ", "an error of the hypervisor gives no devices back");
}

/* No event tells of its end. */
static void test_soft_reset(void)
{
	struct control c = {.due.newcomers = true, .now_ns = 1000};
	uint64_t again_ns;

	hyp_clear();
	attached[0] = '\0';
	kept = 7;
	*hyp_domain(5) =
		(struct dom_info){.exists = true, .stopped = true, .resetting = true, .uuid = {7}};
	again_ns = control_welcome_back(&c);
	ok(again_ns > c.now_ns && again_ns <= c.now_ns + 1000000000,
	   "a domain in a soft reset is looked at again soon");
	hyp_domain(5)->stopped = hyp_domain(5)->resetting = false;
	homeless = true;
	is_int(control_welcome_back(&c), again_ns,
	       "a domain in a soft reset is not looked at all the time");
	c.now_ns = again_ns;
	again_ns = control_welcome_back(&c);
	ok(again_ns > c.now_ns && again_ns < UINT64_MAX && !attached[0],
	   "a domain after a soft reset is waited for until the toolstack has made its nodes");
	homeless = false;
	c.now_ns = again_ns;
	is_int(control_welcome_back(&c), UINT64_MAX,
	       "a domain after a soft reset needs no more looks");
	is_str(attached, "5 ", "a domain after a soft reset gets its devices back");
}

/* No event tells when it would do. Returns whether it is looked at again, and is back then. */
static bool is_back_later(struct control *c)
{
	uint64_t again_ns;

	attached[0] = '\0';
	c->due.newcomers = true;
	again_ns = control_welcome_back(c);
	if (attached[0] || again_ns <= c->now_ns || again_ns > c->now_ns + 1000000000)
		return false;
	c->now_ns = again_ns;
	control_welcome_back(c);
	locked = refused = false;
	unread = 0;
	hyp_fail(0);
	c->now_ns += 1000000000;
	return control_welcome_back(c) == UINT64_MAX && strcmp(attached, "5 ") == 0;
}

static void test_again(void)
{
	struct control c = {.now_ns = 1000};

	hyp_clear();
	*hyp_domain(5) = (struct dom_info){.exists = true, .uuid = {7}};
	locked = true;
	ok(is_back_later(&c), "a guest is back when another program lets go of the files");
	unread = -EMFILE;
	ok(is_back_later(&c), "a guest is back when its file can be read");
	hyp_fail(EIO);
	ok(is_back_later(&c), "a guest is back when the hypervisor answers");
	loud = 0;
	refused = true;
	ok(is_back_later(&c), "a guest is back when its devices can be made");
	is_int(loud, 1, "the log says once that devices cannot be made");
	unread = -EBADMSG;
	c.due.newcomers = true;
	is_int(control_welcome_back(&c), UINT64_MAX, "a damaged file is not waited for");
	unread = 0;
	hyp_fail(EPERM);
	c.blind = true;
	c.due.newcomers = true;
	is_int(control_welcome_back(&c), UINT64_MAX,
	       "a hypervisor that may not be asked is not asked again");
	hyp_fail(0);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_check(&rows[i]);
	test_welcome();
	test_soft_reset();
	test_again();
	return done_testing();
}
