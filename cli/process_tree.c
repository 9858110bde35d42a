/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/process_tree.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/text.h"
#include "lib/util.h"

#define COLUMNS_MAX 400 /* bytes of lines before a process; deeper ones are drawn at this depth */

struct node {
	char *exec_id, *parent_exec_id; /* of the strings below, never NULL */
	char *command, *container;	/* container: "" for the host; name, id and image else */
	char *end;			/* "" while it lives */
	uint64_t pid, parent_pid;
	bool shown;
	struct node *parent, *child, *last_child, *next;
};

struct process_tree {
	struct node *nodes;
	size_t count, capacity;
	struct node **by_exec_id, **by_pid; /* sorted; by_pid: living ones */
	size_t living;
};

struct process_tree *process_tree_new(void)
{
	return calloc(1, sizeof(struct process_tree));
}

struct process_tree *process_tree_free(struct process_tree *tree)
{
	if (!tree)
		return NULL;
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->nodes[i].exec_id);
		free(tree->nodes[i].parent_exec_id);
		free(tree->nodes[i].command);
		free(tree->nodes[i].container);
		free(tree->nodes[i].end);
	}
	free(tree->nodes);
	free(tree->by_exec_id);
	free(tree->by_pid);
	free(tree);
	return NULL;
}

static void append_text(struct buf *buf, const char *before, const struct json_value *value)
{
	size_t length;
	const char *text = json_text_n(value, &length);

	if (!text || !length)
		return;
	buf_append_string(buf, before);
	text_untrusted(buf, text, length);
}

static char *take_string(struct buf *buf)
{
	char *text = buf_string(buf);

	*buf = (struct buf){0};
	return text;
}

static char *copy(const struct json_value *value)
{
	const char *text = json_text(value);

	return strdup(text ? text : "");
}

static char *describe_container(const struct json_value *container)
{
	_cleanup_buf_ struct buf text = {0};
	const char *id = json_text(json_get(container, "id"));

	append_text(&text, "", json_get(container, "name"));
	if (id) {
		buf_append_string(&text, text.length ? "  " : "");
		text_untrusted(&text, id, MIN(strlen(id), (size_t)12));
	}
	append_text(&text, "  ", json_path(container, "image", "name", NULL));
	return take_string(&text);
}

static char *describe_command(const struct json_value *process)
{
	_cleanup_buf_ struct buf text = {0};

	append_text(&text, "", json_get(process, "binary"));
	append_text(&text, " ", json_get(process, "arguments"));
	return take_string(&text);
}

static char *describe_end(const struct json_value *process)
{
	const struct json_value *living = json_get(process, "living");
	_cleanup_buf_ struct buf text = {0};
	uint64_t code = 0;

	if (!living || json_is_true(living))
		return take_string(&text);
	buf_append_literal(&text, "ended");
	if (!json_u64(json_get(process, "exit_code"), &code)) {
		const char *name = sigabbrev_np((int)(code & 0x7f));

		if (!(code & 0x7f))
			buf_printf(&text, ": %u", (unsigned)(code >> 8 & 0xff));
		else
			buf_printf(&text, ": SIG%s", name ? name : "?");
	}
	return take_string(&text);
}

int process_tree_add(struct process_tree *tree, const struct json_value *process)
{
	struct node *node;

	if (tree->count >= PROCESS_TREE_MAX)
		return -E2BIG;
	if (tree->count == tree->capacity) {
		size_t capacity = tree->capacity ? tree->capacity * 2 : 256;
		struct node *nodes = realloc(tree->nodes, capacity * sizeof(*nodes));

		if (!nodes)
			return -ENOMEM;
		tree->nodes = nodes;
		tree->capacity = capacity;
	}
	node = tree->nodes + tree->count++;
	*node = (struct node){.exec_id = copy(json_get(process, "exec_id")),
		.parent_exec_id = copy(json_get(process, "parent_exec_id")),
		.command = describe_command(process),
		.container = describe_container(json_get(process, "container")),
		.end = describe_end(process)};
	json_u64(json_get(process, "pid"), &node->pid);
	json_u64(json_get(process, "parent_pid"), &node->parent_pid);
	if (!node->exec_id || !node->parent_exec_id || !node->command || !node->container ||
		!node->end)
		return -ENOMEM;
	return 0;
}

static int compare_exec_id(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->exec_id, (*(struct node *const *)b)->exec_id);
}

static int compare_pid(const void *a, const void *b)
{
	uint64_t left = (*(struct node *const *)a)->pid, right = (*(struct node *const *)b)->pid;

	return left < right ? -1 : left > right;
}

/* Containers in order of their names, the host last, then by pid. */
static int compare_place(const void *a, const void *b)
{
	const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
	int order;

	if (!*left->container != !*right->container)
		return !*left->container - !*right->container;
	order = strcmp(left->container, right->container);
	return order ? order : compare_pid(a, b);
}

static struct node *find_parent(const struct process_tree *tree, const struct node *node)
{
	struct node key = {.exec_id = node->parent_exec_id, .pid = node->parent_pid};
	struct node *key_pointer = &key, **found;

	found = bsearch(
		&key_pointer, tree->by_exec_id, tree->count, sizeof(*found), compare_exec_id);
	/* An image's parent is the image before it when one process execs twice: the tree of
	 * processes has the process that forked. */
	if (found && (*found)->pid != node->pid)
		return *found;
	if (!key.pid)
		return found ? find_parent(tree, *found) : NULL;
	found = bsearch(&key_pointer, tree->by_pid, tree->living, sizeof(*found), compare_pid);
	return found && *found != node ? *found : NULL;
}

/* Whether `node` is among the ancestors of `parent`: a list read while pids come and go may close
 * a ring. */
static bool would_loop(const struct node *node, const struct node *parent)
{
	for (size_t i = 0; parent; parent = parent->parent)
		if (parent == node || ++i > PROCESS_TREE_MAX)
			return true;
	return false;
}

static void append_child(struct node *parent, struct node *node)
{
	node->parent = parent;
	if (parent->last_child)
		parent->last_child->next = node;
	else
		parent->child = node;
	parent->last_child = node;
}

static int join(struct process_tree *tree, struct node **order)
{
	tree->by_exec_id = calloc(tree->count + 1, sizeof(struct node *));
	tree->by_pid = calloc(tree->count + 1, sizeof(struct node *));
	if (!tree->by_exec_id || !tree->by_pid)
		return -ENOMEM;
	for (size_t i = 0; i < tree->count; i++) {
		order[i] = tree->by_exec_id[i] = tree->nodes + i;
		if (!*tree->nodes[i].end)
			tree->by_pid[tree->living++] = tree->nodes + i;
	}
	qsort(tree->by_exec_id, tree->count, sizeof(struct node *), compare_exec_id);
	qsort(tree->by_pid, tree->living, sizeof(struct node *), compare_pid);
	qsort(order, tree->count, sizeof(struct node *), compare_place);
	for (size_t i = 0; i < tree->count; i++) {
		struct node *parent = find_parent(tree, order[i]);

		if (parent && !strcmp(parent->container, order[i]->container) &&
			!would_loop(order[i], parent))
			append_child(parent, order[i]);
	}
	return 0;
}

/* Where a node's children hang: the column goes on below if the node has a sibling after it. */
static const char *column(const struct node *node)
{
	return node->next ? "│  " : "   ";
}

static void print_node(
	const struct node *node, const struct buf *columns, bool root, bool colour, struct buf *out)
{
	size_t length = MIN(columns->length, (size_t)COLUMNS_MAX);
	bool ended = *node->end;

	while (length < columns->length && ((uint8_t)columns->data[length] & 0xc0) == 0x80)
		length--; /* not within a character */
	buf_append_literal(out, "  ");
	buf_append(out, columns->data, length);
	if (!root)
		buf_append_string(out, node->next ? "├─ " : "└─ ");
	colour_begin(out, colour && ended, COLOUR_DIM);
	buf_u64(out, node->pid);
	buf_append_char(out, ' ');
	buf_append_string(out, *node->command ? node->command : "?");
	if (ended)
		buf_printf(out, " (%s)", node->end);
	colour_end(out, colour && ended);
	buf_append_char(out, '\n');
}

/* Without recursion: a chain of processes is as deep as somebody makes it. */
static void print_subtree(const struct node *root, bool colour, struct buf *out)
{
	_cleanup_buf_ struct buf columns = {0};
	const struct node *node = root;

	while (node) {
		print_node(node, &columns, node == root, colour, out);
		if (node->child) {
			if (node != root)
				buf_append_string(&columns, column(node));
			node = node->child;
			continue;
		}
		while (node != root && !node->next) {
			node = node->parent;
			if (node != root)
				columns.length -= strlen(column(node));
		}
		node = node == root ? NULL : node->next;
	}
	out->failed |= columns.failed;
}

int process_tree_print(struct process_tree *tree, bool host, bool colour, struct buf *out)
{
	_cleanup_free_ struct node **order = calloc(tree->count + 1, sizeof(*order));
	const char *container = NULL;

	if (!order || join(tree, order))
		return -ENOMEM;
	for (size_t i = 0; i < tree->count; i++) {
		const struct node *node = order[i];

		if (node->parent || (!host && !*node->container))
			continue;
		if (!container || strcmp(container, node->container)) {
			if (container)
				buf_append_char(out, '\n');
			container = node->container;
			colour_begin(out, colour, COLOUR_GREEN);
			buf_append_string(out, *container ? container : "host");
			colour_end(out, colour);
			buf_append_char(out, '\n');
		}
		print_subtree(node, colour, out);
	}
	return 0;
}
