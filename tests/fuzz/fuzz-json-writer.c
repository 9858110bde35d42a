/* SPDX-License-Identifier: Apache-2.0 */
/* json_string_n: any bytes become a string that json_parse takes, of as many characters as there
 * are valid ones and bad bytes; base64 gives the bytes back. */
#include "lib/json_writer.h"

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check_string(const char *data, size_t size)
{
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_buf_ struct buf buf = {0};
	bool replaced = json_string_n(&buf, data, size);
	size_t length = 0;
	const char *text;

	FUZZ_ASSERT(!buf.failed);
	FUZZ_ASSERT(replaced == !utf8_valid(data, size));
	FUZZ_ASSERT(json_parse(buf.data, buf.length, NULL, &document, NULL) == 0);
	text = json_text_n(json_root(document), &length);
	FUZZ_ASSERT(text && utf8_valid(text, length));
	if (!replaced)
		FUZZ_ASSERT(length == size && !memcmp(text, data, size));
}

static void check_base64(const char *data, size_t size)
{
	_cleanup_buf_ struct buf buf = {0};
	char *back = malloc(size + 3);

	if (!back)
		abort();
	json_base64(&buf, data, size);
	FUZZ_ASSERT(buf.length == BASE64_LENGTH(size) + 2);
	FUZZ_ASSERT(base64_decode(buf.data + 1, buf.length - 2, back) == (ssize_t)size);
	FUZZ_ASSERT(!size || !memcmp(back, data, size));
	/* and the input as text to decode: refused, or the only text for its bytes */
	if (base64_decode(data, size, back) >= 0) {
		ssize_t length = base64_decode(data, size, back);

		buf_clear(&buf);
		json_base64(&buf, back, (size_t)length);
		FUZZ_ASSERT(buf.length == size + 2);
		FUZZ_ASSERT(!size || !memcmp(buf.data + 1, data, size));
	}
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_string((const char *)data, size);
	check_base64((const char *)data, size);
	return 0;
}
