/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl top: shows again and again who uses the uplinks; --batch prints it. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/ctl/clock.h"
#include "backend/ctl/top_batch.h"
#include "backend/ctl/top_keys.h"
#include "backend/ctl/top_page.h"
#include "backend/ctl/top_source.h"
#include "backend/ctl/top_term.h"
#include "common/log.h"

#define NS_PER_MS  UINT64_C(1000000)
#define REFRESH_NS (1000 * NS_PER_MS)

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void time_of_day(char out[16])
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(out, 16, "%H:%M:%S", &local);
}

static int refresh(struct top_source *source, struct top_model *m)
{
	struct top_sample sample;
	int ret = top_source_read(source, clock_now_ns(), &sample);

	if (ret < 0)
		return ret;
	return top_model_update(m, &sample) ? 0 : -ENOMEM;
}

/* --- batch ------------------------------------------------------------------------------------ */

static int print(struct ctl *ctl, const struct top_model *m)
{
	char clock[16];

	time_of_day(clock);
	return ctl->json ? top_batch_json(m) : top_batch_text(m, clock);
}

static int batch(struct ctl *ctl, struct top_source *source, struct top_model *m)
{
	struct timespec pause = {(time_t)(ctl->interval_ns / REFRESH_NS),
				 (long)(ctl->interval_ns % REFRESH_NS)};

	for (;;) {
		int status, ret = refresh(source, m);

		if (ret < 0)
			return ctl_fail_xs(ret, "read", "the devices");
		status = print(ctl, m);
		if (status || !ctl->interval_ns)
			return status;
		nanosleep(&pause, NULL);
	}
}

/* --- terminal --------------------------------------------------------------------------------- */

/* Reads keys until it is time for the next refresh. */
static void read_keys(struct top_model *m, struct top_screen *s, uint64_t until_ns)
{
	uint64_t now;

	while (!m->done && !stopped && (now = clock_now_ns()) < until_ns) {
		top_keys_press(m, top_term_key((int)((until_ns - now) / NS_PER_MS) + 1));
		if (top_term_is_gone())
			m->done = true;
		if (!top_term_size(s))
			return;
		top_page_draw(m, s);
		top_term_draw(s);
	}
}

static int show(struct ctl *ctl, struct top_source *source, struct top_model *m)
{
	uint64_t interval_ns = ctl->interval_ns ? ctl->interval_ns : REFRESH_NS;
	struct top_screen s = {.line = NULL};
	int ret = 0;

	while (!m->done && !stopped && ret == 0) {
		ret = refresh(source, m);
		if (ret == 0 && !top_term_size(&s))
			ret = -ENOMEM;
		if (ret < 0)
			break;
		time_of_day(s.clock);
		top_page_draw(m, &s);
		top_term_draw(&s);
		read_keys(m, &s, clock_now_ns() + interval_ns);
	}
	free(s.line);
	return ret;
}

static int interactive(struct ctl *ctl, struct top_source *source, struct top_model *m)
{
	const char *why;
	int ret;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return ctl_fail(EXIT_WRONG_USE,
				"%s is not a terminal: dmvlctl top --batch prints "
				"what is shown",
				isatty(STDOUT_FILENO) ? "stdin" : "stdout");
	why = top_term_begin();
	if (why)
		return ctl_fail(EXIT_FAILED, "%s", why);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGHUP, stop);
	ret = show(ctl, source, m);
	top_term_end();
	return ret < 0 ? ctl_fail_xs(ret, "read", "the devices") : 0;
}

/* Is there the uplink that was typed, or a device that names it? */
static int look(struct ctl *ctl, struct top_source *source)
{
	struct top_sample sample;
	int ret = ctl->uplink ? top_source_read(source, clock_now_ns(), &sample) : 0;

	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the devices");
	if (!ctl->uplink || sample.uplinks > 0 || sample.devices > 0)
		return 0;
	return ctl_fail_no_uplink(ctl->uplink);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct top_source source;
	struct top_model model;
	int ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	top_source_init(&source, ctl);
	top_model_init(&model);
	ret = look(ctl, &source);
	if (!ret)
		ret = ctl->batch || ctl->json ? batch(ctl, &source, &model)
					      : interactive(ctl, &source, &model);
	top_model_free(&model);
	top_source_free(&source);
	return ret;
}

const struct command top_command = {
	.name = "top",
	.args = "",
	.summary = "who uses the uplinks, all the time",
	.details =
		"The key ? explains columns and keys. With --interval the screen is drawn again\n"
		"each TIME instead of each second.\n",
	.has_batch = true,
	.has_interval = true,
	.uplink_help = "only the devices of this uplink",
	.run = run,
};
