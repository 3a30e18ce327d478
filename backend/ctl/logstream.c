/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/logstream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/table.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

int logstream_check_domain(struct ctl *ctl)
{
	char value[16];

	if (ctl->backend_given &&
	    xs_conn_read(ctl->xs, XS_NO_TXN, "domid", value, sizeof(value)) > 0 &&
	    strtoul(value, NULL, 10) != ctl->backend_domid)
		return ctl_fail(EXIT_WRONG_USE,
				"the credit log of domain %u is in its own file system: run "
				"dmvlctl there",
				ctl->backend_domid);
	return 0;
}

/* --- finding the logs ------------------------------------------------------------------------- */

static void init(struct logstream *s, const char *uplink, const char *path, unsigned dir)
{
	size_t len = strlen(path);

	*s = (struct logstream){.dir = dir};
	snprintf(s->uplink, sizeof(s->uplink), "%s", uplink);
	snprintf(s->path, sizeof(s->path), "%s", path);
	/* The key has the path of the log of transmission. */
	if (dir == 1 && len > strlen("tx.log") &&
	    strcmp(path + len - strlen("tx.log"), "tx.log") == 0)
		s->path[len - strlen("tx.log")] = 'r';
}

static bool find_path(struct ctl *ctl, const char *uplink, char path[SCHEMA_VALUE_MAX + 1])
{
	char dir[SCHEMA_PATH_MAX];

	return (!ctl->uplink || strcmp(ctl->uplink, uplink) == 0) &&
	       schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) >= 0 &&
	       xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_LOG_PATH, path,
			  SCHEMA_VALUE_MAX + 1) >= 0 &&
	       schema_check(KEY_UPLINK_LOG_PATH, path, NULL) >= 0;
}

int logstreams_find(struct ctl *ctl, struct logstream **out)
{
	char path[SCHEMA_VALUE_MAX + 1], **names;
	unsigned count;
	int n = 0, ret = ctl_list_uplinks(ctl, &names, &count);

	*out = NULL;
	if (ret < 0)
		return ret;
	*out = calloc(2 * (size_t)count + 1, sizeof(**out));
	for (unsigned i = 0; *out && i < count; i++) {
		if (!find_path(ctl, names[i], path))
			continue;
		init(&(*out)[n++], names[i], path, 0);
		init(&(*out)[n++], names[i], path, 1);
	}
	free(names);
	return *out ? n : -ENOMEM;
}

/* --- one stream ------------------------------------------------------------------------------- */

int logstream_open(struct logstream *s)
{
	int ret = logfile_map(&s->file, s->path);

	if (ret < 0)
		return ret;
	ldplog_reader_init(&s->reader, s->file.mem);
	batch_drop(&s->batch);
	s->missed = s->damaged = 0;
	s->open = true;
	return 0;
}

int logstream_open_or_say(struct logstream *s)
{
	int ret = logstream_open(s);

	if (ret == -EACCES)
		return ctl_fail(EXIT_WRONG_USE, "no permission to read %s%s", s->path,
				ctl_as_root());
	if (ret == -EINVAL)
		return ctl_fail(EXIT_FAILED, "%s is no credit log, or damaged", s->path);
	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "cannot read %s: %s", s->path, strerror(-ret));
	return 0;
}

static void close_log(struct logstream *s)
{
	mapfile_close(&s->file);
	s->open = false;
}

void logstream_free(struct logstream *s)
{
	close_log(s);
	batch_free(&s->batch);
}

static void report_losses(struct logstream *s)
{
	if (s->reader.missed > s->missed)
		log_warning("%s: %" PRIu64 " records were overwritten before they could be read",
			    s->path, s->reader.missed - s->missed);
	if (s->reader.damaged > s->damaged)
		log_warning("%s: %" PRIu64 " records are damaged", s->path,
			    s->reader.damaged - s->damaged);
	s->missed = s->reader.missed;
	s->damaged = s->reader.damaged;
}

bool logstream_fill(struct logstream *s)
{
	bool complete = true;
	struct record r;

	while (s->open && !s->batch.whole) {
		int ret = ldplog_read(&s->reader, &r);

		if (s->reader.missed > s->missed || s->reader.damaged > s->damaged) {
			report_losses(s);
			batch_drop(&s->batch);
			complete = false;
		} else if (ret < 0) {
			log_warning("%s cannot be read any further: %s", s->path,
				    mapfile_was_cut(&s->file)
					    ? "it was cut"
					    : "the offset of its end is impossible");
			close_log(s);
		}
		if (ret == 0)
			break;
		if (ret > 0)
			batch_add(&s->batch, &r);
	}
	return complete;
}

bool logstream_renew(struct logstream *s)
{
	if (s->open && (mapfile_replaced(&s->file, s->path) || mapfile_was_cut(&s->file)))
		close_log(s);
	return !s->open && logstream_open(s) == 0;
}
