/* SPDX-License-Identifier: Apache-2.0 */
/* Container name, engine, id, comm, exe, binary, cwd and argv, each ended by a NUL byte (argv with
 * | for its own NULs). Whatever they are, a record has its fields in their order and nothing else,
 * and a reader that splits it at blanks gets back what was put in. */
#include "daemon/audit/audit.h"
#include "daemon/audit/record.h"
#include "lib/util.h"
#include "tests/audit/samples.h"
#include "tests/fuzz/fuzz.h"

#define LINE_MAX_AUSEARCH 8969

enum {
	NAME,
	ENGINE,
	ID,
	COMM,
	EXE,
	BINARY,
	CWD,
	ARGUMENTS,
	FIELDS
};

static const char *const exec_fields[] = {"op", "virt", "vm", "uuid", "opid", "oses", "sauid", "id",
	"comm", "exe", "cwd", "cmd_len", "cmd", "hostname", "addr", "terminal", "res"};

/* The value's bytes, decoded; false when it is in neither form. */
static bool decode(const char *value, size_t length, struct buf *ret)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_./:@%+,-";

	buf_clear(ret);
	if (length >= 2 && *value == '"') {
		for (size_t i = 1; i < length - 1; i++)
			if (!value[i] || !strchr(safe, value[i]))
				return false;
		buf_append(ret, value + 1, length - 2);
		return value[length - 1] == '"';
	}
	for (size_t i = 0; i + 1 < length; i += 2) {
		char pair[3] = {value[i], value[i + 1]}, *end;

		buf_append_char(ret, (char)strtoul(pair, &end, 16));
		if (*end)
			return false;
	}
	return length % 2 == 0;
}

/* The same bytes, or a cut beginning with the mark. */
static bool is_value(const struct buf *decoded, const char *expected)
{
	size_t length = strlen(expected);

	if (decoded->length == length && (!length || !memcmp(decoded->data, expected, length)))
		return true;
	return decoded->length > 3 && decoded->length < length + 3 &&
	       !memcmp(decoded->data + decoded->length - 3, "...", 3) &&
	       !memcmp(decoded->data, expected, decoded->length - 3);
}

static void check_record(const struct buf *record, char *const *fields, const char *vm)
{
	const char *p = record->data, *end = p + record->length;
	struct buf value = {};
	size_t next = 0;

	FUZZ_ASSERT(!record->failed && record->length <= AUDIT_RECORD_MAX);
	while (p < end) {
		const char *blank = memchr(p, ' ', (size_t)(end - p));
		const char *stop = blank ? blank : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p));
		size_t name_length;

		FUZZ_ASSERT(equals && next < ARRAY_SIZE(exec_fields));
		name_length = (size_t)(equals - p);
		if (!strcmp(exec_fields[next], "cmd_len") && name_length == 3)
			next++;
		FUZZ_ASSERT(strlen(exec_fields[next]) == name_length);
		FUZZ_ASSERT(!memcmp(exec_fields[next], p, name_length));
		if (!strcmp(exec_fields[next], "vm"))
			FUZZ_ASSERT(decode(equals + 1, (size_t)(stop - equals - 1), &value) &&
				    is_value(&value, vm));
		else if (!strcmp(exec_fields[next], "comm"))
			FUZZ_ASSERT(decode(equals + 1, (size_t)(stop - equals - 1), &value) &&
				    is_value(&value, fields[COMM]));
		else if (!strcmp(exec_fields[next], "cwd"))
			FUZZ_ASSERT(decode(equals + 1, (size_t)(stop - equals - 1), &value) &&
				    is_value(&value, fields[CWD]));
		else if (!strcmp(exec_fields[next], "exe") && *fields[EXE])
			FUZZ_ASSERT(decode(equals + 1, (size_t)(stop - equals - 1), &value) &&
				    is_value(&value, fields[EXE]));
		next++;
		p = stop + 1;
	}
	FUZZ_ASSERT(next == ARRAY_SIZE(exec_fields));
	buf_done(&value);
}

static void check_lines(const struct buf *lines, unsigned count)
{
	const char *p = lines->data, *end = p + lines->length;

	FUZZ_ASSERT(!lines->failed);
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		FUZZ_ASSERT(newline && newline - p < LINE_MAX_AUSEARCH);
		FUZZ_ASSERT(!strncmp(p, "node=tallyman type=", 19));
		for (; p < newline; p++)
			FUZZ_ASSERT(*p >= ' ' && *p <= '~');
		p++;
		count--;
	}
	FUZZ_ASSERT(!count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = {.audit_host = false};
	struct container container = {.cgroup_id = 1, .cgroup_path = (char *)"/"};
	struct buf record = {.limit = AUDIT_RECORD_MAX}, lines = {};
	char *text = fuzz_string(data, size), *fields[FIELDS], *p = text;
	struct audit_log *log = NULL;
	struct sample sample = {};
	char vm[13];
	size_t length;

	for (unsigned i = 0; i < FIELDS; i++) {
		fields[i] = p;
		p += strlen(p);
		p += p < text + size; /* past the NUL, unless it is ours */
	}
	if (strlen(fields[COMM]) > 15)
		fields[COMM][15] = '\0';
	container.metadata.name = fields[NAME];
	container.metadata.runtime = fields[ENGINE];
	snprintf(container.id, sizeof(container.id), "%s", fields[ID]);
	length = strlen(fields[ARGUMENTS]);
	for (size_t i = 0; i < length; i++)
		if (fields[ARGUMENTS][i] == '|')
			fields[ARGUMENTS][i] = '\0';
	sample_exec(&sample, &container, fields[COMM], fields[EXE], fields[BINARY], fields[CWD],
		fields[ARGUMENTS], length);
	audit_record_format(&sample.event, &record);
	snprintf(vm, sizeof(vm), "%.12s", container.id);
	check_record(&record, fields, *fields[NAME] ? fields[NAME] : vm);
	if (audit_log_new(&config, &log) == 0) {
		unsigned count = audit_log_format(log, &sample.event, &lines);

		check_lines(&lines, count);
		audit_log_free(log);
	}
	sample_done(&sample);
	buf_done(&record);
	buf_done(&lines);
	free(text);
	return 0;
}
