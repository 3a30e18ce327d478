/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: `lines` says for each type of record which words a line has, and where in
 * struct rec each of them is. Printing and parsing both walk through it.
 */
#include "backend/ctl/record/rec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/uuid.h"

#define WORDS_MAX  13
#define DOMID_MAX  UINT64_C(0x7fff)
#define ID_MAX	   UINT64_C(0xffff)
#define NUMBER_MAX UINT64_MAX

enum kind { END, U32, U64, S64, DIR, LDP, UUID, TEXT, WAITS };

struct word {
	enum kind kind;
	size_t at;
	uint64_t max; /* of U32 */
};

#define WORD_U32(field, max)                          \
	{                                             \
		U32, offsetof(struct rec, field), max \
	}
#define WORD(kind, field)                                     \
	{                                                     \
		kind, offsetof(struct rec, field), NUMBER_MAX \
	}
#define WORD_UPLINK WORD_U32(uplink, REC_UPLINKS_MAX - 1)
#define WORD_DEVICE WORD_U32(device, REC_DEVICES_MAX - 1)
#define WORDS_LIMITS                                                                  \
	WORD_U32(limits.weight, UINT32_MAX), WORD(U64, limits.min_bps[REC_TX]),       \
		WORD(U64, limits.max_bps[REC_TX]), WORD(U64, limits.min_bps[REC_RX]), \
		WORD(U64, limits.max_bps[REC_RX])

static const struct {
	char letter;
	struct word word[WORDS_MAX + 1];
} lines[REC_TYPES] = {
	[REC_UPLINK] = {'U', {WORD_UPLINK, WORD(TEXT, name)}},
	[REC_DEVICE] = {'D',
			{WORD_DEVICE, WORD_UPLINK, WORD_U32(domid, DOMID_MAX), WORD_U32(id, ID_MAX),
			 WORD(UUID, uuid), WORD(TEXT, name)}},
	[REC_KEYS] = {'K', {WORD_DEVICE, WORDS_LIMITS, WORD(TEXT, group)}},
	[REC_GROUP] = {'G', {WORD_UPLINK, WORD(TEXT, name), WORDS_LIMITS}},
	[REC_GONE] = {'X', {WORD_DEVICE}},
	[REC_TIME] = {'T', {WORD_UPLINK, WORD(U64, end_ms), WORD(U64, us)}},
	[REC_CAPACITY] = {'C',
			  {WORD(U64, capacity_bps[REC_TX]), WORD(U64, capacity_bps[REC_RX]),
			   WORD(U64, uplink_bytes[REC_TX]), WORD(U64, uplink_bytes[REC_RX])}},
	[REC_FLOW] = {'F',
		      {WORD_DEVICE, WORD(DIR, dir), WORD(U64, flow.bytes), WORD(U64, flow.frames),
		       WORD(U64, flow.waiting_bytes), WORD(U64, flow.backlogged_us),
		       WORD(U64, flow.entitled_bytes), WORD(U64, flow.had_bytes),
		       WORD(U64, flow.lent_bytes), WORD(U64, flow.borrowed_bytes),
		       WORD(S64, flow.balance_bytes), WORD(U64, flow.outlook_bps),
		       WORD(WAITS, flow.wait)}},
	[REC_DROP] = {'R', {WORD_DEVICE, WORD(TEXT, name), WORD(U64, bytes)}},
	[REC_LOAN] = {'L',
		      {WORD(DIR, dir), WORD(LDP, giver), WORD(LDP, taker), WORD(U64, bytes),
		       WORD(TEXT, name)}},
	[REC_LIMIT] = {'M', {WORD(DIR, dir), WORD(LDP, giver), WORD(TEXT, name), WORD(U64, bytes)}},
	[REC_GAP] = {'S', {WORD_UPLINK, WORD(TEXT, name)}},
	[REC_END] = {'E', {WORD(U64, end_ms)}},
};

/* --- words to print --------------------------------------------------------------------------- */

static bool is_plain(char c)
{
	return c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+:", c);
}

static size_t print_text(char *out, const char *text)
{
	size_t n = 0;

	if (!*text)
		return (size_t)sprintf(out, "-");
	for (size_t i = 0; i < REC_TEXT_MAX && text[i]; i++) {
		if (is_plain(text[i]) || (text[i] == '-' && i > 0))
			out[n++] = text[i];
		else
			n += (size_t)sprintf(out + n, "%%%02x", (unsigned char)text[i]);
	}
	return n;
}

static size_t print_waits(char *out, const uint64_t wait[STATS_BUCKETS])
{
	size_t n = 0;

	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		if (wait[i])
			n += (size_t)sprintf(out + n, "%s%u:%" PRIu64, n ? "," : "", i, wait[i]);
	return n ? n : (size_t)sprintf(out, "-");
}

static size_t print_uuid(char *out, const uint8_t uuid[16])
{
	uuid_format(uuid, out);
	return UUID_TEXT_LEN;
}

static size_t print_word(char *out, const struct word *w, const void *from)
{
	switch (w->kind) {
	case U32:
		return (size_t)sprintf(out, "%" PRIu32, *(const uint32_t *)from);
	case U64:
		return (size_t)sprintf(out, "%" PRIu64, *(const uint64_t *)from);
	case S64:
		return (size_t)sprintf(out, "%" PRId64, *(const int64_t *)from);
	case DIR:
		return (size_t)sprintf(out, "%c", *(const uint32_t *)from == REC_TX ? 't' : 'r');
	case LDP:
		return (size_t)sprintf(out, "%u/%u", *(const uint32_t *)from >> 16,
				       *(const uint32_t *)from & 0xffff);
	case UUID:
		return print_uuid(out, from);
	case TEXT:
		return print_text(out, from);
	default:
		return print_waits(out, from);
	}
}

size_t rec_print(char out[REC_LINE_MAX], const struct rec *r)
{
	size_t n = 1;

	out[0] = lines[r->type].letter;
	for (const struct word *w = lines[r->type].word; w->kind; w++) {
		out[n++] = ' ';
		n += print_word(out + n, w, (const char *)r + w->at);
	}
	out[n++] = '\n';
	out[n] = '\0';
	return n;
}

size_t rec_print_head(char out[REC_LINE_MAX], uint64_t start_ms)
{
	return (size_t)snprintf(out, REC_LINE_MAX, "%s %u %" PRIu64 "\n", REC_MAGIC, REC_VERSION,
				start_ms);
}

/* --- words to parse: each function moves *at behind what it took -------------------------------
 */

static bool parse_number(const char **at, uint64_t max, uint64_t *out)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*out = strtoull(*at, &end, 10);
	*at = end;
	return errno == 0 && *out <= max;
}

static bool parse_u32(const char **at, uint64_t max, uint32_t *out)
{
	uint64_t value;

	if (!parse_number(at, max, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool parse_s64(const char **at, int64_t *out)
{
	bool negative = **at == '-';
	uint64_t size;

	*at += negative;
	if (!parse_number(at, (uint64_t)INT64_MAX + negative, &size))
		return false;
	*out = (int64_t)(negative ? -size : size);
	return true;
}

static bool parse_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool parse_dir(const char **at, uint32_t *out)
{
	*out = parse_char(at, 't') ? REC_TX : REC_RX;
	return *out == REC_TX || parse_char(at, 'r');
}

static bool parse_ldp(const char **at, uint32_t *out)
{
	uint64_t domid, id;

	if (!parse_number(at, DOMID_MAX, &domid) || !parse_char(at, '/') ||
	    !parse_number(at, ID_MAX, &id))
		return false;
	*out = (uint32_t)(domid << 16 | id);
	return true;
}

static bool parse_uuid(const char **at, uint8_t out[16])
{
	char text[UUID_TEXT_LEN + 1];

	if (strnlen(*at, UUID_TEXT_LEN) < UUID_TEXT_LEN)
		return false;
	memcpy(text, *at, UUID_TEXT_LEN);
	text[UUID_TEXT_LEN] = '\0';
	*at += UUID_TEXT_LEN;
	return uuid_parse(text, out);
}

/* The value of "%XX"; 0: it is none, or the end of a text, which no text has inside. */
static char parse_escape(const char *at)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = at[1] ? strchr(digits, at[1]) : NULL;
	const char *low = high && at[2] ? strchr(digits, at[2]) : NULL;

	return low ? (char)((high - digits) << 4 | (low - digits)) : '\0';
}

static bool parse_text(const char **at, rec_text out)
{
	size_t n = 0;

	memset(out, 0, sizeof(rec_text));
	if (parse_char(at, '-'))
		return true;
	while (n < REC_TEXT_MAX && (is_plain(**at) || **at == '-' || **at == '%')) {
		out[n] = **at == '%' ? parse_escape(*at) : **at;
		if (!out[n++])
			return false;
		*at += **at == '%' ? 3 : 1;
	}
	return n > 0;
}

static bool parse_waits(const char **at, uint64_t out[STATS_BUCKETS])
{
	memset(out, 0, STATS_BUCKETS * sizeof(*out));
	if (parse_char(at, '-'))
		return true;
	do {
		uint64_t bucket, frames;

		if (!parse_number(at, STATS_BUCKETS - 1, &bucket) || !parse_char(at, ':') ||
		    !parse_number(at, NUMBER_MAX, &frames))
			return false;
		out[bucket] = frames;
	} while (parse_char(at, ','));
	return true;
}

static bool parse_word(const char **at, const struct word *w, void *to)
{
	switch (w->kind) {
	case U32:
		return parse_u32(at, w->max, to);
	case U64:
		return parse_number(at, NUMBER_MAX, to);
	case S64:
		return parse_s64(at, to);
	case DIR:
		return parse_dir(at, to);
	case LDP:
		return parse_ldp(at, to);
	case UUID:
		return parse_uuid(at, to);
	case TEXT:
		return parse_text(at, to);
	default:
		return parse_waits(at, to);
	}
}

static bool at_end(const char *at)
{
	return *at == '\0' || strcmp(at, "\n") == 0;
}

static int find_type(char letter)
{
	for (int i = 0; i < REC_TYPES; i++)
		if (lines[i].letter == letter)
			return i;
	return -ENOENT;
}

int rec_parse(const char *line, struct rec *out)
{
	bool is_type = *line >= 'A' && *line <= 'Z' && (line[1] == ' ' || at_end(line + 1));
	int type = is_type ? find_type(*line) : -EINVAL;
	const char *at = line + 1;

	if (type < 0)
		return type;
	*out = (struct rec){.type = (enum rec_type)type};
	for (const struct word *w = lines[type].word; w->kind; w++)
		if (!parse_char(&at, ' ') || !parse_word(&at, w, (char *)out + w->at))
			return -EINVAL;
	return at_end(at) || *at == ' ' ? 0 : -EINVAL;
}

int rec_parse_head(const char *line, unsigned *version, uint64_t *start_ms)
{
	const char *at = line + strlen(REC_MAGIC);
	uint64_t number;

	if (strncmp(line, REC_MAGIC, strlen(REC_MAGIC)) != 0 || !parse_char(&at, ' ') ||
	    !parse_number(&at, UINT32_MAX, &number))
		return -EINVAL;
	*version = (unsigned)number;
	if (number != REC_VERSION)
		return *at == ' ' || at_end(at) ? -ENOTSUP : -EINVAL;
	if (!parse_char(&at, ' ') || !parse_number(&at, NUMBER_MAX, start_ms))
		return -EINVAL;
	return at_end(at) || *at == ' ' ? 0 : -EINVAL;
}
