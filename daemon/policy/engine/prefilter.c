/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/prefilter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define SIGN	   (1ULL << 63)
#define TEXT_BYTES (PREFILTER_TEXT_WORDS * sizeof(uint64_t))

/* Questions about one argument, of which a match needs a yes. */
struct needed {
	const struct hook_step **steps;
	size_t count;
};

static void needed_done(struct needed *needed)
{
	free(needed->steps);
}

static bool is_about_number(const struct hook_step *step)
{
	return step->operation == STEP_RANGE || step->operation == STEP_RANGE_SIGNED ||
	       step->operation == STEP_MASK;
}

static bool is_about_beginning(const struct hook_step *step)
{
	return step->operation == STEP_TEXT_EQUAL || step->operation == STEP_TEXT_PREFIX;
}

/* A yes may lead to a narrower question about the same, as in a tree of ranges. Then that one is
 * taken; which of them are taken makes no difference to what is true, only to how much it says. */
static bool leads_to_narrower(const struct compiled_hook *compiled, const struct hook_step *step)
{
	const struct hook_step *next;

	if (step->then >= compiled->step_count)
		return false;
	next = &compiled->steps[step->then];
	return next->operation == step->operation && next->argument == step->argument;
}

static bool is_match(uint16_t target)
{
	return target != STEP_NO_MATCH && (target & STEP_MATCH);
}

/* Go all ways but a yes to such a question, or, of questions that lead to a narrower one, to that.
 * Steps only lead forward. False when that gets to a match. */
static bool collect_those(const struct compiled_hook *compiled, uint32_t argument,
	bool (*wanted)(const struct hook_step *), bool narrowest, bool *reached,
	struct needed *needed)
{
	memset(reached, 0, compiled->step_count * sizeof(*reached));
	reached[0] = true;
	needed->count = 0;
	for (size_t i = 0; i < compiled->step_count; i++) {
		const struct hook_step *step = &compiled->steps[i];
		uint16_t targets[] = {step->otherwise, step->unknown, step->then};
		size_t ways = ARRAY_SIZE(targets);

		if (!reached[i])
			continue;
		if (step->argument == argument && wanted(step) &&
			!(narrowest && leads_to_narrower(compiled, step))) {
			needed->steps[needed->count++] = step;
			ways--;
		}
		for (size_t j = 0; j < ways; j++) {
			if (is_match(targets[j]))
				return false;
			if (targets[j] < compiled->step_count)
				reached[targets[j]] = true;
		}
	}
	return true;
}

/* What follows may be no narrower one, but its opposite, as in > 5 && != 7. */
static bool collect(const struct compiled_hook *compiled, uint32_t argument,
	bool (*wanted)(const struct hook_step *), bool *reached, struct needed *needed)
{
	return collect_those(compiled, argument, wanted, true, reached, needed) ||
	       collect_those(compiled, argument, wanted, false, reached, needed);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct number_range *first = a, *second = b;

	return first->low < second->low ? -1 : first->low > second->low;
}

/* In order, and of too many the spans of as many groups. */
static void put_ranges(
	struct number_prefilter *prefilter, struct number_range *ranges, size_t count)
{
	size_t group = (count + PREFILTER_CHOICES_MAX - 1) / PREFILTER_CHOICES_MAX;

	qsort(ranges, count, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < count; i += group) {
		struct number_range *span = &prefilter->ranges[prefilter->count++];

		*span = ranges[i];
		for (size_t j = i; j < MIN(i + group, count); j++)
			span->high = MAX(span->high, ranges[j].high);
	}
}

static int put_number(struct number_prefilter *prefilter, const struct hook_argument *argument,
	const struct needed *needed)
{
	uint64_t turned = argument->is_signed ? SIGN : 0;
	_cleanup_free_ struct number_range *ranges = calloc(needed->count + 1, sizeof(*ranges));
	size_t count = 0;

	if (!ranges)
		return -ENOMEM;
	memset(prefilter, 0, sizeof(*prefilter));
	for (size_t i = 0; i < needed->count; i++) {
		const struct hook_step *step = needed->steps[i];
		struct number_range range = {step->low ^ turned, step->high ^ turned};

		if (step->operation == STEP_MASK)
			prefilter->bits |= step->low;
		else if ((step->operation == STEP_RANGE_SIGNED) != argument->is_signed)
			return 0; /* asked as what it is not */
		else if (range.low <= range.high)
			ranges[count++] = range;
	}
	put_ranges(prefilter, ranges, count);
	prefilter->raw = argument->raw;
	prefilter->size = argument->size;
	prefilter->is_signed = argument->is_signed;
	prefilter->is_used = true;
	return 0;
}

/* The first bytes of what a step asks for, at most `longest`; the end of a whole string is a NUL.
 */
static struct text_beginning beginning_of(
	const struct compiled_hook *compiled, const struct hook_step *step, size_t longest)
{
	struct text_beginning beginning = {};
	size_t length = MIN((size_t)step->length, longest);

	memcpy(beginning.words, compiled->texts.data + step->offset, length);
	if (step->operation == STEP_TEXT_EQUAL && length < longest)
		length++;
	memset(beginning.masks, 0xff, length);
	return beginning;
}

static bool is_listed(
	const struct text_prefilter *prefilter, const struct text_beginning *beginning)
{
	for (uint32_t i = 0; i < prefilter->count; i++)
		if (!memcmp(&prefilter->beginnings[i], beginning, sizeof(*beginning)))
			return true;
	return false;
}

/* Of each the first `longest` bytes. False when those are too many, or one has none. */
static bool put_beginnings(struct text_prefilter *prefilter, const struct compiled_hook *compiled,
	const struct needed *needed, size_t longest)
{
	prefilter->count = 0;
	prefilter->is_long = false;
	for (size_t i = 0; i < needed->count; i++) {
		struct text_beginning beginning = beginning_of(compiled, needed->steps[i], longest);

		if (is_listed(prefilter, &beginning))
			continue;
		if (prefilter->count == PREFILTER_CHOICES_MAX || !beginning.masks[0])
			return false;
		prefilter->is_long |= beginning.masks[1] != 0;
		prefilter->beginnings[prefilter->count++] = beginning;
	}
	return true;
}

static void put_text(struct text_prefilter *prefilter, const struct compiled_hook *compiled,
	const struct hook_argument *argument, const struct needed *needed)
{
	for (size_t longest = TEXT_BYTES; longest && !prefilter->is_used; longest--) {
		memset(prefilter, 0, sizeof(*prefilter));
		prefilter->is_used = put_beginnings(prefilter, compiled, needed, longest);
	}
	prefilter->raw = argument->raw;
}

int prefilter_find(const struct compiled_hook *compiled,
	const struct hook_argument arguments[HOOK_ARGUMENTS_ALL], uint32_t arguments_count,
	struct hook_prefilter *ret)
{
	_cleanup_free_ bool *reached = calloc(compiled->step_count + 1, sizeof(*reached));
	_cleanup_(needed_done) struct needed needed = {
		.steps = calloc(compiled->step_count + 1, sizeof(*needed.steps))};
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (!reached || !needed.steps)
		return -ENOMEM;
	if (!compiled->step_count) /* without selectors all is a match */
		return 0;
	for (uint32_t i = 0; i < arguments_count && r >= 0; i++) {
		const struct hook_argument *argument = &arguments[i];

		/* not in the register as it is */
		if (argument->source != ARGUMENT_OF_CALL ||
			(argument->flags & (ARGUMENT_RESOLVED | ARGUMENT_SYSTEM_CALL)))
			continue;
		if (argument->reader == ARGUMENT_INTEGER && !ret->number.is_used &&
			collect(compiled, i, is_about_number, reached, &needed))
			r = put_number(&ret->number, argument, &needed);
		if (argument->reader == ARGUMENT_STRING && !ret->text.is_used &&
			collect(compiled, i, is_about_beginning, reached, &needed))
			put_text(&ret->text, compiled, argument, &needed);
	}
	return r;
}
