/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl import: takes over what dmvlctl export has printed on another host. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/ctl/import_place.h"
#include "backend/ctl/table.h"
#include "backend/ctl/travel.h"
#include "backend/policy/policy_file.h"
#include "common/log.h"

/* The text may come through a pipe, so its size is not known. Its length, or -errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	return n < 0 ? -errno : (ssize_t)len;
}

/* `file` may be "-". 0 or an exit status; free *text. */
static int read_file(const char *file, char **text, size_t *len)
{
	bool piped = strcmp(file, "-") == 0;
	int fd = piped ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : 0;

	*text = malloc(POLICY_SIZE_MAX + 1);
	if (fd >= 0)
		n = *text ? read_all(fd, *text, POLICY_SIZE_MAX + 1) : -ENOMEM;
	if (fd >= 0 && !piped)
		close(fd);
	if (n > (ssize_t)POLICY_SIZE_MAX)
		n = -EFBIG;
	if (n < 0)
		return ctl_fail(EXIT_FAILED, "cannot read %s: %s", file, strerror((int)-n));
	*len = (size_t)n;
	return 0;
}

static void say(void *arg, const char *sentence)
{
	(void)arg;
	log_error("%s", sentence);
}

static void print_device(const struct import *im, unsigned i)
{
	const struct kept_device *d = &im->k->device[i];

	if (im->domid[i] >= 0)
		printf("device %u: set at domain %d\n", d->id, im->domid[i]);
	else
		printf("device %u: remembered for %s on uplink %s\n", d->id, im->k->uuid,
		       d->set[KEY_BACK_UPLINK]);
}

static void warn_unserved(const struct import *im)
{
	for (unsigned i = 0; i < im->k->count; i++) {
		const struct kept_device *d = &im->k->device[i];

		if (!ctl_uplink_is_served(im->ctl, d->set[KEY_BACK_UPLINK]) &&
		    xs_conn_lives(im->ctl->xs))
			log_notice("no dmvl-back runs for uplink %s now: device %u waits for it",
				   d->set[KEY_BACK_UPLINK], d->id);
	}
}

static int report(const struct import *im)
{
	struct json_object *o, *devices, *device;

	warn_unserved(im);
	if (!im->ctl->json) {
		for (unsigned i = 0; i < im->k->count; i++)
			print_device(im, i);
		return output_end();
	}
	o = json_object_new_object();
	devices = json_object_new_array();
	json_object_object_add(o, "uuid", json_object_new_string(im->k->uuid));
	for (unsigned i = 0; i < im->k->count; i++) {
		device = json_object_new_object();
		json_object_object_add(device, "id", json_object_new_int64(im->k->device[i].id));
		json_object_object_add(device, "domid",
				       im->domid[i] < 0 ? NULL : json_object_new_int(im->domid[i]));
		json_object_array_add(devices, device);
	}
	json_object_object_add(o, "devices", devices);
	return json_print(o);
}

static int take_text(struct ctl *ctl, const char *file, const char *text, size_t len)
{
	static struct import im;
	struct kept k;
	int ret;

	if (travel_parse(ctl, strcmp(file, "-") == 0 ? "stdin" : file, text, len, &k, say, NULL))
		return ctl_fail(EXIT_FAILED, "nothing of it is taken");
	im.ctl = ctl;
	im.k = &k;
	ret = import_put(&im);
	if (!ret)
		ret = report(&im);
	kept_clear(&k);
	return ret;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	char *text = NULL;
	size_t len = 0;
	int ret = read_file(argv[0], &text, &len);

	(void)argc;
	if (!ret)
		ret = ctl_connect(ctl);
	if (!ret && ctl->backend_given)
		ret = ctl_fail(EXIT_FAILED, "what is remembered is in the backend's domain: run "
					    "dmvlctl import there");
	if (!ret)
		ret = take_text(ctl, argv[0], text, len);
	free(text);
	return ret;
}

const struct command import_command = {
	.name = "import",
	.args = "FILE",
	.summary = "take over what dmvlctl export printed",
	.details = "FILE may be - for standard input. All of it is taken, or nothing.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
