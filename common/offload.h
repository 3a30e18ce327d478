/* SPDX-License-Identifier: GPL-2.0-or-later */
/* offload.h: what a frame may leave to whoever gets it. Pure. */
#ifndef DMVL_OFFLOAD_H
#define DMVL_OFFLOAD_H

/* What may cross without being segmented or checksummed first. Also the feature bits of an LDP. */
enum tap_offload {
	TAP_CSUM = 1u << 0,
	TAP_TSO4 = 1u << 1,
	TAP_TSO6 = 1u << 2,
	TAP_USO = 1u << 3,
};

#endif
