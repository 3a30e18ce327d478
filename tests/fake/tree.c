/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/tree.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fake/must.h"

void *tree_block(const void *p, size_t n)
{
	void *block = malloc(n ? n : 1);

	must(block);
	if (n > 0)
		memcpy(block, p, n);
	return block;
}

char *tree_text(const char *s)
{
	return tree_block(s, strlen(s) + 1);
}

bool tree_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

struct node *tree_find(struct tree *t, const char *path)
{
	struct node *n;

	TAILQ_FOREACH(n, t, next) {
		if (strcmp(n->path, path) == 0)
			return n;
	}
	return NULL;
}

struct node *tree_make(struct tree *t, const char *path)
{
	struct node *n = tree_find(t, path);
	const char *slash = strrchr(path, '/');
	char *parent;

	if (n)
		return n;
	if (slash && slash > path) {
		parent = tree_text(path);
		parent[slash - path] = '\0';
		tree_make(t, parent);
		free(parent);
	}
	n = calloc(1, sizeof(*n));
	must(n);
	n->path = tree_text(path);
	n->value = tree_block("", 1);
	TAILQ_INSERT_TAIL(t, n, next);
	return n;
}

void tree_set(struct tree *t, const char *path, const void *value, size_t len)
{
	struct node *n = tree_make(t, path);

	free(n->value);
	n->value = malloc(len + 1);
	must(n->value);
	memcpy(n->value, value, len);
	n->value[len] = '\0';
	n->len = len;
}

static void drop(struct tree *t, struct node *n)
{
	TAILQ_REMOVE(t, n, next);
	free(n->path);
	free(n->value);
	free(n);
}

void tree_drop_below(struct tree *t, const char *path)
{
	struct node *n, *next;

	for (n = TAILQ_FIRST(t); n; n = next) {
		next = TAILQ_NEXT(n, next);
		if (!path || strcmp(n->path, path) == 0 || tree_is_below(n->path, path))
			drop(t, n);
	}
}
