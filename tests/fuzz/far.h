/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * far.h: the far end of a connection: the bytes it sends, right or wrong, what the product is to
 * make of them whatever the pieces in which they come, and what the product answers.
 */
#ifndef DMVL_TESTS_FUZZ_FAR_H
#define DMVL_TESTS_FUZZ_FAR_H

#include "tests/fake/chan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stream.h"

#define FAR_MAX (256u << 10) /* bytes, after which an input's orders end */

struct far {
	struct chan chan;
	bool credit_is_wrong;				   /* from a guest, it is */
	bool sparse;					   /* it may flag frames */
	bool takes_sparse;				   /* the product may */
	void (*expect)(const uint8_t *body, uint32_t len); /* a frame that must be understood */
	void (*take)(struct far *s, uint8_t type, const uint8_t *body, uint32_t len);
	uint32_t piece;	 /* bytes that it sends at a time; 0: messages */
	bool races;	 /* sends and takes also while the product asks to be told of it */
	unsigned budget; /* messages that it takes, and then no more */
	struct stream bytes;
	size_t sent, understood;
	bool flagged; /* what is expected is */
	bool broken;  /* what was understood ends in a breach of the protocol */
	bool doomed;  /* an attack must have been noticed */
};

/* Hands the product its end, rings of 2^order bytes. The rest of *s is kept. */
struct vchan *far_open(struct far *s, unsigned order);
/* After the product's vchan_close(). */
void far_close(struct far *s);

/* Adds a message; its padding is not zero. */
void far_message(struct far *s, uint8_t type, const void *body, uint32_t n);
/*
 * Adds a frame, frames_body(), flagged or not. Where it may flag frames, the last bit of the
 * destination says that it did, too, so that no two frames are alike.
 */
void far_frame(struct far *s, struct fuzz_in *in, uint8_t flags, bool sparse);
/* Adds anything. Input: u8 n, n bytes. */
void far_raw(struct far *s, struct fuzz_in *in);

/*
 * Sends a piece, as far as there is room, or, with 0, as wire.h has it: message by message, asleep
 * while there is no room, until the product wakes it. False: nothing was sent.
 */
bool far_send(struct far *s);

/*
 * Takes the product's messages, within the budget, each through take(); asleep, where there are
 * none, until the product wakes it. The ring must be whole. False: nothing was taken.
 */
bool far_receive(struct far *s);

/* What only a hostile one does; each is followed by an event. */
enum far_attack {
	FAR_WRITE, /* u16 where, from what is read next, u8 n, n bytes: over the ring */
	FAR_PROD,  /* u32: added to the index */
	FAR_CONS,  /* u32: added */
	FAR_LIVE,  /* u8 */
	FAR_KICK,
	FAR_ATTACKS,
};
void far_attack(struct far *s, struct fuzz_in *in, enum far_attack attack);

#endif
