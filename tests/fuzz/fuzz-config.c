/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file. What is taken is printed, and the print means the same. */
#include "daemon/config.h"

#include "daemon/config_file.h"
#include "tests/fuzz/fuzz.h"

static char *print(const struct config *config, size_t *ret_size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	FUZZ_ASSERT(file);
	config_print(config, file);
	fclose(file);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL, *again = NULL;
	char *text = malloc(size ? size : 1);
	struct error error = {};
	unsigned int line;

	if (size)
		memcpy(text, data, size);
	FUZZ_ASSERT(config_new(&config, &error) == 0 && config_new(&again, &error) == 0);
	if (config_file_parse(config, "f", text, size, &error) == 0) {
		size_t first_size, second_size;
		char *first = print(config, &first_size), *second;

		/* lines that were short enough with a tab for an indent may be too long with more
		 */
		if (config_file_parse(again, "f", first, first_size, &error) == 0) {
			second = print(again, &second_size);
			FUZZ_ASSERT(
				first_size == second_size && !memcmp(first, second, first_size));
			free(second);
		} else {
			FUZZ_ASSERT(strstr(error.message, "is longer than"));
		}
		FUZZ_ASSERT(config_finish(config, &error) == 0 || error.message[0]);
		free(first);
	} else {
		FUZZ_ASSERT(error.code < 0);
		FUZZ_ASSERT(sscanf(error.message, "f:%u:", &line) == 1 && line);
	}
	config_free(config);
	config_free(again);
	free(text);
	return 0;
}
