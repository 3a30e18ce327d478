/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept.h: what was set for the devices of a guest, as text and in memory. Pure. */
#ifndef DMVL_KEPT_H
#define DMVL_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/uuid.h"
#include "xenstore-schema/schema.h"

/*
 * The text is written in the policy file's syntax, a section for each device:
 *
 *	# guest: web1
 *	[6fa459ea-ee8a-3ca4-894e-db77e160355e]
 *	weight = 300
 *	# policy: weight = 100
 *	# policy: attach
 *	# policy: uplink = second
 *	tx-min = 5000000
 *	# part: tx-min = 10%
 *	# account: tx=-1234 rx=0 at=1764329400.123
 *	[6fa459ea-ee8a-3ca4-894e-db77e160355e/1]
 *	# end
 *
 * So it can be copied there. Comments tell what the policy has no words for: the guest's name, what
 * the policy said of a key when it was set (`part`: a percentage of a capacity that was not
 * configured), that it named the device, that it named it for another uplink, what its account held
 * on the host that the guest comes from, and that the text is whole.
 */
#define KEPT_NAME_MAX	 256
#define KEPT_DEVICES_MAX 256u
#define KEPT_ERR_MAX	 (SCHEMA_ERR_MAX + 32)

/* One device. Texts are allocated; NULL: not set, or the policy did not say. */
struct kept_device {
	unsigned id;
	char *set[KEY_COUNT];	 /* what was set and differs from policy and default */
	char *policy[KEY_COUNT]; /* of these, and of KEY_BACK_UPLINK: what the policy said then */
	bool stays[KEY_COUNT];	 /* not known: kept_merge() leaves what the other has of it */
	bool by_policy;		 /* the policy named the device */
	char *account;		 /* what its account held elsewhere (kept_account.h) */
};

/* One guest. Devices are sorted by id. */
struct kept {
	char uuid[UUID_TEXT_LEN + 1];
	char name[KEPT_NAME_MAX]; /* "": not known */
	struct kept_device *device;
	unsigned count;
};

/* Is it a UUID in lower case, as uuid_format() writes it? */
bool kept_is_uuid(const char *text);

/* Is the key remembered? Attach or the operator sets it, and the file's place does not tell it. */
bool kept_is_key(enum schema_key key);

/* Frees what *k holds, and empties it. */
void kept_clear(struct kept *k);

/* The device; NULL: none. */
struct kept_device *kept_find(const struct kept *k, unsigned id);

/* The device, which is added without settings if there is none. NULL: no memory, or too many. */
struct kept_device *kept_add(struct kept *k, unsigned id);

/* Removes it. False: there was none. */
bool kept_drop(struct kept *k, unsigned id);

/* Puts a copy of each device of *from in the place of that of *to. False: no memory, or too many.
 */
bool kept_merge(struct kept *to, const struct kept *from);

/* Sets *text to a copy of `value`, or to NULL. False: no memory. */
bool kept_put(char **text, const char *value);

/* Are the two the same, as text? */
bool kept_same(const struct kept_device *a, const struct kept_device *b);

/* The whole text, allocated, or NULL. Characters that would end a line become spaces. */
char *kept_format(const struct kept *k);

/*
 * Reads a text of `len` bytes into *out, which holds nothing. 0; -ENOMEM, and *out holds nothing;
 * or -EBADMSG with one sentence in err (KEPT_ERR_MAX bytes) that begins with the number of the
 * first damaged line. Then *out holds what the good lines say, as far as it is certain of which
 * device.
 */
int kept_parse(const char *text, size_t len, struct kept *out, char *err);

#endif
