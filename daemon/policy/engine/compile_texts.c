/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on texts: each value is a question, and before several of them there is one that a miss
 * does not pass. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/engine/compile.h"
#include "lib/cleanup.h"
#include "lib/util.h"

/* Fewer texts are asked for one by one; more than this fill the filter's 64 bits. */
#define TEXTS_IN_A_BLOOM_MIN 3
#define TEXTS_IN_A_BLOOM_MAX 16

/* Of a text's first eight bytes those that there are. */
static uint64_t bytes_mask(size_t length)
{
	return length < sizeof(uint64_t) ? (1ULL << (8 * length)) - 1 : UINT64_MAX;
}

static int compile_one_text(struct compiler *compiler, struct hook_step step,
	const struct policy_text *text, bool is_last, bool negated)
{
	int64_t offset = compile_text(compiler, text->data, text->length);
	char *copy;

	if (offset < 0)
		return (int)offset;
	step.offset = (uint32_t)offset;
	step.length = (uint32_t)text->length;
	copy = compiler->compiled->texts.data + offset;
	if (step.operation == STEP_TEXT_SUB_STRING_IGN_CASE)
		for (size_t i = 0; i < text->length; i++)
			if (copy[i] >= 'A' && copy[i] <= 'Z')
				copy[i] = (char)(copy[i] - 'A' + 'a');
	step.low = 0;
	if (text->length) /* of no text yet, there is no copy */
		memcpy(&step.low, copy, MIN(text->length, sizeof(step.low)));
	step.high = bytes_mask(text->length);
	return compile_alternative(compiler, step, is_last, negated);
}

/* What the kernel looks at for the filter, of `length` bytes: the end, where names differ most,
 * unless only the beginning is asked about. */
static uint64_t word_of(const struct policy_text *text, uint8_t operation, size_t length)
{
	size_t at = operation == STEP_TEXT_PREFIX ? 0 : text->length - length;
	uint64_t word = 0;

	memcpy(&word, text->data + at, MIN(length, sizeof(word)));
	return word;
}

/* Whether it may be any of `texts`, before each of them is asked about: most are a miss. */
static int compile_bloom(struct compiler *compiler, struct hook_step step,
	const struct policy_text *const texts[], size_t count, bool is_last, bool negated)
{
	size_t shortest = SIZE_MAX;

	for (size_t i = 0; i < count; i++)
		shortest = MIN(shortest, texts[i]->length);
	if (count < TEXTS_IN_A_BLOOM_MIN || !shortest)
		return 0;
	step.second = step.operation;
	step.operation = STEP_TEXT_BLOOM;
	step.length = (uint32_t)shortest;
	step.high = bytes_mask(shortest);
	for (size_t i = 0; i < count; i++)
		step.low |= TEXT_BLOOM_BIT(word_of(texts[i], step.second, shortest));
	step.then = (uint16_t)(compiler->compiled->step_count + 1);
	step.otherwise = (uint16_t)(step.then + count);
	if (is_last)
		step.otherwise = negated ? TARGET_NEXT_FILTER : TARGET_FAIL;
	step.unknown = TARGET_FAIL;
	return compile_step(compiler, &step) ? 0 : compiler->error->code;
}

static int compile_one_by_one(struct compiler *compiler, struct hook_step step,
	const struct policy_text *const texts[], size_t count, bool is_last, bool negated)
{
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++)
		r = compile_one_text(compiler, step, texts[i], is_last && i + 1 == count, negated);
	return r;
}

/* Texts of one length, as far as the filter can see, and not too many of them. */
static int compile_text_group(struct compiler *compiler, struct hook_step step,
	const struct policy_text *const texts[], size_t count, bool is_last, bool negated)
{
	int r = compile_bloom(compiler, step, texts, count, is_last, negated);

	return r < 0 ? r : compile_one_by_one(compiler, step, texts, count, is_last, negated);
}

static int compare_texts(const void *a, const void *b)
{
	const struct policy_text *const *first = a, *const *second = b;
	size_t length = MIN((*first)->length, (*second)->length);
	bool first_is_long = (*first)->length >= sizeof(uint64_t);
	bool second_is_long = (*second)->length >= sizeof(uint64_t);
	int r;

	if (first_is_long != second_is_long)
		return first_is_long ? 1 : -1;
	r = length ? memcmp((*first)->data, (*second)->data, length) : 0;
	if (r) /* an order of all: else qsort() may leave the array */
		return r;
	return (*first)->length < (*second)->length ? -1 : (*first)->length > (*second)->length;
}

int compile_texts(struct compiler *compiler, struct hook_step step, enum policy_operator operation,
	const struct policy_value *values, size_t count, bool negated)
{
	static const uint8_t operations[] = {
		[POLICY_EQUAL] = STEP_TEXT_EQUAL,
		[POLICY_PREFIX] = STEP_TEXT_PREFIX,
		[POLICY_POSTFIX] = STEP_TEXT_POSTFIX,
		[POLICY_SUB_STRING] = STEP_TEXT_SUB_STRING,
		[POLICY_SUB_STRING_IGN_CASE] = STEP_TEXT_SUB_STRING_IGN_CASE,
	};
	_cleanup_free_ const struct policy_text **texts = calloc(count + 1, sizeof(*texts));
	size_t end;
	int r = 0;

	if (!texts)
		return error_set(compiler->error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		texts[i] = &values[i].text;
	step.operation = operations[operation];
	/* It is not for want of these questions that a policy is refused. */
	if (operation == POLICY_SUB_STRING || operation == POLICY_SUB_STRING_IGN_CASE ||
		compiler->compiled->step_count + count + count / TEXTS_IN_A_BLOOM_MIN >=
			HOOK_STEPS_MAX)
		return compile_one_by_one(compiler, step, texts, count, true, negated);
	qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count && r >= 0; i = end) {
		bool is_long = texts[i]->length >= sizeof(uint64_t);

		for (end = i + 1; end < count && end < i + TEXTS_IN_A_BLOOM_MAX; end++)
			if ((texts[end]->length >= sizeof(uint64_t)) != is_long)
				break;
		r = compile_text_group(compiler, step, texts + i, end - i, end == count, negated);
	}
	return r;
}
