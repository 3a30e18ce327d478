/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c: two levels of any scheduler that the simulator knows: one among groups and the flows
 * outside groups, and one in each group. With WF2Q+ it is H-WF2Q+ (Bennett and Zhang, 1996), with
 * deficit round robin about what HTB does.
 */
#include <stdlib.h>

#include "tests/sim/subject.h"

/*
 * A group competes at the top with the head frame of the flow that is next in it. That flow is
 * chosen when the group gets its head, and stays chosen until its frame is sent. At the top, flow i
 * has the id i and group g the id n + g - 1.
 */
struct tree {
	const struct subject *of;
	struct subject_setup su;
	uint32_t ids;
	void *top, **inside; /* schedulers */
	uint32_t *weight, *head_bytes;
	uint32_t *next;	   /* of each group: the flow that is next */
	uint32_t *waiting; /* of each group: flows with frames */
};

static void *tree_zeroes(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

static void *tree_make(const struct subject_setup *su, const struct subject *of)
{
	struct tree *t = tree_zeroes(1, sizeof(*t));
	struct subject_setup top = *su;

	t->of = of;
	t->su = *su;
	t->ids = su->n + su->groups;
	t->weight = tree_zeroes(t->ids, sizeof(*t->weight));
	t->head_bytes = tree_zeroes(t->ids, sizeof(*t->head_bytes));
	t->next = tree_zeroes(su->groups, sizeof(*t->next));
	t->waiting = tree_zeroes(su->groups, sizeof(*t->waiting));
	t->inside = tree_zeroes(su->groups, sizeof(*t->inside));
	for (uint32_t i = 0; i < su->n; i++) /* a member is no competitor: no quantum is for it */
		t->weight[i] = su->group && su->group[i] ? 1u << 20 : su->weight[i];
	for (uint32_t g = 0; g < su->groups; g++) {
		t->weight[su->n + g] = su->group_weight[g];
		t->inside[g] = of->make(su);
	}
	top.n = t->ids;
	top.weight = t->weight;
	top.head_bytes = t->head_bytes;
	t->top = of->make(&top);
	return t;
}

static void tree_destroy(void *p)
{
	struct tree *t = p;

	for (uint32_t g = 0; g < t->su.groups; g++)
		t->of->destroy(t->inside[g]);
	t->of->destroy(t->top);
	free(t->weight);
	free(t->head_bytes);
	free(t->next);
	free(t->waiting);
	free(t->inside);
	free(t);
}

static uint32_t tree_group(const struct tree *t, uint32_t id)
{
	return t->su.group ? t->su.group[id] : 0;
}

/* Chooses who is next in a group. */
static void tree_choose(struct tree *t, uint32_t group, uint64_t now_ns)
{
	t->next[group - 1] = t->of->draw(t->inside[group - 1], now_ns);
	t->head_bytes[t->su.n + group - 1] = t->su.head_bytes[t->next[group - 1]];
}

static void tree_arrive(void *p, uint32_t id, bool first, uint64_t now_ns)
{
	struct tree *t = p;
	uint32_t group = tree_group(t, id);

	t->head_bytes[id] = t->su.head_bytes[id];
	if (!group) {
		t->of->arrive(t->top, id, first, now_ns);
		return;
	}
	t->of->arrive(t->inside[group - 1], id, first, now_ns);
	if (!first || t->waiting[group - 1]++)
		return;
	tree_choose(t, group, now_ns);
	t->of->arrive(t->top, t->su.n + group - 1, true, now_ns);
}

static uint32_t tree_draw(void *p, uint64_t now_ns)
{
	struct tree *t = p;
	uint32_t id = t->of->draw(t->top, now_ns);

	return id < t->su.n || id == UINT32_MAX ? id : t->next[id - t->su.n];
}

static void tree_served(void *p, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct tree *t = p;
	uint32_t group = tree_group(t, id);

	t->head_bytes[id] = t->su.head_bytes[id];
	if (!group) {
		t->of->served(t->top, id, bytes, more, now_ns);
		return;
	}
	t->of->served(t->inside[group - 1], id, bytes, more, now_ns);
	if (!more)
		t->waiting[group - 1]--;
	if (t->waiting[group - 1])
		tree_choose(t, group, now_ns);
	t->of->served(t->top, t->su.n + group - 1, bytes, t->waiting[group - 1], now_ns);
}

static void *make_wf2q(const struct subject_setup *su)
{
	return tree_make(su, &subject_wf2q);
}

static void *make_drr(const struct subject_setup *su)
{
	return tree_make(su, &subject_drr);
}

static void *make_stride(const struct subject_setup *su)
{
	return tree_make(su, &subject_stride);
}

static void *make_lottery(const struct subject_setup *su)
{
	return tree_make(su, &subject_lottery);
}

#define TREE(words, maker)                                                                    \
	{                                                                                     \
		.name = words, .make = maker, .destroy = tree_destroy, .arrive = tree_arrive, \
		.draw = tree_draw, .served = tree_served                                      \
	}

const struct subject subject_tree_wf2q = TREE("h-wf2q+", make_wf2q);
const struct subject subject_tree_drr = TREE("h-drr", make_drr);
const struct subject subject_tree_stride = TREE("h-stride", make_stride);
const struct subject subject_tree_lottery = TREE("h-lottery", make_lottery);
