/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dmvlctl log says of groups, in words and as JSON. */
#include <stdlib.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_group.h"
#include "backend/ctl/logtext.h"
#include "tests/fake/store.h"
#include "tests/unit/tap.h"

#define BYTES (LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN)

static uint8_t mem[BYTES] __attribute__((aligned(64)));
static struct ctl ctl;

static void attach(struct ledger *l, uint32_t slot, uint32_t group)
{
	struct credit_id id = {.generation = 1, .ldp = record_ldp(slot + 1, 0)};

	ledger_attach(l, slot, &id, 256);
	ledger_set_group(l, slot, group);
}

/* Two members of group 3, which gets another weight; one lends to the other, then leaves. */
static void write_log(void)
{
	struct ledger *l = ledger_new(4, 0);
	struct ldplog_writer w;

	ledger_set_time(l, 1, 0);
	ldplog_format(mem, sizeof(mem), &(struct ldplog_id){.boot = "boot"});
	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
	attach(l, 0, 3);
	attach(l, 1, 3);
	ledger_set_group_weight(l, 3, 512);
	ledger_serve(l, 0, 2000);
	ledger_epoch(l, 1, 0);
	ledger_serve(l, 1, 100);
	ledger_epoch(l, 1, 0);
	ledger_set_group(l, 1, 0);
	ledger_epoch(l, 1, 0);
	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w); /* begins with a checkpoint, which is no news */
	ledger_free(l);
}

static const char *const words[] = {
	"dmvl-back was started",
	"1/0 is there with weight 256 and is owed 0 bytes",
	"group 3 has weight 256",
	"1/0 is in group 3",
	"2/0 is there with weight 256 and is owed 0 bytes",
	"2/0 is in group 3",
	"group 3 has weight 512",
	"2/0 lent 1,000 bytes to 1/0 inside group 3",
	"1/0 paid 50 bytes back to 2/0 inside group 3",
	"2/0 is in no group",
	"dmvl-back was started",
};

static void test_words(void)
{
	const size_t n = sizeof(words) / sizeof(*words);
	struct logtext text = {.ctl = &ctl};
	struct ldplog_reader r;
	char said[LOGTEXT_MAX];
	struct record rec;
	size_t at = 0;

	ldplog_reader_init(&r, mem);
	while (ldplog_read(&r, &rec) > 0) {
		if (!logtext_words(&text, &rec, 0, said))
			continue;
		is_str(said + strlen("00:00:00.000 "), at < n ? words[at] : "",
		       "line %zu of a log with groups is right", at + 1);
		at++;
	}
	is_int(at, n, "a log with groups has all its lines");
	logtext_free(&text);
}

static const struct {
	struct record r;
	const char *part;
} json[] = {
	{{.type = RECORD_ATTACH, .flags = 256 | 3u << RECORD_GROUP_SHIFT},
	 "\"weight\":256,\"group\":3,\"balance\":0}"},
	{{.type = RECORD_ATTACH, .flags = 256}, "\"weight\":256,\"balance\":0}"},
	{{.type = RECORD_LOAN, .bytes = 5, .flags = 1024u << RECORD_GROUP_SHIFT},
	 "\"bytes\":5,\"group\":1024,\"balance\":0}"},
	{{.type = RECORD_REPAY, .flags = RECORD_F_TAKEN | 1u << RECORD_GROUP_SHIFT},
	 "\"bytes\":0,\"group\":1,\"balance\":0,\"taken\":true}"},
	{{.type = RECORD_GROUP, .bytes = 3, .balance_after = 9},
	 "\"type\":\"group\",\"domain\":null,\"domid\":0,\"id\":0,\"group\":3,\"balance\":9}"},
	{{.type = RECORD_LIMIT, .bytes = 7, .peer = RECORD_LIMIT_MAX},
	 "\"type\":\"limit\",\"domain\":null,\"domid\":0,\"id\":0,\"bytes\":7,\"balance\":0,\"by\":"
	 "\"maximum\"}"},
	{{.type = RECORD_LIMIT, .peer = 99}, "\"by\":\"?\"}"},
	{{.type = RECORD_GROUP}, "\"group\":0,\"balance\":0}"},
	{{.type = RECORD_WEIGHT, .ldp = RECORD_NO_LDP, .bytes = 512, .peer = 3},
	 "\"type\":\"weight\",\"bytes\":512,\"group\":3}"},
};

static void test_json(void)
{
	struct logtext text = {.ctl = &ctl};

	for (size_t i = 0; i < sizeof(json) / sizeof(*json); i++) {
		struct json_object *o = logtext_json(&text, &json[i].r, "default", 0);
		const char *said = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

		ok(strstr(said, json[i].part), "a record as JSON has %s", json[i].part) ||
			(diag("%s", said), 0);
		json_object_put(o);
	}
	logtext_free(&text);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	store_clear();
	is_int(xs_conn_open(&ctl.xs), 0, "a xenstore in memory opens");
	write_log();
	test_words();
	test_json();
	xs_conn_close(ctl.xs);
	return done_testing();
}
