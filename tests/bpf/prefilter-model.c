/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bpf/prefilter-model.h"

#include <string.h>

#define SIGN	   (1ULL << 63)
#define TEXT_BYTES (PREFILTER_TEXT_WORDS * sizeof(uint64_t))

bool prefilter_number_passes(const struct number_prefilter *prefilter, uint64_t raw)
{
	unsigned int shift = 64 - 8U * prefilter->size;

	if (!prefilter->is_used)
		return true;
	raw <<= shift;
	raw = prefilter->is_signed ? (uint64_t)((int64_t)raw >> shift) : raw >> shift;
	if (raw & prefilter->bits)
		return true;
	raw ^= prefilter->is_signed ? SIGN : 0;
	for (uint32_t i = 0; i < prefilter->count; i++)
		if (raw >= prefilter->ranges[i].low && raw <= prefilter->ranges[i].high)
			return true;
	return false;
}

bool prefilter_text_passes(const struct text_prefilter *prefilter, const char *string)
{
	struct text_beginning seen = {};

	if (!prefilter->is_used)
		return true;
	memcpy(seen.words, string, strnlen(string, TEXT_BYTES));
	for (uint32_t i = 0; i < prefilter->count; i++) {
		const struct text_beginning *beginning = &prefilter->beginnings[i];

		if (!((seen.words[0] ^ beginning->words[0]) & beginning->masks[0]) &&
			!((seen.words[1] ^ beginning->words[1]) & beginning->masks[1]))
			return true;
	}
	return false;
}
