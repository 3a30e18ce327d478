/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/store.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <xenstore.h>

#include "tests/fake/must.h"
#include "tests/fake/tree.h"

/*
 * A transaction works on a copy of the tree, which takes the tree's place when it is committed.
 * There is one at a time, and nobody else writes meanwhile, and conflicts come only, where a test
 * asks for that.
 */
struct watch {
	TAILQ_ENTRY(watch) next;
	char *path, *token;
};
TAILQ_HEAD(watches, watch);

static struct tree tree = TAILQ_HEAD_INITIALIZER(tree);
static struct tree copy = TAILQ_HEAD_INITIALIZER(copy); /* of the transaction under way */
static struct watches watches = TAILQ_HEAD_INITIALIZER(watches);
static struct watches events = TAILQ_HEAD_INITIALIZER(events);
static struct watches held = TAILQ_HEAD_INITIALIZER(held); /* until the transaction ends */
static bool in_transaction;
static unsigned conflicts, written;
static int failure;
static int failure_later; /* 0: none */
static unsigned failure_calls;
static const char *denied;
static struct {
	const char *path, *value; /* NULL: nobody writes */
	unsigned moments;
	bool done;
} meanwhile;

struct xs_handle {
	int unused;
};

/* --- watches ---------------------------------------------------------------------------------- */

static void add(struct watches *list, const char *path, const char *token)
{
	struct watch *w = calloc(1, sizeof(*w));

	must(w);
	w->path = tree_text(path);
	w->token = tree_text(token);
	TAILQ_INSERT_TAIL(list, w, next);
}

static void take_out(struct watches *list, struct watch *w)
{
	TAILQ_REMOVE(list, w, next);
	free(w->path);
	free(w->token);
	free(w);
}

/* All of the token and path; NULL: any. */
static bool forget(struct watches *list, const char *path, const char *token)
{
	struct watch *w, *next;
	bool any = false;

	for (w = TAILQ_FIRST(list); w; w = next) {
		next = TAILQ_NEXT(w, next);
		if ((path && strcmp(w->path, path) != 0) || (token && strcmp(w->token, token) != 0))
			continue;
		take_out(list, w);
		any = true;
	}
	return any;
}

static void fire(struct watches *to, const char *path, bool removed)
{
	struct watch *w;

	TAILQ_FOREACH(w, &watches, next) {
		if (strcmp(path, w->path) == 0 || tree_is_below(path, w->path))
			add(to, path, w->token);
		else if (removed && tree_is_below(w->path, path))
			add(to, w->path, w->token);
	}
}

/* --- what the test says ----------------------------------------------------------------------- */

void store_clear(void)
{
	tree_drop_below(&tree, NULL);
	forget(&watches, NULL, NULL);
	forget(&events, NULL, NULL);
	must(!in_transaction);
	conflicts = written = 0;
	store_fail(0);
	denied = NULL;
	store_meanwhile(NULL, NULL, 0);
}

void store_write_bytes(const char *path, const void *value, size_t len)
{
	tree_set(&tree, path, value, len);
	fire(&events, path, false);
}

void store_write(const char *path, const char *value)
{
	store_write_bytes(path, value, strlen(value));
}

void store_remove(const char *path)
{
	tree_drop_below(&tree, path);
	fire(&events, path, true);
}

const char *store_read_bytes(const char *path, size_t *len)
{
	const struct node *n = tree_find(&tree, path);

	*len = n ? n->len : 0;
	return n ? n->value : NULL;
}

const char *store_read(const char *path)
{
	size_t len;

	return store_read_bytes(path, &len);
}

void store_fire(const char *path)
{
	fire(&events, path, false);
}

void store_conflict(unsigned n)
{
	conflicts = n;
}

void store_fail(int error)
{
	failure = error;
	failure_later = 0;
}

void store_fail_later(int error, unsigned calls)
{
	failure_later = error;
	failure_calls = calls;
}

void store_deny(const char *path)
{
	denied = path;
}

bool store_meanwhile(const char *path, const char *value, unsigned moments)
{
	bool done = meanwhile.done;

	meanwhile.path = path;
	meanwhile.value = value;
	meanwhile.moments = moments;
	meanwhile.done = false;
	return done;
}

unsigned store_written(void)
{
	return written;
}

/* --- libxenstore, as far as the product uses it ------------------------------------------------
 */

struct xs_handle *xs_open(unsigned long flags)
{
	static struct xs_handle only;

	(void)flags;
	return &only;
}

void xs_close(struct xs_handle *xsh)
{
	(void)xsh;
}

int xs_fileno(struct xs_handle *h)
{
	(void)h;
	return -1;
}

/* What a write to a closed socket does in libxenstore. */
static void broken_pipe(void)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);

	raise(SIGPIPE);
	signal(SIGPIPE, old);
}

static bool fails(int error)
{
	if (failure_later && failure_calls-- == 0) {
		failure = failure_later;
		failure_later = 0;
	}
	if (failure == EPIPE)
		broken_pipe();
	errno = failure ? failure : error;
	return errno != 0;
}

static struct tree *seen(xs_transaction_t t)
{
	must(!t || in_transaction);
	return t ? &copy : &tree;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	const struct node *n = tree_find(seen(t), path);

	(void)h;
	if (fails(n ? 0 : ENOENT))
		return NULL;
	if (len)
		*len = (unsigned)n->len;
	return tree_block(n->value, n->len);
}

/* The name of a node if it is a child of the directory, else NULL. */
static const char *child(const struct node *n, const char *dir)
{
	const char *name = n->path + strlen(dir) + 1;

	return tree_is_below(n->path, dir) && !strchr(name, '/') ? name : NULL;
}

/* The names lie behind their pointers, in one block, as libxenstore has it. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	size_t bytes = 1, count = 0;
	struct node *n;
	char **names, *at;

	(void)h;
	*num = 0;
	if (fails(tree_find(seen(t), path) ? 0 : ENOENT))
		return NULL;
	TAILQ_FOREACH(n, seen(t), next) {
		if (child(n, path)) {
			count++;
			bytes += strlen(child(n, path)) + 1;
		}
	}
	names = malloc(count * sizeof(*names) + bytes);
	must(names);
	at = (char *)(names + count);
	TAILQ_FOREACH(n, seen(t), next) {
		if (child(n, path)) {
			names[(*num)++] = at;
			at = stpcpy(at, child(n, path)) + 1;
		}
	}
	return names;
}

static void changed(xs_transaction_t t, const char *path, bool removed)
{
	fire(t ? &held : &events, path, removed);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	(void)h;
	if (fails(0))
		return false;
	tree_set(seen(t), path, data, len);
	written++;
	changed(t, path, false);
	return true;
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	(void)h;
	if (fails(0))
		return false;
	if (!tree_find(seen(t), path)) {
		tree_make(seen(t), path);
		changed(t, path, false);
	}
	return true;
}

/* What is not there is fine, as long as its parent is. */
bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	char *parent = tree_text(path);
	bool missing;

	(void)h;
	*strrchr(parent, '/') = '\0';
	missing = !tree_find(seen(t), path) && !tree_find(seen(t), parent);
	free(parent);
	if (fails(denied && strcmp(path, denied) == 0 ? EACCES : missing ? ENOENT : 0))
		return false;
	if (tree_find(seen(t), path)) {
		tree_drop_below(seen(t), path);
		changed(t, path, true);
	}
	return true;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms)
{
	(void)h;
	(void)perms;
	(void)num_perms;
	return !fails(tree_find(seen(t), path) ? 0 : ENOENT);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	(void)domid;
	return !fails(EACCES);
}

/* As one that does not know the command. */
char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
	(void)h;
	(void)cmd;
	(void)data;
	(void)len;
	fails(EINVAL);
	return NULL;
}

/* A moment passes. Did somebody write? */
static bool pass_moment(void)
{
	if (!meanwhile.path || meanwhile.moments-- > 0)
		return false;
	meanwhile.done = tree_find(&tree, meanwhile.path);
	if (meanwhile.done)
		store_write(meanwhile.path, meanwhile.value);
	meanwhile.path = NULL;
	return meanwhile.done;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	struct node *n;

	(void)h;
	must(!in_transaction);
	if (fails(0))
		return XBT_NULL;
	in_transaction = true;
	pass_moment();
	TAILQ_FOREACH(n, &tree, next)
		tree_set(&copy, n->path, n->value, n->len);
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool undo)
{
	bool written_to = pass_moment();
	int error = !undo && (conflicts > 0 || written_to) ? EAGAIN : 0;

	(void)h;
	must(t == 1 && in_transaction);
	conflicts -= conflicts > 0 && !undo;
	in_transaction = false;
	if (!undo && !error && !failure) {
		tree_drop_below(&tree, NULL);
		TAILQ_CONCAT(&tree, &copy, next);
		TAILQ_CONCAT(&events, &held, next);
	}
	tree_drop_below(&copy, NULL);
	forget(&held, NULL, NULL);
	return !fails(error);
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	if (fails(0))
		return false;
	add(&watches, path, token);
	add(&events, path, token);
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	if (fails(forget(&watches, path, token) ? 0 : ENOENT))
		return false;
	forget(&events, NULL, token);
	return true;
}

char **xs_check_watch(struct xs_handle *h)
{
	struct watch *w = TAILQ_FIRST(&events);
	char **vec, *at;

	(void)h;
	if (fails(w ? 0 : EAGAIN))
		return NULL;
	vec = malloc(2 * sizeof(*vec) + strlen(w->path) + strlen(w->token) + 2);
	must(vec);
	at = (char *)(vec + 2);
	vec[XS_WATCH_PATH] = at;
	at = stpcpy(at, w->path) + 1;
	vec[XS_WATCH_TOKEN] = at;
	stpcpy(at, w->token);
	take_out(&events, w);
	return vec;
}
