/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng.h: writes frames of one interface in the format pcapng, which Wireshark and tcpdump read.
 */
#ifndef DMVL_CTL_PCAPNG_H
#define DMVL_CTL_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The interface, and what was asked of it. */
struct pcapng_interface {
	const char *program; /* that writes */
	const char *name, *description;
	const char *filter; /* "": none */
	uint32_t snap;	    /* bytes of a frame at most; 0: no limit */
};

enum pcapng_dir {
	PCAPNG_INBOUND = 1,
	PCAPNG_OUTBOUND = 2,
};

struct pcapng_frame {
	uint64_t ns; /* since 1970 */
	uint32_t len, captured;
	enum pcapng_dir dir;
	uint64_t lost;	     /* frames that were lost since the one before */
	const char *comment; /* "": none */
	const uint8_t *bytes;
};

/* What became of the frames. */
struct pcapng_sums {
	uint64_t begin_ns, end_ns; /* since 1970 */
	uint64_t seen, lost, accepted;
};

/* Each writes some blocks. Nothing is flushed: an error shows at the next fflush(). */
void pcapng_begin(FILE *out, const struct pcapng_interface *i);
void pcapng_frame(FILE *out, const struct pcapng_frame *f);
void pcapng_end(FILE *out, const struct pcapng_sums *s);

#endif
