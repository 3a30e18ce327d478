/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/remedy.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 3
#define WORD_MAX  64

/*
 * Beginnings of sentences, in which a '*' stands for a word of the characters below, and the
 * commands: $1 to $3 are these words, $S is the uplink or device.
 */
static const struct remedy {
	const char *sentence, *command[FINDING_COMMANDS];
} remedies[] = {
	{"there is no bridge *",
	 {"ip link add $1 type bridge", "ip link set $1 up    # and add its other ports"}},
	{"the bridge * does not exist",
	 {"ip link add $1 type bridge", "ip link set $1 up    # and add its other ports"}},
	{"the bridge * is down", {"ip link set $1 up"}},
	{"the bridge * has its port * disabled",
	 {"ip link set $2 carrier on", "bridge link set dev $2 state 3"}},
	{"the bridge * blocks its port *",
	 {"ip link set $1 type bridge stp_state 0    # only if no other path leads there"}},
	{"the bridge * does not forward frames of *",
	 {"bridge link show    # spanning tree: it forwards after its forward delay"}},
	{"the TAP * is in the bridge * and not in *", {"ip link set $1 master $3"}},
	{"the TAP * is not in the bridge *", {"ip link set $1 master $2"}},
	{"the TAP * was renamed to *",
	 {"ip link set $2 down && ip link set $2 name $1", "ip link set $1 up"}},
	{"the TAP * is down", {"ip link set $1 up"}},
	{"the macvtap * was renamed to *",
	 {"ip link set $2 down && ip link set $2 name $1", "ip link set $1 up"}},
	{"the macvtap * is down", {"ip link set $1 up"}},
	{"the interface * below the macvtap is down", {"ip link set $1 up"}},
	{"there is no interface * below the macvtap: it was renamed to *",
	 {"ip link set $2 down && ip link set $2 name $1", "ip link set $1 up"}},
	{"there is no interface * below the macvtap",
	 {"ip link    # is it in another network namespace? If it is made again, dmvl-back takes "
	  "it"}},
	{"*, by which frames leave the host, has no link",
	 {"ip link set $1 up", "ethtool $1    # if it is up: the cable, and its far end"}},
	{"*, by which frames left the host, is not in the bridge *", {"ip link set $1 master $2"}},
	{"*, by which frames left the host, does not exist any more",
	 {"ip link    # is it there under another name, or in another network namespace?"}},
	{"tx-capacity 0: it cannot be measured",
	 {"dmvlctl uplink $S tx-capacity=1gbit    # or what the link carries"}},
	{"cannot map the guest's rings: cannot open /dev/xen/*: is the module * loaded",
	 {"modprobe $2", "echo $2 >>/etc/modules-load.d/dmvl-local.conf"}},
	{"the guest sends from MAC *, its MAC is *",
	 {"dmvlctl show $S    # in the guest, use $2; spoof-check=0 is for guests that are "
	  "bridges"}},
	{"this uplink has", {"dmvlctl list    # which devices are not needed?"}},
};

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._-/@", c));
}

/* Of a MAC address: a colon belongs to it if something follows. */
static size_t word_length(const char *text)
{
	size_t len = 0;

	while (is_of_word(text[len]) || (text[len] == ':' && is_of_word(text[len + 1])))
		len++;
	return len;
}

static bool matches(const char *sentence, const char *pattern, char word[WORDS_MAX][WORD_MAX])
{
	int words = 0;

	for (; *pattern; pattern++) {
		size_t len;

		if (*pattern != '*') {
			if (*sentence++ != *pattern)
				return false;
			continue;
		}
		len = word_length(sentence);
		if (len == 0 || len >= WORD_MAX || words == WORDS_MAX)
			return false;
		snprintf(word[words++], WORD_MAX, "%.*s", (int)len, sentence);
		sentence += len;
	}
	return true;
}

static void fill(char out[FINDING_COMMAND_MAX], const char *command, const char *subject,
		 char word[WORDS_MAX][WORD_MAX])
{
	size_t used = 0;

	out[0] = '\0';
	for (; *command && used < FINDING_COMMAND_MAX - 1; command++) {
		const char *what = NULL;

		if (command[0] == '$')
			what = command[1] == 'S' ? subject : word[command[1] - '1'];
		if (what) {
			used += (size_t)snprintf(out + used, FINDING_COMMAND_MAX - used, "%s",
						 what);
			command++;
		} else {
			out[used++] = *command;
			out[used] = '\0';
		}
	}
}

bool remedy_of(struct finding_row *f, const char *sentence, const char *subject)
{
	char word[WORDS_MAX][WORD_MAX], command[FINDING_COMMAND_MAX];

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		const struct remedy *r = &remedies[i];

		if (!matches(sentence, r->sentence, word))
			continue;
		for (int n = 0; n < FINDING_COMMANDS && r->command[n]; n++) {
			fill(command, r->command[n], subject, word);
			finding_do(f, "%s", command);
		}
		return true;
	}
	return false;
}

int remedy_key(const char *sentence, enum schema_area area)
{
	char name[WORD_MAX];
	size_t len = strcspn(sentence, " :");

	if (len == 0 || len >= sizeof(name))
		return -ENOENT;
	snprintf(name, sizeof(name), "%.*s", (int)len, sentence);
	return schema_lookup(area, name);
}

bool remedy_of_key(struct finding_row *f, const char *sentence, enum schema_area area,
		   const char *command, const char *dir)
{
	int key = remedy_key(sentence, area);
	const struct schema_entry *e;
	char path[SCHEMA_PATH_MAX];

	if (key < 0)
		return false;
	if (strstr(sentence, " is scaled down")) {
		finding_do(f, "dmvlctl uplinks    # what the uplink carries, for all minima");
		return true;
	}
	e = schema_entry((enum schema_key)key);
	if (e->owner != SCHEMA_BY_OPERATOR && e->owner != SCHEMA_BY_ATTACH)
		return false;
	if (e->dflt && e->effect != SCHEMA_EFFECT_ATTACH)
		finding_do(f, "%s %s=%s    # the default; or another value", command, e->name,
			   e->dflt);
	else if (schema_key_path(path, sizeof(path), dir, (enum schema_key)key) >= 0)
		finding_do(f, "xenstore-rm %s", path);
	return true;
}

void remedy_journal(struct finding_row *f, const char *uplink)
{
	if (access("/run/systemd/system", F_OK) == 0)
		finding_do(f, "journalctl -u dmvl-back@%s    # what it says of that", uplink);
	else
		finding_do(f, "dmvlctl uplink %s    # its keys; its log says more", uplink);
}
