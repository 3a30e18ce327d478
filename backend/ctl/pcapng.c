/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/pcapng.h"

#include <string.h>

/*
 * draft-ietf-opsawg-pcapng: a section header, one interface, a block for each frame, and at the end
 * the interface's statistics. Numbers are of the host's byte order, which the header tells. A block
 * is its type, its length, its body, options, and its length again; all is padded to 4 bytes.
 */
#define BLOCK_SECTION	  0x0a0d0d0au
#define BLOCK_INTERFACE	  1u
#define BLOCK_STATISTICS  5u
#define BLOCK_FRAME	  6u
#define BYTE_ORDER_MAGIC  0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u

#define OPT_END		   0
#define OPT_COMMENT	   1
#define SHB_USERAPPL	   4
#define IF_NAME		   2
#define IF_DESCRIPTION	   3
#define IF_TSRESOL	   9
#define IF_FILTER	   11
#define EPB_FLAGS	   2
#define EPB_DROPCOUNT	   4
#define ISB_STARTTIME	   2
#define ISB_ENDTIME	   3
#define ISB_IFRECV	   4
#define ISB_IFDROP	   5
#define ISB_FILTERACCEPT   6
#define NANOSECONDS	   9 /* the negative power of 10 of a unit of time */
#define FILTER_IS_LIBPCAPS 0 /* the first byte of if_filter */

/* The block that is being written: all but the frame's bytes, which come between its two parts. */
struct block {
	uint32_t type;
	uint8_t head[64]; /* before the bytes */
	uint32_t head_len;
	uint8_t options[1024];
	uint32_t options_len;
};

static uint32_t padded(uint32_t n)
{
	return (n + 3) & ~UINT32_C(3);
}

static void put(struct block *b, const void *bytes, uint32_t n)
{
	memcpy(b->head + b->head_len, bytes, n);
	b->head_len += n;
}

static void put32(struct block *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

/* Times are two halves, the upper one first, whatever the byte order. */
static void put_time(struct block *b, uint64_t ns)
{
	put32(b, (uint32_t)(ns >> 32));
	put32(b, (uint32_t)ns);
}

static void option(struct block *b, uint16_t code, const void *value, size_t size)
{
	uint16_t len = (uint16_t)size;
	uint8_t *at = b->options + b->options_len;

	if (b->options_len + 4 + padded(len) + 4 > sizeof(b->options))
		return;
	memcpy(at, &code, sizeof(code));
	memcpy(at + 2, &len, sizeof(len));
	memset(at + 4, 0, padded(len));
	memcpy(at + 4, value, len);
	b->options_len += 4 + padded(len);
}

static void option_text(struct block *b, uint16_t code, const char *text)
{
	size_t len = strnlen(text, 255);

	if (len > 0)
		option(b, code, text, len);
}

static void option_number(struct block *b, uint16_t code, uint64_t number)
{
	option(b, code, &number, sizeof(number));
}

static void option_time(struct block *b, uint16_t code, uint64_t ns)
{
	uint32_t halves[2] = {(uint32_t)(ns >> 32), (uint32_t)ns};

	option(b, code, halves, sizeof(halves));
}

static void finish(FILE *out, struct block *b, const uint8_t *bytes, uint32_t n)
{
	static const uint8_t zeros[4];
	uint32_t len;

	if (b->options_len > 0)
		option(b, OPT_END, "", 0);
	len = 12 + b->head_len + padded(n) + b->options_len;
	fwrite(&b->type, sizeof(b->type), 1, out);
	fwrite(&len, sizeof(len), 1, out);
	fwrite(b->head, 1, b->head_len, out);
	if (n > 0)
		fwrite(bytes, 1, n, out);
	fwrite(zeros, 1, padded(n) - n, out);
	fwrite(b->options, 1, b->options_len, out);
	fwrite(&len, sizeof(len), 1, out);
}

static void option_filter(struct block *b, const char *filter)
{
	char value[256] = {FILTER_IS_LIBPCAPS};
	size_t len = strnlen(filter, sizeof(value) - 1);

	if (len == 0)
		return;
	memcpy(value + 1, filter, len);
	option(b, IF_FILTER, value, len + 1);
}

void pcapng_begin(FILE *out, const struct pcapng_interface *i)
{
	struct block section = {.type = BLOCK_SECTION}, interface = {.type = BLOCK_INTERFACE};
	const uint16_t version[2] = {1, 0}, link[2] = {LINKTYPE_ETHERNET, 0};
	const uint8_t resolution = NANOSECONDS;
	const int64_t unknown = -1;

	put32(&section, BYTE_ORDER_MAGIC);
	put(&section, version, sizeof(version));
	put(&section, &unknown, sizeof(unknown)); /* the section's length */
	option_text(&section, SHB_USERAPPL, i->program);
	finish(out, &section, NULL, 0);

	put(&interface, link, sizeof(link));
	put32(&interface, i->snap);
	option_text(&interface, IF_NAME, i->name);
	option_text(&interface, IF_DESCRIPTION, i->description);
	option(&interface, IF_TSRESOL, &resolution, sizeof(resolution));
	option_filter(&interface, i->filter);
	finish(out, &interface, NULL, 0);
}

void pcapng_frame(FILE *out, const struct pcapng_frame *f)
{
	struct block b = {.type = BLOCK_FRAME};
	uint32_t flags = (uint32_t)f->dir;

	put32(&b, 0); /* the interface */
	put_time(&b, f->ns);
	put32(&b, f->captured);
	put32(&b, f->len);
	option_text(&b, OPT_COMMENT, f->comment);
	option(&b, EPB_FLAGS, &flags, sizeof(flags));
	if (f->lost > 0)
		option_number(&b, EPB_DROPCOUNT, f->lost);
	finish(out, &b, f->bytes, f->captured);
}

void pcapng_end(FILE *out, const struct pcapng_sums *s)
{
	struct block b = {.type = BLOCK_STATISTICS};

	put32(&b, 0); /* the interface */
	put_time(&b, s->end_ns);
	option_time(&b, ISB_STARTTIME, s->begin_ns);
	option_time(&b, ISB_ENDTIME, s->end_ns);
	option_number(&b, ISB_IFRECV, s->seen);
	option_number(&b, ISB_IFDROP, s->lost);
	option_number(&b, ISB_FILTERACCEPT, s->accepted);
	finish(out, &b, NULL, 0);
}
