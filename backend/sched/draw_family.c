/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/draw_family.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/sched/draw_priv.h"

static struct draw *draw_make(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed)
{
	struct draw *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->express_on = true;
	d->max_ids = max_ids;
	d->quantum_bytes = quantum_bytes;
	d->now_vt = DRAW_START_VT;
	d->pass_bytes = quantum_bytes;
	d->passed = WHEEL_NONE;
	for (int r = 0; r < RINGS; r++)
		d->ring[r].first = WHEEL_NONE;
	rng_seed(&d->rng, seed);
	return d;
}

int draw_reserve(struct draw *d, uint32_t ids, uint32_t weight)
{
	unsigned int k = draw_class_of(weight);

	if (!d->wheel[k]) {
		d->wheel[k] = malloc(sizeof(*d->wheel[k]));
		if (!d->wheel[k])
			return -ENOMEM;
		wheel_init(d->wheel[k], k);
	}
	return heap_reserve(&d->away, ids);
}

struct draw *draw_new(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed)
{
	struct draw *d = draw_make(max_ids, quantum_bytes, seed);
	int rc;

	if (!d)
		return NULL;
	rc = heap_init(&d->away, max_ids);
	d->ldp = aligned_alloc(sizeof(*d->ldp), max_ids * sizeof(*d->ldp));
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++)
		rc |= draw_reserve(d, max_ids, 1u << k);
	if (rc || !d->ldp) {
		draw_free(d);
		return NULL;
	}
	for (uint32_t id = 0; id < max_ids; id++) {
		d->ldp[id] = (struct wheel_ldp){0};
		draw_reset(d, id, 1, false);
	}
	return d;
}

struct draw *draw_new_beside(struct draw *of, uint16_t owner)
{
	struct draw *d = draw_make(of->max_ids, of->quantum_bytes, rng_next(&of->rng));

	if (!d)
		return NULL;
	d->owner = owner;
	d->express_on = of->express_on;
	d->ldp = of->ldp;
	heap_init_beside(&d->away, &of->away);
	return d;
}

void draw_free(struct draw *d)
{
	if (!d)
		return;
	heap_fini(&d->away);
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++)
		free(d->wheel[k]);
	if (!d->owner)
		free(d->ldp);
	free(d);
}

/* Takes an id out of a ring, wherever in it the id is. */
static void draw_unqueue(struct draw *d, uint32_t id, int ring)
{
	struct draw_ring *r = &d->ring[ring];
	uint32_t before = WHEEL_NONE;

	if (!(d->ldp[id].in_ring & 1u << ring))
		return;
	d->ldp[id].in_ring &= (uint8_t) ~(1u << ring);
	for (uint32_t at = r->first; at != id; at = d->ldp[at].ring_next[ring])
		before = at;
	if (before == WHEEL_NONE)
		r->first = d->ldp[id].ring_next[ring];
	else
		d->ldp[before].ring_next[ring] = d->ldp[id].ring_next[ring];
	if (r->last == id)
		r->last = before;
}

void draw_move(struct draw *from, struct draw *to, uint32_t id, double ahead_bytes)
{
	struct wheel_ldp *l = &to->ldp[id];

	for (int ring = 0; ring < RINGS; ring++)
		draw_unqueue(from, id, ring);
	l->owner = to->owner;
	l->start_vt = to->now_vt + (uint64_t)draw_moved_vt(to, l, ahead_bytes);
	l->start_frac = 0;
}
