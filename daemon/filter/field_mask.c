/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/field_mask.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/field_names.h"
#include "lib/util.h"

#define NAME_MAX_LENGTH 64
#define DEPTH_MAX	16
#define SHOWN(length)	(int)MIN((size_t)(length), (size_t)80)

static struct field_mask *node_new(const char *name, size_t length)
{
	struct field_mask *node = calloc(1, sizeof(*node) + length + 1);

	if (!node)
		return NULL;
	node->name_length = length;
	memcpy(node->name, name, length);
	return node;
}

struct field_mask *field_mask_new(void)
{
	return node_new("", 0);
}

struct field_mask *field_mask_free(struct field_mask *mask)
{
	struct field_mask *child, *next;

	if (!mask)
		return NULL;
	for (child = mask->children; child; child = next) {
		next = child->next;
		field_mask_free(child);
	}
	free(mask);
	return NULL;
}

static struct field_mask *find_child(const struct field_mask *node, const char *name, size_t length)
{
	for (struct field_mask *child = node->children; child; child = child->next)
		if (child->name_length == length && memcmp(child->name, name, length) == 0)
			return child;
	return NULL;
}

static struct field_mask *add_child(struct field_mask *node, const char *name, size_t length)
{
	struct field_mask *child = find_child(node, name, length);

	if (child)
		return child;
	child = node_new(name, length);
	if (!child)
		return NULL;
	child->next = node->children;
	node->children = child;
	return child;
}

/* podLabels -> pod_labels. FieldMask's JSON form has camelCase; names that begin with a capital are
 * meant as they are. */
static int to_snake_case(
	const char *name, size_t length, char snake[NAME_MAX_LENGTH], size_t *ret_length)
{
	bool camel = length && islower((unsigned char)name[0]);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		bool capital = camel && isupper((unsigned char)name[i]);

		if (used + 2 > NAME_MAX_LENGTH)
			return -EINVAL;
		if (capital)
			snake[used++] = '_';
		snake[used++] = capital ? (char)tolower((unsigned char)name[i]) : name[i];
	}
	*ret_length = used;
	return 0;
}

/* Forms of the same text: where bytes are no UTF-8 there is a base64 copy; argv is arguments, each
 * by itself. Leaving out one and not the other would not hide anything. */
static int add_twins(struct field_mask *parent, const char *name, size_t length, bool exclude)
{
	static const struct {
		const char *name, *twin;
		bool exclude_only;
	} twins[] = {
		{"arguments", "argv", true},
		{"arguments", "argv_b64", true},
		{"argv", "argv_b64", false},
		{"binary", "binary_b64", false},
		{"cwd", "cwd_b64", false},
		{"exe", "exe_b64", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(twins); i++) {
		struct field_mask *twin;

		if (strlen(twins[i].name) != length || memcmp(twins[i].name, name, length) != 0 ||
			(twins[i].exclude_only && !exclude))
			continue;
		twin = add_child(parent, twins[i].twin, strlen(twins[i].twin));
		if (!twin)
			return -ENOMEM;
		twin->whole = true;
	}
	return 0;
}

static int unknown_name(const struct field_name *names, const char *path, size_t length,
	const char *name, size_t name_length, struct error *error)
{
	_cleanup_buf_ struct buf allowed = {};

	if (!names)
		return error_set(error, -EINVAL, "\"%.*s\": nothing is below \"%.*s\"",
			SHOWN(length), path, SHOWN(name > path ? name - path - 1 : 0), path);
	for (const struct field_name *each = names; each->name; each++)
		buf_printf(&allowed, "%s%s", each == names ? "" : ", ", each->name);
	return error_set(error, -EINVAL, "\"%.*s\": no event has a \"%.*s\" there, allowed: %s",
		SHOWN(length), path, SHOWN(name_length), name, buf_string(&allowed) ?: "?");
}

/* A name as it is, or in FieldMask's camelCase. *name and *length become those that events have. */
static const struct field_name *find_name(
	const struct field_name *names, const char **name, size_t *length)
{
	const struct field_name *known = field_names_find(names, *name, *length);
	char snake[NAME_MAX_LENGTH];
	size_t snake_length;

	if (known || to_snake_case(*name, *length, snake, &snake_length) < 0)
		return known;
	known = field_names_find(names, snake, snake_length);
	if (known) {
		*name = known->name;
		*length = snake_length;
	}
	return known;
}

static int add_path(
	struct field_mask *mask, const char *path, size_t length, bool exclude, struct error *error)
{
	const struct field_name *names = field_names_event;
	struct field_mask *node = mask, *parent = mask;
	const char *name = path, *end = path + length, *dot;

	for (unsigned int depth = 0;; depth++, name = dot + 1) {
		const struct field_name *known = NULL;
		const char *own_name = name;
		size_t own_length;

		dot = memchr(name, '.', (size_t)(end - name)) ?: end;
		own_length = (size_t)(dot - name);
		if (depth < DEPTH_MAX && own_length)
			known = find_name(names, &own_name, &own_length);
		if (!known)
			return unknown_name(names, path, length, name, (size_t)(dot - name), error);
		names = field_names_below(known);
		parent = node;
		node = add_child(parent, own_name, own_length);
		if (!node || (dot == end && add_twins(parent, own_name, own_length, exclude) < 0))
			return error_set(error, -ENOMEM, "no memory");
		if (dot == end)
			break;
	}
	node->whole = true;
	return 0;
}

int field_mask_add_paths(struct field_mask *mask, const char *paths, size_t length, bool exclude,
	struct error *error)
{
	const char *path = paths, *end = paths + length;
	int r;

	for (unsigned int count = 0;; count++) {
		const char *comma = memchr(path, ',', (size_t)(end - path)) ?: end;
		const char *start = path, *stop = comma;

		if (count == FIELD_PATHS_MAX)
			return error_set(error, -E2BIG, "more than %d paths", FIELD_PATHS_MAX);
		while (start < stop && *start == ' ')
			start++;
		while (stop > start && stop[-1] == ' ')
			stop--;
		if (start == stop)
			return error_set(error, -EINVAL, "has an empty path");
		r = add_path(mask, start, (size_t)(stop - start), exclude, error);
		if (r < 0)
			return r;
		if (comma == end)
			return 0;
		path = comma + 1;
	}
}

bool field_path_known(const char *path, size_t length)
{
	const struct field_name *names = field_names_event;

	for (size_t start = 0; start <= length;) {
		const char *dot = memchr(path + start, '.', length - start);
		size_t end = dot ? (size_t)(dot - path) : length;
		const struct field_name *name = field_names_find(names, path + start, end - start);

		if (!name)
			return false;
		names = field_names_below(name);
		start = end + 1;
	}
	return true;
}
