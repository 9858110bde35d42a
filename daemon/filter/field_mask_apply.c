/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event's text is only cut: what stays is copied byte for byte, so no number and no escape can
 * change. Reading is always at or ahead of writing, in the same buffer.
 */
#include "daemon/filter/field_mask.h"

#include <errno.h>
#include <string.h>

struct rewriter {
	char *data;
	size_t length;
	size_t read, write;
};

/* The next byte that is no blank, '\0' at the end. */
static char peek(struct rewriter *rewriter)
{
	while (rewriter->read < rewriter->length) {
		char c = rewriter->data[rewriter->read];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
		rewriter->read++;
	}
	return '\0';
}

static bool accept(struct rewriter *rewriter, char c)
{
	if (peek(rewriter) != c)
		return false;
	rewriter->read++;
	return true;
}

static void put(struct rewriter *rewriter, char c)
{
	rewriter->data[rewriter->write++] = c;
}

static void copy(struct rewriter *rewriter, size_t from, size_t to)
{
	memmove(rewriter->data + rewriter->write, rewriter->data + from, to - from);
	rewriter->write += to - from;
}

static int skip_string(struct rewriter *rewriter)
{
	if (!accept(rewriter, '"'))
		return -EINVAL;
	while (rewriter->read < rewriter->length) {
		char c = rewriter->data[rewriter->read++];

		if (c == '"')
			return 0;
		if (c == '\\')
			rewriter->read++;
	}
	return -EINVAL;
}

static bool is_plain(char c)
{
	return c && !strchr(" \t\n\r,:{}[]\"", c);
}

/* A string, number or word; or the bracket of an object or array, which changes the depth. */
static int skip_token(struct rewriter *rewriter, size_t *depth)
{
	char c = peek(rewriter);

	if (c == '"')
		return skip_string(rewriter);
	if (is_plain(c)) {
		while (rewriter->read < rewriter->length &&
			is_plain(rewriter->data[rewriter->read]))
			rewriter->read++;
		return 0;
	}
	if (c == '{' || c == '[')
		++*depth;
	else if (!*depth || !c)
		return -EINVAL;
	else if (c == '}' || c == ']')
		--*depth;
	rewriter->read++;
	return 0;
}

static int skip_value(struct rewriter *rewriter)
{
	size_t depth = 0;
	int r;

	do
		r = skip_token(rewriter, &depth);
	while (r == 0 && depth);
	return r;
}

static int rewrite_object(
	struct rewriter *rewriter, const struct field_mask *mask, enum field_mask_mode mode);

/* A value below which the mask goes on. A list, as ancestors, is a list of such values. What has
 * nothing below it is what the path does not name. */
static int rewrite_value(
	struct rewriter *rewriter, const struct field_mask *mask, enum field_mask_mode mode)
{
	size_t from;
	int r;

	if (peek(rewriter) == '{')
		return rewrite_object(rewriter, mask, mode);
	if (!accept(rewriter, '[')) {
		from = rewriter->read;
		r = skip_value(rewriter);
		if (r == 0)
			copy(rewriter, from, rewriter->read);
		return r;
	}
	put(rewriter, '[');
	for (bool first = true; !accept(rewriter, ']'); first = false) {
		if (!first && !accept(rewriter, ','))
			return -EINVAL;
		if (!first)
			put(rewriter, ',');
		if (peek(rewriter) != '{')
			return -EINVAL;
		r = rewrite_object(rewriter, mask, mode);
		if (r < 0)
			return r;
	}
	put(rewriter, ']');
	return 0;
}

static const struct field_mask *find(const struct field_mask *mask, const char *name, size_t length)
{
	for (const struct field_mask *child = mask->children; child; child = child->next)
		if (child->name_length == length && memcmp(child->name, name, length) == 0)
			return child;
	return NULL;
}

static bool is_process_field(const char *name, size_t length)
{
	return (length == 7 && memcmp(name, "process", 7) == 0) ||
	       (length == 6 && memcmp(name, "parent", 6) == 0) ||
	       (length == 9 && memcmp(name, "ancestors", 9) == 0);
}

enum decision {
	DECISION_KEEP,
	DECISION_DROP,
	DECISION_DESCEND
};

static enum decision decide(
	const struct field_mask *child, enum field_mask_mode mode, const char *name, size_t length)
{
	if (mode == FIELD_MASK_EXCLUDE)
		return !child ? DECISION_KEEP : child->whole ? DECISION_DROP : DECISION_DESCEND;
	if (child)
		return child->whole ? DECISION_KEEP : DECISION_DESCEND;
	if (mode == FIELD_MASK_INCLUDE_PROCESSES && !is_process_field(name, length))
		return DECISION_KEEP;
	return DECISION_DROP;
}

/* One `"name":value` with the comma that may have to stand before it. */
static int rewrite_member(struct rewriter *rewriter, const struct field_mask *mask,
	enum field_mask_mode mode, bool *first)
{
	const struct field_mask *child;
	size_t from, name_length;
	enum decision decision;
	int r;

	if (peek(rewriter) != '"')
		return -EINVAL;
	from = rewriter->read;
	r = skip_string(rewriter);
	if (r < 0 || rewriter->read > rewriter->length)
		return -EINVAL;
	name_length = rewriter->read - from - 2;
	child = find(mask, rewriter->data + from + 1, name_length);
	decision = decide(child, mode, rewriter->data + from + 1, name_length);
	if (decision != DECISION_DROP) {
		if (!*first)
			put(rewriter, ',');
		*first = false;
		copy(rewriter, from, rewriter->read);
	}
	if (!accept(rewriter, ':'))
		return -EINVAL;
	if (decision != DECISION_DROP)
		put(rewriter, ':');
	if (decision == DECISION_DESCEND)
		return rewrite_value(rewriter, child,
			mode == FIELD_MASK_INCLUDE_PROCESSES ? FIELD_MASK_INCLUDE : mode);
	(void)peek(rewriter);
	from = rewriter->read;
	r = skip_value(rewriter);
	if (r == 0 && decision == DECISION_KEEP)
		copy(rewriter, from, rewriter->read);
	return r;
}

/* Recursion goes no deeper than the mask. */
static int rewrite_object(
	struct rewriter *rewriter, const struct field_mask *mask, enum field_mask_mode mode)
{
	bool first_read = true, first_written = true;
	int r;

	if (!accept(rewriter, '{'))
		return -EINVAL;
	put(rewriter, '{');
	while (!accept(rewriter, '}')) {
		if (!first_read && !accept(rewriter, ','))
			return -EINVAL;
		first_read = false;
		r = rewrite_member(rewriter, mask, mode, &first_written);
		if (r < 0)
			return r;
	}
	put(rewriter, '}');
	return 0;
}

int field_mask_apply(const struct field_mask *mask, enum field_mask_mode mode, struct buf *json)
{
	struct rewriter rewriter = {.data = json->data, .length = json->length};
	int r;

	if (json->failed || !accept(&rewriter, '{') || skip_string(&rewriter) < 0 ||
		!accept(&rewriter, ':') || rewriter.read > rewriter.length)
		return -EINVAL;
	rewriter.write = rewriter.read;
	r = rewrite_object(&rewriter, mask, mode);
	if (r < 0 || rewriter.read > rewriter.length)
		return -EINVAL;
	copy(&rewriter, rewriter.read, rewriter.length);
	json->length = rewriter.write;
	return 0;
}
