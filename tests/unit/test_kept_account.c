/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an account held, as text. */
#include "backend/kept/kept_account.h"

#include <errno.h>
#include <string.h>

#include "backend/kept/kept.h"
#include "tests/unit/tap.h"

static const char *const refused[] = {
	"",
	"tx=1",
	"tx=1 rx=2",
	"tx=1 rx=2 at=3",
	"tx=1 rx=2 at=3.000 ",
	"tx= rx=2 at=3.000",
	"tx=+1 rx=2 at=3.000",
	"tx=--1 rx=2 at=3.000",
	"tx=1  rx=2 at=3.000",
	"tx=1 rx=2 at=-3.000",
	"tx=1 rx=2 at=3.1000",
	"tx=1125899906842625 rx=2 at=3.000",
	"tx=99999999999999999999999999 rx=2 at=3.000",
	"tx=1 rx=2 at=4294967296.000",
	"TX=1 rx=2 at=3.000",
};

static void test_text(void)
{
	const struct kept_account a = {-1234, KEPT_BALANCE_MAX, 1764329400007};
	char text[KEPT_ACCOUNT_MAX];
	struct kept_account b;

	kept_account_format(&a, text);
	is_str(text, "tx=-1234 rx=1125899906842624 at=1764329400.007", "an account is written");
	ok(kept_account_parse(text, &b) && b.tx == a.tx && b.rx == a.rx && b.at_ms == a.at_ms,
	   "what was written is read");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok(!kept_account_parse(refused[i], &b), "\"%s\" is no account", refused[i]);
}

#define HEAD "[6fa459ea-ee8a-3ca4-894e-db77e160355e]\n"

static int parse(const char *text, struct kept *out)
{
	char err[KEPT_ERR_MAX];

	return kept_parse(text, strlen(text), out, err);
}

static void test_file(void)
{
	struct kept a, b;

	is_int(parse(HEAD "# account: tx=1 rx=2 at=3.000\n# end\n", &a), 0,
	       "an account is read with its device");
	is_str(a.device[0].account, "tx=1 rx=2 at=3.000", "as it was written");
	is_int(parse(HEAD "# end\n", &b), 0, "a device need not have one");
	ok(!kept_same(&a.device[0], &b.device[0]), "an account is a difference");
	kept_clear(&a);
	kept_clear(&b);
	is_int(parse(HEAD "# account: tx=1\n# end\n", &a), -EBADMSG, "a malformed one is refused");
	kept_clear(&a);
	is_int(parse("# account: tx=1 rx=2 at=3.000\n" HEAD "# end\n", &a), -EBADMSG,
	       "one before the first device is refused");
	kept_clear(&a);
}

int main(void)
{
	test_text();
	test_file();
	return done_testing();
}
