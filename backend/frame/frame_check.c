/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/frame_check.h"

#include <arpa/inet.h> /* for inet_pton() alone */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = {
	[FRAME_OK] = "ok",
	[FRAME_MALFORMED] = "malformed",
	[FRAME_SPOOF_MAC] = "spoof-mac",
	[FRAME_SPOOF_IP] = "spoof-ip",
	[FRAME_MAC_HELD] = "mac-held",
	[FRAME_SPOOF_TYPE] = "spoof-type",
	[FRAME_VLAN] = "vlan",
	[FRAME_CONTROL] = "control",
	[FRAME_SERVICE] = "service",
	[FRAME_HIDDEN] = "hidden",
	[FRAME_OVERSIZE] = "oversize",
	[FRAME_OFFLOAD] = "offload",
};
static_assert(sizeof(verdict_names) / sizeof(verdict_names[0]) == FRAME_VERDICTS,
	      "a name for each verdict");

const char *frame_verdict_name(enum frame_verdict verdict)
{
	return (unsigned int)verdict < FRAME_VERDICTS ? verdict_names[verdict] : "?";
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Parses decimal digits without sign, at most @max. Returns the text behind them, or NULL. */
static const char *parse_number(const char *s, unsigned int max, unsigned int *out)
{
	unsigned int value = 0;

	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		value = value * 10 + (unsigned int)(*s - '0');
		if (value > max)
			return NULL;
	}
	*out = value;
	return s;
}

/* Moves *@s behind the word "untagged" and the blanks that follow, if it is there. */
static bool parse_untagged(const char **s, struct vlan_policy *out)
{
	static const char word[] = "untagged";
	const char *p = skip_blanks(*s);

	if (strncmp(p, word, sizeof(word) - 1) != 0)
		return false;
	p = skip_blanks(p + sizeof(word) - 1);
	if (*p && *p != ',')
		return false;
	out->ids[0] |= 1;
	*s = p;
	return true;
}

/* Parses one member of a list at *@s and moves *@s behind it and the blanks that follow. */
static bool parse_vlan_member(const char **s, struct vlan_policy *out)
{
	unsigned int first, last;
	const char *p;

	if (parse_untagged(s, out))
		return true;
	p = parse_number(skip_blanks(*s), 4094, &first);
	if (!p)
		return false;
	last = first;
	p = skip_blanks(p);
	if (*p == '-') {
		p = parse_number(skip_blanks(p + 1), 4094, &last);
		if (!p)
			return false;
		p = skip_blanks(p);
	}
	if (first == 0 || first > last || (*p && *p != ','))
		return false;
	for (unsigned int id = first; id <= last; id++)
		out->ids[id / 64] |= UINT64_C(1) << id % 64;
	*s = p;
	return true;
}

int vlan_policy_parse(const char *text, struct vlan_policy *out, char *err, size_t errlen)
{
	struct vlan_policy got = {.mode = VLAN_LIST};
	const char *s = skip_blanks(text);

	if (strcmp(s, "none") == 0 || strcmp(s, "trunk") == 0) {
		got.mode = s[0] == 'n' ? VLAN_NONE : VLAN_TRUNK;
		*out = got;
		return 0;
	}
	for (;;) {
		if (!parse_vlan_member(&s, &got))
			break;
		if (*s == '\0') {
			*out = got;
			return 0;
		}
		s++;
	}
	s = skip_blanks(s);
	snprintf(err, errlen,
		 "\"%.*s\" is not a VLAN: none, trunk, or a list like untagged,10,30-40 of ids "
		 "1..4094",
		 (int)(strcspn(s, ",") < 32 ? strcspn(s, ",") : 32), s);
	return -EINVAL;
}

bool vlan_allows(const struct vlan_policy *policy, const struct frame_info *fi)
{
	unsigned int id = fi->tags ? (unsigned int)fi->vid : 0;

	if (policy->mode == VLAN_TRUNK)
		return true;
	if (fi->tags > 1 || fi->other_tag)
		return false;
	if (policy->mode == VLAN_NONE)
		return id == 0;
	return policy->ids[id / 64] >> id % 64 & 1;
}

int vlan_first(const struct vlan_policy *policy)
{
	if (policy->mode != VLAN_LIST)
		return -1;
	for (int id = 0; id < 4096; id++)
		if (policy->ids[id / 64] >> id % 64 & 1)
			return id ? id : -1;
	return -1;
}

#define IP_TEXT_MAX 64 /* bytes of one entry, more than the longest IPv6 prefix */

static bool parse_prefix(const char *text, size_t len, struct ip_prefix *out)
{
	char buf[IP_TEXT_MAX], *slash;
	const char *end;
	unsigned int bits;

	if (len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	slash = strchr(buf, '/');
	if (slash)
		*slash = '\0';
	memset(out, 0, sizeof(*out));
	out->v6 = strchr(buf, ':') != NULL;
	if (inet_pton(out->v6 ? AF_INET6 : AF_INET, buf, out->addr) != 1)
		return false;
	bits = out->v6 ? 128 : 32;
	if (slash) {
		end = parse_number(slash + 1, bits, &bits);
		if (!end || *end)
			return false;
	}
	out->bits = (uint8_t)bits;
	return true;
}

int ip_list_parse(const char *text, struct ip_list *out, char *err, size_t errlen)
{
	static const char separators[] = ", \t\r\n";
	struct ip_list got = {0};
	size_t len;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		len = strcspn(text, separators);
		if (got.n == IP_LIST_MAX) {
			snprintf(err, errlen, "more than %d addresses", IP_LIST_MAX);
			return -E2BIG;
		}
		if (!parse_prefix(text, len, &got.entry[got.n])) {
			snprintf(err, errlen, "\"%.*s\" is not an IPv4 or IPv6 address or prefix",
				 (int)(len < IP_TEXT_MAX ? len : IP_TEXT_MAX), text);
			return -EINVAL;
		}
		got.n++;
		text += len;
	}
	*out = got;
	return 0;
}

bool ip_list_has(const struct ip_list *list, bool v6, const uint8_t *addr)
{
	for (unsigned int i = 0; i < list->n; i++) {
		const struct ip_prefix *e = &list->entry[i];
		size_t whole = e->bits / 8;
		unsigned int rest = e->bits % 8;

		if (e->v6 != v6 || memcmp(e->addr, addr, whole) != 0)
			continue;
		if (rest == 0 || (e->addr[whole] ^ addr[whole]) >> (8 - rest) == 0)
			return true;
	}
	return false;
}
