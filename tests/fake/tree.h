/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h: the nodes of store.h's xenstore: a list, by path. Nothing here fails. */
#ifndef DMVL_TESTS_FAKE_TREE_H
#define DMVL_TESTS_FAKE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct node {
	TAILQ_ENTRY(node) next;
	char *path, *value; /* the value has a NUL behind its `len` bytes */
	size_t len;
};
TAILQ_HEAD(tree, node);

/* Copies on the heap, no byte longer, so that a sanitizer sees who reads on; the caller frees them.
 */
void *tree_block(const void *p, size_t n);
char *tree_text(const char *s);

/* Is it a path below the directory? */
bool tree_is_below(const char *path, const char *dir);

/* NULL: there is no such node. */
struct node *tree_find(struct tree *t, const char *path);
/* The node, which is made, with its parents, where it is missing. */
struct node *tree_make(struct tree *t, const char *path);
void tree_set(struct tree *t, const char *path, const void *value, size_t len);
/* Removes the node and all below it; NULL: all nodes. */
void tree_drop_below(struct tree *t, const char *path);

#endif
