/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of captured frames: whole frames in order, a bound, and whatever the other side writes.
 */
#include "backend/capture/capring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define CANARY 64u /* bytes behind the ring that nobody may write */

static uint8_t *mem;
static struct capring w;
static struct capring_reader r;
static uint8_t body[CAPRING_FRAME_MAX], got[CAPRING_FRAME_MAX];

static void begin(uint32_t snap)
{
	mem = calloc(1, capring_bytes() + CANARY);
	if (!mem)
		abort();
	memset(mem + capring_bytes(), 0xaa, CANARY);
	capring_open(&w, mem, snap);
	capring_name(&w, 1, "first");
	capring_ready(&w);
	if (capring_attach(&r, mem, capring_bytes()) < 0)
		abort();
}

static bool canary_lives(void)
{
	for (unsigned i = 0; i < CANARY; i++)
		if (mem[capring_bytes() + i] != 0xaa)
			return false;
	return true;
}

static void end(void)
{
	free(mem);
}

/* Frame number n: its length and bytes follow from that. */
static uint32_t make(uint32_t n)
{
	uint32_t len = 14 + n * 977 % 70000;

	for (uint32_t i = 0; i < len; i++)
		body[i] = (uint8_t)(n + i);
	return len;
}

static bool put(uint32_t n)
{
	uint32_t len = make(n), first = len / 3;
	struct iovec iov[2] = {{body, first}, {body + first, len - first}};
	struct capring_record rec = {.ns = n, .len = len, .dir = n % 2, .reason = n % 3};

	return capring_put(&w, &rec, iov, 2);
}

/* Is the next one frame number n, with `lost` lost before it? */
static bool gets(uint32_t n, uint32_t lost)
{
	struct capring_record rec;
	uint32_t len = make(n);

	return capring_get(&r, &rec, got) == 1 && rec.ns == n && rec.len == len &&
	       rec.captured == (len < w.snap ? len : w.snap) && rec.dir == n % 2 &&
	       rec.reason == n % 3 && rec.lost == lost && memcmp(got, body, rec.captured) == 0;
}

static void test_order(void)
{
	struct capring_record rec;
	unsigned good = 0;

	begin(0);
	is_int(capring_get(&r, &rec, got), 0, "an empty ring has no frame");
	/* Several times round. */
	for (uint32_t n = 0; n < 2000; n++)
		good += put(n) && gets(n, 0);
	is_int(good, 2000, "frames come out whole and in order, also where the ring ends");
	is_int(capring_get(&r, &rec, got), 0, "then the ring is empty again");
	is_int((int)capring_lost(&r), 0, "none was lost");
	end();
}

static void test_snap(void)
{
	begin(100);
	ok(put(1) && gets(1, 0), "a longer frame is cut at the snap length");
	ok(put(0) && gets(0, 0), "a shorter one is whole");
	end();
}

static void test_full(void)
{
	uint32_t n = 0, kept, lost;

	begin(0);
	while (put(n))
		n++;
	kept = n;
	for (lost = 1; lost < 50; lost++)
		put(n);
	ok(kept > 100, "a ring takes many frames");
	is_int((int)capring_lost(&r), 50, "frames for which there is no room are lost and counted");
	for (n = 0; n < kept && gets(n, 0); n++)
		;
	is_int((int)n, (int)kept, "those that came before are whole");
	ok(put(7) && gets(7, 50), "the next frame tells how many were lost before it");
	ok(put(8) && gets(8, 0), "the one behind it tells of none");
	ok(canary_lives(), "nothing was written beyond the ring");
	end();
}

/* The reader's index is in the header, wherever that is: all of it but the begin is overwritten. */
static void test_hostile_reader(void)
{
	unsigned long seed = 1;
	unsigned bad = 0;

	begin(0);
	for (unsigned i = 0; i < 2000; i++) {
		for (unsigned at = 64; at < 4096; at++)
			mem[at] = (uint8_t)((seed = seed * 6364136223846793005ul + 1) >> 56);
		put(i);
		bad += !canary_lives();
	}
	is_int((int)bad, 0, "whatever a reader writes, the writer stays in the ring");
	end();
}

/* Whatever is in the memory: the reader stays in it, and does not go on for ever. */
static void test_damage(void)
{
	struct capring_record rec;
	unsigned refused = 0;

	for (unsigned at = 0; at < 40; at++) {
		unsigned n = 0;

		begin(0);
		put(1);
		put(2);
		mem[4096 + at] ^= 0xff;
		while (n < 10 && capring_get(&r, &rec, got) > 0)
			n++;
		refused += n < 2;
		end();
	}
	ok(refused > 0, "a damaged record is refused");
}

static void test_attach(void)
{
	char name[CAPRING_REASON_MAX + 1];

	mem = calloc(1, capring_bytes());
	is_int(capring_attach(&r, mem, capring_bytes()), -EAGAIN, "zeros are no ring yet");
	capring_open(&w, mem, 0);
	is_int(capring_attach(&r, mem, capring_bytes()), -EAGAIN, "a ring may not be ready");
	capring_name(&w, 5, "a-name-that-is-far-longer-than-fits");
	capring_ready(&w);
	is_int(capring_attach(&r, mem, capring_bytes() - 1), -EINVAL, "a cut ring is refused");
	is_int(capring_attach(&r, mem, capring_bytes()), 0, "a ring that is ready is taken");
	is_str(capring_reason(&r, 5, name), "a-name-that-is-far-long", "reasons have names");
	is_str(capring_reason(&r, 6, name), "", "a reason may have none");
	is_str(capring_reason(&r, 60000, name), "", "a reason that cannot be has none");
	mem[0] ^= 1;
	is_int(capring_attach(&r, mem, capring_bytes()), -EINVAL, "something else is refused");
	end();
}

int main(void)
{
	test_order();
	test_snap();
	test_full();
	test_hostile_reader();
	test_damage();
	test_attach();
	return done_testing();
}
