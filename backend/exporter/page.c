/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 4096u
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NUMBER_MAX  32

static const char *const types[] = {
	[PAGE_COUNTER] = "counter",
	[PAGE_GAUGE] = "gauge",
	[PAGE_HISTOGRAM] = "histogram",
	[PAGE_INFO] = "info",
};

static const char *const endings[] = {
	[PAGE_COUNTER] = "_total",
	[PAGE_GAUGE] = "",
	[PAGE_HISTOGRAM] = "_bucket",
	[PAGE_INFO] = "_info",
};

static bool make_room(struct page *p, size_t more)
{
	size_t size = p->size ? p->size : FIRST_BYTES;
	char *text;

	while (size - p->len < more)
		size *= 2;
	if (size == p->size)
		return true;
	text = realloc(p->text, size);
	if (!text) {
		p->failed = true;
		return false;
	}
	p->text = text;
	p->size = size;
	return true;
}

static void put(struct page *p, const char *text, size_t len)
{
	if (len == 0 || p->failed || !make_room(p, len))
		return;
	memcpy(p->text + p->len, text, len);
	p->len += len;
}

static void put_word(struct page *p, const char *text)
{
	put(p, text, strlen(text));
}

/* --- labels ----------------------------------------------------------------------------------- */

/* How many bytes the character at `text` has; 0: it is not UTF-8. A NUL ends no character. */
static size_t utf8_len(const unsigned char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = text[0] < 0x80		? 1
		     : (text[0] & 0xe0) == 0xc0 ? 2
		     : (text[0] & 0xf0) == 0xe0 ? 3
		     : (text[0] & 0xf8) == 0xf0 ? 4
						: 0;
	uint32_t code = len > 1 ? text[0] & (0x7fu >> len) : 0;

	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (len > 1 && (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)))
		return 0;
	return len;
}

/* The bytes that were taken. */
static size_t put_character(struct page *p, const char *text)
{
	size_t len = utf8_len((const unsigned char *)text);

	if (len == 0)
		put_word(p, REPLACEMENT);
	else if (*text == '\n')
		put_word(p, "\\n");
	else if (*text == '"' || *text == '\\')
		put_word(p, *text == '"' ? "\\\"" : "\\\\");
	else
		put(p, text, len);
	return len ? len : 1;
}

void page_label(struct page *out, const char *name, const char *value)
{
	if (out->len > 0)
		put_word(out, ",");
	put_word(out, name);
	put_word(out, "=\"");
	while (*value)
		value += put_character(out, value);
	put_word(out, "\"");
}

void page_append(struct page *p, const struct page *labels)
{
	if (labels->failed)
		p->failed = true;
	put(p, labels->text, labels->len);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* In the older format, samples and their family have the same name, and there is no type info. */
void page_family(struct page *p, const char *name, enum page_type type, const char *help)
{
	bool whole = p->format == PAGE_TEXT && type != PAGE_HISTOGRAM;
	const char *ending = whole ? endings[type] : "";
	const char *word = types[p->format == PAGE_TEXT && type == PAGE_INFO ? PAGE_GAUGE : type];

	put_word(p, "# HELP ");
	put_word(p, name);
	put_word(p, ending);
	put_word(p, " ");
	put_word(p, help);
	put_word(p, "\n# TYPE ");
	put_word(p, name);
	put_word(p, ending);
	put_word(p, " ");
	put_word(p, word);
	put_word(p, "\n");
}

static void put_value(struct page *p, enum page_unit unit, uint64_t value)
{
	char text[NUMBER_MAX];
	int len = 0;

	switch (unit) {
	case PAGE_PLAIN:
		len = snprintf(text, sizeof(text), "%" PRIu64, value);
		break;
	case PAGE_SIGNED:
		len = snprintf(text, sizeof(text), "%" PRId64, (int64_t)value);
		break;
	case PAGE_BITS:
		len = snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, value / 8,
			       value % 8 * 125);
		break;
	case PAGE_MICROSECONDS:
		len = snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, value / 1000000,
			       value % 1000000);
		break;
	}
	put(p, text, (size_t)len);
}

static void put_name(struct page *p, const char *name, enum page_type type,
		     const struct page *labels)
{
	put_word(p, name);
	put_word(p, endings[type]);
	put_word(p, "{");
	page_append(p, labels);
}

/* "more" or ",more", and what ends the labels: none at all have no braces. */
static void put_rest(struct page *p, const struct page *labels, const char *name, const char *value)
{
	if (name) {
		put_word(p, labels->len > 0 ? "," : "");
		put_word(p, name);
		put_word(p, "=\"");
		put_word(p, value);
		put_word(p, "\"} ");
	} else if (labels->len > 0) {
		put_word(p, "} ");
	} else if (p->len > 0) {
		p->text[p->len - 1] = ' ';
	}
}

void page_sample(struct page *p, const char *name, enum page_type type, const struct page *labels,
		 const char *more_name, const char *more_value, enum page_unit unit, uint64_t value)
{
	put_name(p, name, type, labels);
	put_rest(p, labels, more_name, more_value);
	put_value(p, unit, value);
	put_word(p, "\n");
}

static void put_bucket(struct page *p, const char *name, const struct page *labels,
		       const char *direction, const char *le, uint64_t count)
{
	put_name(p, name, PAGE_HISTOGRAM, labels);
	put_word(p, ",direction=\"");
	put_word(p, direction);
	put_word(p, "\",le=\"");
	put_word(p, le);
	put_word(p, "\"} ");
	put_value(p, PAGE_PLAIN, count);
	put_word(p, "\n");
}

/* All are of whole microseconds: those below 2^i are at most that. */
void page_buckets(struct page *p, const char *name, const struct page *labels,
		  const char *direction, const uint64_t *bucket, unsigned count)
{
	char le[NUMBER_MAX];
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		sum += bucket[i];
		snprintf(le, sizeof(le), "%.10g", (double)(UINT64_C(1) << (i & 63)) / 1e6);
		put_bucket(p, name, labels, direction, i + 1 < count ? le : "+Inf", sum);
	}
}

void page_end(struct page *p)
{
	if (p->format == PAGE_OPENMETRICS)
		put_word(p, "# EOF\n");
}

void page_free(struct page *p)
{
	free(p->text);
	*p = (struct page){0};
}
