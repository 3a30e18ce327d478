/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_pair.h: two lotteries over the same LDPs, whose ceilings are one. Pure. */
#ifndef DMVL_SCHED_PAIR_H
#define DMVL_SCHED_PAIR_H

struct sched;

/*
 * Both lotteries have the same LDPs, groups and ceilings: two ways that frames can go. A ceiling
 * counts what goes either way. At a ceiling the ways divide it by the weights of those that have
 * frames there: a group's by its members', an LDP's in halves. What one way leaves, the other has.
 * Before the first LDP is added.
 */
void sched_pair(struct sched *a, struct sched *b);

#endif
