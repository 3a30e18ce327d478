/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of captured frames, block by block, as another program would read them; a frame in words.
 */
#include "backend/ctl/pcapng.h"

#include <stdlib.h>
#include <string.h>

#include "backend/ctl/filter.h"
#include "backend/ctl/frame_text.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define NS 1700000000123456789ull

static char *file; /* what was written */
static size_t size;
static struct mk m;

static uint32_t word(size_t at)
{
	uint32_t v = 0;

	if (at + 4 <= size)
		memcpy(&v, file + at, 4);
	return v;
}

/* Where block number n begins. */
static size_t block(unsigned n)
{
	size_t at = 0;

	while (n-- > 0 && word(at + 4) >= 12)
		at += word(at + 4);
	return at;
}

/* The value of an option of the block, whose options begin at `from`; *len is its length. NULL:
 * none. */
static const char *option(unsigned n, size_t from, uint16_t code, uint16_t *len)
{
	size_t at = block(n) + from, end = block(n + 1) - 4;

	while (at < end) {
		uint16_t head[2];

		memcpy(head, file + at, sizeof(head));
		*len = head[1];
		if (head[0] == code)
			return file + at + 4;
		if (head[0] == 0)
			break;
		at += 4 + ((head[1] + 3u) & ~3u);
	}
	return NULL;
}

static bool option_is(unsigned n, size_t from, uint16_t code, const void *value, size_t bytes)
{
	uint16_t len;
	const char *got = option(n, from, code, &len);

	return got && len == bytes && memcmp(got, value, bytes) == 0;
}

/* A good frame, and one that is cut, was dropped, and has lost ones before it. */
static void write_file(void)
{
	const struct pcapng_interface i = {"dmvlctl 1", "web1/0", "device of the uplink x", "arp",
					   96};
	const struct pcapng_sums sums = {NS, NS + 5, 10, 3, 2};
	FILE *out = open_memstream(&file, &size);

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0806);
	mk_payload(&m, 29);
	pcapng_begin(out, &i);
	pcapng_frame(out, &(struct pcapng_frame){NS, m.len, m.len, PCAPNG_OUTBOUND, 0, "", m.b});
	pcapng_frame(out, &(struct pcapng_frame){NS + 1, 65000, m.len - 1, PCAPNG_INBOUND, 3,
						 "dropped: rx-full", m.b});
	pcapng_end(out, &sums);
	fclose(out);
}

static void test_blocks(void)
{
	const uint64_t lost = 3, seen = 10;
	const uint32_t in = 1, out = 2;
	unsigned whole = 0;

	write_file();
	for (unsigned n = 0; n < 5; n++)
		whole +=
			word(block(n + 1) - 4) == word(block(n) + 4) && word(block(n) + 4) % 4 == 0;
	is_int((int)whole, 5, "each block ends with its own length");
	is_int((long)block(5), (long)size, "the blocks are all of the file");
	is_int(word(block(0)), 0x0a0d0d0a, "the file begins with a section header");
	is_int(word(block(0) + 8), 0x1a2b3c4d, "the section tells its byte order");
	ok(word(block(1)) == 1 && word(block(1) + 8) == 1 && word(block(1) + 12) == 96,
	   "the interface is Ethernet, with the snap length");
	ok(option_is(1, 16, 2, "web1/0", 6) && option_is(1, 16, 9, "\x09", 1) &&
		   option_is(1, 16, 11, "\0arp", 4),
	   "the interface has its name, nanoseconds, and the filter");
	ok(word(block(2)) == 6 && word(block(2) + 20) == m.len && word(block(2) + 24) == m.len &&
		   memcmp(file + block(2) + 28, m.b, m.len) == 0,
	   "a frame has its lengths and bytes");
	ok(((uint64_t)word(block(2) + 12) << 32 | word(block(2) + 16)) == NS,
	   "a frame has its time");
	ok(option_is(2, 28 + (m.len + 3) / 4 * 4, 2, &out, 4), "what a guest sends is outbound");
	ok(word(block(3) + 20) == m.len - 1 && word(block(3) + 24) == 65000,
	   "a frame that was cut has its own length too");
	ok(option_is(3, 28 + (m.len - 1 + 3) / 4 * 4, 2, &in, 4) &&
		   option_is(3, 28 + (m.len - 1 + 3) / 4 * 4, 4, &lost, 8) &&
		   option_is(3, 28 + (m.len - 1 + 3) / 4 * 4, 1, "dropped: rx-full", 16),
	   "a frame has direction, lost ones before it, and a comment");
	ok(word(block(4)) == 5 && option_is(4, 20, 4, &seen, 8) && option_is(4, 20, 5, &lost, 8),
	   "the end tells how many were seen and lost");
	free(file);
}

/* Texts of any length: an option is left out rather than cut in the middle of the block. */
static void test_long_texts(void)
{
	char text[5000];
	FILE *out = open_memstream(&file, &size);

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	pcapng_begin(out, &(struct pcapng_interface){text, text, text, text, 0});
	pcapng_frame(out, &(struct pcapng_frame){NS, 1, 1, PCAPNG_INBOUND, 0, text, m.b});
	fclose(out);
	is_int((long)block(3), (long)size, "long texts leave the blocks whole");
	free(file);
}

static void test_text(void)
{
	char out[FRAME_TEXT_MAX];
	unsigned ended = 0;

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_tag(&m, 0x8100, 5);
	mk_ipv4(&m, 17, "\x0a\0\0\x01", "\x0a\0\0\x02");
	mk_udp(&m, 1000, 53);
	mk_payload(&m, 20);
	mk_finish(&m, 0);
	frame_text(out, m.b, m.len, m.len);
	ok(strstr(out, " vlan 5 ip 10.0.0.1.1000 > 10.0.0.2.53 udp"),
	   "a frame is told by its addresses and ports");
	for (uint32_t n = 0; n < m.len; n++)
		ended += strlen(frame_text(out, m.b, n, m.len)) < FRAME_TEXT_MAX;
	is_int((int)ended, (int)m.len, "a frame that is cut anywhere has a text");
	is_str(frame_text(out, m.b, 13, m.len), "no whole Ethernet header",
	       "a frame without a whole header says so");
}

static void test_filter(void)
{
	char err[FILTER_ERR_MAX] = "";
	struct filter *f = filter_new("vlan 5 and udp port 53", err);

	ok(f && filter_match(f, m.b, m.len, m.len), "a filter matches what it names");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	ok(f && !filter_match(f, m.b, m.len, m.len), "and nothing else");
	filter_free(f);
	f = filter_new("", err);
	ok(f && filter_match(f, m.b, m.len, m.len), "an empty filter matches all");
	filter_free(f);
	f = filter_new("port nonsense-port", err);
	ok(!f && err[0], "words that are no filter are refused, with the reason");
	filter_free(f);
}

int main(void)
{
	test_blocks();
	test_long_texts();
	test_text();
	test_filter();
	return done_testing();
}
