/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gps.h: the fluid ideal (generalised processor sharing), exact, to measure schedulers against. */
#ifndef DMVL_SIM_GPS_H
#define DMVL_SIM_GPS_H

#include <stdint.h>

struct gps;

/* n flows, their weights, and the link's bytes per nanosecond. Aborts when out of memory. */
struct gps *gps_new(uint32_t n, const uint32_t *weight, double rate);
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
