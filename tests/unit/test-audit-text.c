/* SPDX-License-Identifier: Apache-2.0 */
/* No byte but the listed ones may stand in an audit value as it is. */

#include "lib/audit_text.h"
#include "tests/unit/unit.h"

static void expect(struct buf *buf, const char *text)
{
	ck_assert(!buf->failed);
	ck_assert_str_eq(buf_string(buf), text);
	buf_clear(buf);
}

START_TEST(safe_values_are_quoted)
{
	_cleanup_buf_ struct buf buf = {0};

	audit_field(&buf, "exe", "/usr/bin/curl");
	expect(&buf, "exe=\"/usr/bin/curl\"");
	audit_field(&buf, "comm", "");
	expect(&buf, "comm=\"\"");
	audit_field(&buf, "img", "docker.io/library/nginx:1.25@sha256,a%b+c_d-E");
	expect(&buf, "img=\"docker.io/library/nginx:1.25@sha256,a%b+c_d-E\"");
	audit_field(&buf, "name", NULL);
	expect(&buf, "name=?");
}
END_TEST

START_TEST(every_other_byte_is_hex)
{
	static const char safe[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,-";
	_cleanup_buf_ struct buf buf = {0};

	for (unsigned byte = 0; byte < 256; byte++) {
		char value[3] = {'a', (char)byte, 'b'}, expected[32];

		audit_field_n(&buf, "v", value, sizeof(value));
		if (byte && strchr(safe, (int)byte))
			snprintf(expected, sizeof(expected), "v=\"a%cb\"", (char)byte);
		else
			snprintf(expected, sizeof(expected), "v=61%02X62", byte);
		expect(&buf, expected);
	}
}
END_TEST

START_TEST(forgeries_are_hex)
{
	_cleanup_buf_ struct buf buf = {0};

	audit_field(&buf, "comm", "exe=/usr/bin/sudo");
	expect(&buf, "comm=6578653D2F7573722F62696E2F7375646F");
	audit_field(&buf, "cwd", "' res=success");
	expect(&buf, "cwd=27207265733D73756363657373");
}
END_TEST

START_TEST(a_long_value_is_cut_and_marked)
{
	_cleanup_buf_ struct buf buf = {0};

	audit_field_limited(&buf, "p", "/12345678901234", 14, 16);
	expect(&buf, "p=\"/1234567890123\"");
	audit_field_limited(&buf, "p", "/12345678901234", 15, 16);
	expect(&buf, "p=\"/1234567890...\"");
	/* fits in hex */
	audit_field_limited(&buf, "p", "/ 345678", 8, 16);
	expect(&buf, "p=2F20333435363738");
	/* does not; and where it is cut all bytes before are safe or not */
	audit_field_limited(&buf, "p", "/ 3456789", 9, 16);
	expect(&buf, "p=2F203334352E2E2E");
	audit_field_limited(&buf, "p", "/1234567890 abcdef", 18, 16);
	expect(&buf, "p=\"/1234567890...\"");
	audit_field_limited(&buf, "p", "/12345678 ", 10, 16);
	expect(&buf, "p=2F313233342E2E2E");
}
END_TEST

START_TEST(a_long_value_keeps_its_limit)
{
	static char value[5000];
	_cleanup_buf_ struct buf buf = {0};

	for (size_t length = 0; length < sizeof(value); length += 7)
		for (unsigned kind = 0; kind < 3; kind++) {
			memset(value, kind == 1 ? '=' : 'a', sizeof(value));
			if (kind == 2 && length)
				value[length - 1] = '\n';
			buf_clear(&buf);
			audit_field_limited(&buf, "v", value, length, 1000);
			ck_assert(!buf.failed);
			ck_assert_uint_le(buf.length, 1002);
		}
}
END_TEST

START_TEST(plain_values)
{
	_cleanup_buf_ struct buf buf = {0};

	audit_field_plain(&buf, "hostname", "web-2.example");
	expect(&buf, "hostname=web-2.example");
	audit_field_plain(&buf, "hostname", "");
	expect(&buf, "hostname=?");
	audit_field_plain(&buf, "hostname", NULL);
	expect(&buf, "hostname=?");
	/* ausearch would end uuid= at the colon and hostname= at the comma */
	audit_field_plain(&buf, "uuid", "a:b");
	expect(&buf, "uuid=?");
	audit_field_plain(&buf, "hostname", "a,b");
	expect(&buf, "hostname=?");
	audit_field_plain(&buf, "hostname", "a b");
	expect(&buf, "hostname=?");
}
END_TEST

RUN_SUITE("audit_text", safe_values_are_quoted, every_other_byte_is_hex, forgeries_are_hex,
	a_long_value_is_cut_and_marked, a_long_value_keeps_its_limit, plain_values)
