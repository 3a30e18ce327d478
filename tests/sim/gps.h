/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gps.h: the fluid ideal (generalised processor sharing), exact, to measure schedulers against.
 * With groups it is the hierarchical ideal: the link is divided among groups and flows outside
 * groups, and what a group has among its flows.
 */
#ifndef DMVL_SIM_GPS_H
#define DMVL_SIM_GPS_H

#include <stdint.h>

struct gps;

struct gps_setup {
	uint32_t n;
	const uint32_t *weight;	      /* of the n flows */
	const uint32_t *group;	      /* of each flow, 1..groups, 0: none; NULL: no groups */
	const uint32_t *group_weight; /* of group 1, 2 .. */
	uint32_t groups;
	double rate; /* the link's bytes per nanosecond */
};

/* Keeps the pointers. Aborts when out of memory. */
struct gps *gps_new(const struct gps_setup *setup);
void gps_free(struct gps *g);

/* Bytes come in at t_ns, which must not go back. */
void gps_arrive(struct gps *g, uint32_t id, uint64_t bytes, double t_ns);

/* From t_ns on the flow always has something to send; it must have nothing now. */
void gps_hog(struct gps *g, uint32_t id, double t_ns);

/* What the fluid has sent of the flow until t_ns, in bytes. */
double gps_sent(struct gps *g, uint32_t id, double t_ns);

/* The bytes of the flow that the fluid has not sent by t_ns. */
double gps_queued(struct gps *g, uint32_t id, double t_ns);

#endif
