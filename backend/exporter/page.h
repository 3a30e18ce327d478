/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.h: text of metrics, as Prometheus reads it: names, labels, numbers. Pure. */
#ifndef DMVL_EXPORTER_PAGE_H
#define DMVL_EXPORTER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum page_format {
	PAGE_TEXT,	  /* Prometheus' text format 0.0.4 */
	PAGE_OPENMETRICS, /* OpenMetrics 1.0.0 */
	PAGE_FORMATS,
};

enum page_type { PAGE_COUNTER, PAGE_GAUGE, PAGE_HISTOGRAM, PAGE_INFO };

/* How a number of the statistics is written: as it is, bits in bytes, microseconds in seconds. */
enum page_unit { PAGE_PLAIN, PAGE_SIGNED, PAGE_BITS, PAGE_MICROSECONDS };

/* Starts zero-initialised but for `format`. End with page_free(). Only page.c writes it. */
struct page {
	enum page_format format;
	char *text; /* not ended by NUL */
	size_t len, size;
	bool failed; /* out of memory: the text is not whole */
};

/*
 * The head of a family. `name` is without the ending "_total" of a counter or "_info": the samples
 * of these types get it. All samples of a family follow each other.
 */
void page_family(struct page *p, const char *name, enum page_type type, const char *help);

/*
 * Labels go into `out`, which is a page of its own: "a="b",c="d"", without braces. The value may
 * be anything: what is not UTF-8 is replaced.
 */
void page_label(struct page *out, const char *name, const char *value);

/* The labels of another page. */
void page_append(struct page *out, const struct page *labels);

/*
 * A sample of the family `name`. `labels` were made by page_label(); `more_name` and `more_value`
 * are one label more, or NULL.
 */
void page_sample(struct page *p, const char *name, enum page_type type, const struct page *labels,
		 const char *more_name, const char *more_value, enum page_unit unit,
		 uint64_t value);

/* The buckets of a histogram of microseconds, as backend/stats/stats.h has them, in seconds. */
void page_buckets(struct page *p, const char *name, const struct page *labels,
		  const char *direction, const uint64_t *bucket, unsigned count);

/* What ends the text. */
void page_end(struct page *p);

void page_free(struct page *p);

#endif
