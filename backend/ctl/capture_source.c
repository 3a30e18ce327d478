/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/capture_source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/capture/capsock.h"
#include "backend/ctl/daemon.h"
#include "backend/ctl/facts.h"
#include "backend/ctl/run_dir.h"
#include "backend/ctl/view.h"
#include "common/log.h"

/* The frame loop wakes nobody: a look at the ring is cheap, a full ring lasts much longer. */
#define LOOK_MS 10

/* Who it is, and which uplink serves it. 0, or an exit status. */
static int find(struct ctl *ctl, const char *device, struct capture_source *s,
		struct capsock_request *request)
{
	char name[FACT_NAME_MAX], uplink[FACT_MAX];
	struct ldp_view ldp;
	int ret = ldp_view_find(ctl, device, &ldp);

	if (ret)
		return ret;
	snprintf(s->device, sizeof(s->device), "%s", fact_name(&ldp, name));
	snprintf(s->uplink, sizeof(s->uplink), "%s", fact_uplink(&ldp, uplink));
	snprintf(s->uuid, sizeof(s->uuid), "%s", ldp.uuid);
	s->id = ldp.id;
	request->domid = ldp.domid;
	request->id = ldp.id;
	if (!uuid_parse(ldp.uuid, request->uuid))
		memset(request->uuid, 0, sizeof(request->uuid));
	ldp_view_free(&ldp);
	if (ctl->backend_domid != ctl->own_domid)
		return ctl_fail(EXIT_FAILED,
				"its frames are in the domain that serves it: run dmvlctl there");
	return 0;
}

static int fail_connect(struct ctl *ctl, const struct capture_source *s, const char *path, int ret)
{
	if (ret == -ENOENT && daemon_look(ctl, s->uplink) == DAEMON_RUNNING)
		return ctl_fail(EXIT_FAILED, "%s was deleted: dmvlctl check says what to do", path);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return ctl_fail(EXIT_FAILED, "the uplink %s: its dmvl-back does not run (%s)",
				s->uplink, path);
	return ctl_fail(EXIT_FAILED, "%s: %s%s", path, strerror(-ret),
			ret == -EACCES || ret == -EPERM ? ctl_as_root() : "");
}

static int connect_to(struct ctl *ctl, struct capture_source *s)
{
	char dir[MAPFILE_PATH_MAX + 1], path[sizeof(((struct sockaddr_un *)0)->sun_path)];

	run_dir_of(ctl, s->uplink, dir);
	if (capsock_path(path, dir, s->uplink) < 0)
		return ctl_fail(EXIT_FAILED, "%s: the run directory's name is too long", dir);
	s->fd = capsock_connect(path);
	return s->fd < 0 ? fail_connect(ctl, s, path, s->fd) : 0;
}

/* Waits until the frame loop has begun. NULL, or why not. */
static const char *attach(struct capture_source *s)
{
	int ret;

	while ((ret = capring_attach(&s->ring, s->mem, capring_bytes())) == -EAGAIN)
		if (!capture_source_wait(s))
			return "its dmvl-back has ended";
	return ret < 0 ? "dmvl-back and dmvlctl are of different versions" : NULL;
}

/* NULL, or why not. Takes fd. */
static const char *map(struct capture_source *s, int fd)
{
	s->mem = mmap(NULL, capring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	s->frame = malloc(CAPRING_FRAME_MAX);
	if (s->mem == MAP_FAILED || !s->frame) {
		s->mem = s->mem == MAP_FAILED ? NULL : s->mem;
		return "out of memory";
	}
	return attach(s);
}

static const char *ask(struct capture_source *s, const struct capsock_request *request)
{
	static struct capsock_answer answer;
	int fd = -1, ret = capsock_send_request(s->fd, request);

	if (ret == 0)
		ret = capsock_receive_answer(s->fd, &answer, &fd);
	if (ret == 0 && !answer.error[0] && fd >= 0)
		return map(s, fd);
	if (fd >= 0)
		close(fd);
	if (ret == -EPIPE)
		return "its dmvl-back has ended";
	if (ret < 0)
		return strerror(-ret);
	return answer.error[0] ? answer.error : "its dmvl-back gives no frames";
}

int capture_source_open(struct ctl *ctl, const char *device, uint32_t snap,
			struct capture_source *out)
{
	struct capsock_request request = {.magic = CAPSOCK_MAGIC,
					  .version = CAPSOCK_VERSION,
					  .snap = snap};
	const char *why;
	int ret;

	*out = (struct capture_source){.fd = -1};
	ret = find(ctl, device, out, &request);
	if (ret == 0)
		ret = connect_to(ctl, out);
	if (ret)
		return ret;
	why = ask(out, &request);
	if (!why)
		return 0;
	capture_source_close(out);
	return ctl_fail(EXIT_FAILED, "the uplink %s: %s", out->uplink, why);
}

void capture_source_close(struct capture_source *s)
{
	if (s->mem)
		munmap(s->mem, capring_bytes());
	free(s->frame);
	close(s->fd);
}

int capture_source_next(struct capture_source *s, struct capring_record *out)
{
	return capring_get(&s->ring, out, s->frame);
}

bool capture_source_wait(const struct capture_source *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	return poll(&p, 1, LOOK_MS) <= 0;
}

bool capture_source_moved(struct ctl *ctl, const struct capture_source *s,
			  char now[SCHEMA_GUEST_VALUE_MAX + 1])
{
	char uplink[FACT_MAX];
	struct ldp_view *views = NULL;
	int count = ldp_views_read(ctl, &views);

	now[0] = '\0';
	for (int i = 0; i < count; i++)
		if (views[i].id == s->id && strcmp(views[i].uuid, s->uuid) == 0)
			snprintf(now, SCHEMA_GUEST_VALUE_MAX + 1, "%s",
				 fact_uplink(&views[i], uplink));
	ldp_views_free(views, count);
	return now[0] && strcmp(now, s->uplink) != 0;
}
