/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture.h: copies of LDPs' frames, for dmvlctl capture. */
#ifndef DMVL_CAPTURE_H
#define DMVL_CAPTURE_H

#include <stdint.h>

#include "backend/msg/ldp_conf.h"

struct dpath;
struct iovec;
struct ldp;
struct msg;

/* The name of a reason of enum ldp_drop. */
typedef const char *capture_reason_name(unsigned reason);

/* MSG_CAPTURE and MSG_CAPTURE_END. */
void capture_begin(struct dpath *dp, const struct msg *m, capture_reason_name *name);
void capture_end(struct dpath *dp, unsigned number);

/* The LDP is new: sets its `captures`. */
void capture_join(const struct dpath *dp, struct ldp *l);

/*
 * A frame of `len` bytes was sent on, delivered or, with a reason of enum ldp_drop, dropped. Call
 * it only for an LDP of which l->captures is not 0.
 */
void capture_frame(const struct ldp *l, enum ldp_dir dir, unsigned reason, const struct iovec *iov,
		   unsigned iovcnt, uint32_t len);

#endif
