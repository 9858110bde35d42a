/* SPDX-License-Identifier: Apache-2.0 */
/* A label selector. A requirement and its negation never hold both. */
#include "daemon/filter/labels.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct label first[] = {{(char *)"app", (char *)"web"}, {(char *)"size", (char *)"3"}};
	struct label second[] = {{(char *)"app", (char *)"front"}};
	struct label_selector *selector = NULL, *exists = NULL;
	char *text = fuzz_string(data, size);
	struct error error = {};

	if (label_selector_parse(text, strlen(text), &selector, &error) == 0) {
		bool both = label_selector_matches(selector, first, 2, second, 1);
		char *negated = malloc(strlen(text) + 2);

		(void)label_selector_matches(selector, NULL, 0, NULL, 0);
		negated[0] = '!';
		memcpy(negated + 1, text, strlen(text) + 1);
		/* "!" before a single name */
		if (!strpbrk(text, "=!<>(), \t\r\n") &&
			label_selector_parse(negated, strlen(negated), &exists, NULL) == 0)
			FUZZ_ASSERT(both != label_selector_matches(exists, first, 2, second, 1));
		free(negated);
	} else {
		FUZZ_ASSERT(error.code < 0 && error.message[0]);
	}
	label_selector_free(selector);
	label_selector_free(exists);
	free(text);
	return 0;
}
