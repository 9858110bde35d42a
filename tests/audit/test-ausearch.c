/* SPDX-License-Identifier: Apache-2.0 */
/* Records of hostile containers, asked for with the real ausearch -w: each query must return
 * exactly the events that the values put in say, for kernel user records as auditd writes them (raw
 * and enriched) and for the audit-format log. The oracle never looks at the text. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/audit/audit.h"
#include "daemon/audit/record.h"
#include "lib/util.h"
#include "tests/audit/oracle.h"

#define CONTAINERS	  70
#define EXECS		  1600
#define QUERIES		  450
#define OPTIONS_MAX	  5
#define LINE_MAX_AUSEARCH 8969 /* of ausearch, newline included */

enum {
	LOG_KERNEL,
	LOG_KERNEL_ENRICHED,
	LOG_AUDIT,
	LOG_MAX
};
static const char *const log_names[] = {"kernel", "kernel enriched", "audit-format log"};

static struct samples samples;
static struct facts *facts[LOG_MAX];
static char paths[LOG_MAX][256];
static unsigned failures, test_number;

static void result(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void result(bool ok, const char *format, ...)
{
	va_list arguments;

	printf("%sok %u - ", ok ? "" : "not ", ++test_number);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	failures += !ok;
}

/* ---- writing the logs ---- */

static FILE *open_log(unsigned log, const char *directory)
{
	FILE *file;

	snprintf(paths[log], sizeof(paths[log]), "%s/log-%u", directory, log);
	file = fopen(paths[log], "w");
	if (!file) {
		perror(paths[log]);
		exit(1);
	}
	return file;
}

static const char *type_name(unsigned type)
{
	switch (type) {
	case 1123:
		return "USER_CMD";
	case 2111:
		return "ANOM_ACCESS_FS";
	case 2200:
		return "RESP_ANOMALY";
	case 2500:
		return "VIRT_CONTROL";
	default:
		abort();
	}
}

static void write_kernel_logs(const char *directory)
{
	FILE *raw = open_log(LOG_KERNEL, directory),
	     *enriched = open_log(LOG_KERNEL_ENRICHED, directory);
	_cleanup_buf_ struct buf buf = {0};
	size_t longest = 0;

	for (size_t i = 0; i < samples.count; i++) {
		const struct event *event = &samples.items[i].event;
		unsigned type;

		buf_clear(&buf);
		type = audit_record_format(event, &buf);
		longest = MAX(longest, buf.length);
		for (unsigned both = 0; both < 2; both++) {
			FILE *file = both ? enriched : raw;

			fprintf(file,
				"type=%s msg=audit(%" PRIu64
				".%03u:%zu): pid=%u uid=0 auid=4294967295 ses=4294967295"
				" msg='",
				type_name(type), (uint64_t)(event->time / NSEC_PER_SEC),
				(unsigned)(event->time / NSEC_PER_MSEC % 1000), i + 1, SENDER_PID);
			fwrite(buf.data, 1, buf.length, file);
			fputs(both ? "'\x1dUID=\"root\" AUID=\"unset\" ID=\"root\" SAUID=\"bob\"\n"
				   : "'\n",
				file);
		}
		kernel_facts(&facts[LOG_KERNEL][i], &samples.items[i]);
		facts[LOG_KERNEL_ENRICHED][i] = facts[LOG_KERNEL][i];
	}
	fclose(raw);
	fclose(enriched);
	result(longest <= AUDIT_RECORD_MAX, "records are at most %d bytes (%zu)", AUDIT_RECORD_MAX,
		longest);
}

/* Decode the value at `text`, in quotes or hex, to the end of `buf`; returns what follows it. */
static const char *decode(const char *text, struct buf *buf)
{
	const char *end = strpbrk(text + (*text == '"'), *text == '"' ? "\"" : " \n");

	if (*text == '"') {
		buf_append(buf, text + 1, (size_t)(end - text - 1));
		return end + 1;
	}
	for (; text < end; text += 2) {
		char pair[3] = {text[0], text[1]};

		buf_append_char(buf, (char)strtoul(pair, NULL, 16));
	}
	return end;
}

/* Put argv together from the EXECVE records, by the rules of the kernel's form. */
static bool arguments_come_back(const struct sample *sample, const char *lines)
{
	_cleanup_buf_ struct buf buf = {0};
	unsigned number, expected = 0, piece, expected_piece = 0;
	const char *line = lines;

	while ((line = strstr(line, "type=EXECVE"))) {
		const char *p = strstr(line, "): ") + 3, *end = strchr(p, '\n');

		while (p < end) {
			const char *equals = memchr(p, '=', (size_t)(end - p));
			char bracket = 0;

			p += *p == ' ';
			if (!strncmp(p, "argc=", 5) || strstr(p, "_len=") == equals - 4) {
				p = equals + 1 + strspn(equals + 1, "0123456789");
				continue;
			}
			if (sscanf(p, "a%u[%u%c", &number, &piece, &bracket) == 3 &&
				bracket == ']') {
				if (piece && (number + 1 != expected || piece != expected_piece))
					return false;
				if (piece)
					buf.length--;
				else if (number != expected++)
					return false;
				expected_piece = piece + 1;
			} else if (sscanf(p, "a%u", &number) != 1 || number != expected++) {
				return false;
			}
			p = decode(equals + 1, &buf);
			buf_append_char(&buf, '\0');
		}
		line = end;
	}
	/* argv that was cut has no NUL at its end */
	if (buf.length == sample->arguments_length + 1)
		buf.length--;
	return buf.length == sample->arguments_length &&
	       !memcmp(buf.data ? buf.data : "", sample->arguments, buf.length);
}

static void write_audit_log(const char *directory)
{
	FILE *file = open_log(LOG_AUDIT, directory);
	struct config config = {.audit_host = false};
	_cleanup_buf_ struct buf buf = {0};
	struct audit_log *log;
	size_t longest = 0;
	bool counted = true, exact = true;

	if (audit_log_new(&config, &log) < 0)
		abort();
	for (size_t i = 0; i < samples.count; i++) {
		unsigned lines, seen = 0;

		buf_clear(&buf);
		lines = audit_log_format(log, &samples.items[i].event, &buf);
		fwrite(buf.data, 1, buf.length, file);
		for (const char *p = buf.data, *end = p + buf.length, *next; p < end; p = next) {
			next = memchr(p, '\n', (size_t)(end - p));
			if (!next)
				abort();
			next++;
			seen++;
			longest = MAX(longest, (size_t)(next - p));
		}
		counted &= lines == seen;
		if (samples.items[i].event.kind == EVENT_PROCESS_EXEC)
			exact &= arguments_come_back(&samples.items[i], buf_string(&buf));
		audit_log_facts(&facts[LOG_AUDIT][i], &samples.items[i]);
	}
	audit_log_free(log);
	fclose(file);
	result(counted, "the number of lines is what was said");
	result(exact, "EXECVE records give back the exact arguments");
	result(longest <= LINE_MAX_AUSEARCH, "no line is too long for ausearch (%zu)", longest);
}

/* ---- asking ausearch ---- */

static FILE *start_ausearch(
	unsigned log, const struct option *options, unsigned count, pid_t *ret_pid)
{
	char *argv[8 + 2 * OPTIONS_MAX];
	unsigned argc = 0;
	int fds[2];

	argv[argc++] = (char *)"ausearch";
	argv[argc++] = (char *)"-if";
	argv[argc++] = paths[log];
	argv[argc++] = (char *)"-w";
	argv[argc++] = (char *)"--raw";
	for (unsigned i = 0; i < count; i++) {
		argv[argc++] = (char *)options[i].flag;
		argv[argc++] = (char *)options[i].value;
	}
	argv[argc] = NULL;
	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	*ret_pid = fork();
	if (!*ret_pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(null, 2);
		execvp("ausearch", argv);
		_exit(127);
	}
	close(fds[1]);
	return fdopen(fds[0], "r");
}

/* Mark each event whose records came; false when ausearch itself failed. */
static bool ausearch(unsigned log, const struct option *options, unsigned count, bool *found)
{
	char *line = NULL;
	size_t size = 0;
	int status;
	pid_t pid;
	FILE *output = start_ausearch(log, options, count, &pid);

	memset(found, 0, samples.count * sizeof(*found));
	while (getline(&line, &size, output) > 0) {
		const char *stamp = strstr(line, "msg=audit(");
		const char *serial = stamp ? strchr(stamp, ':') : NULL;
		unsigned long number = serial ? strtoul(serial + 1, NULL, 10) : 0;

		if (number && number <= samples.count)
			found[number - 1] = true;
		else if (*line != '\n')
			fprintf(stderr, "unexpected line: %s", line);
	}
	free(line);
	fclose(output);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

static void describe(const struct option *options, unsigned count, char *to, size_t size)
{
	size_t length = 0;

	*to = '\0';
	for (unsigned i = 0; i < count && length < size; i++)
		length += (size_t)snprintf(
			to + length, size - length, " %s %s", options[i].flag, options[i].value);
	for (; *to; to++)
		if ((unsigned char)*to < ' ' || (unsigned char)*to > '~' || *to == '#')
			*to = '.';
}

static void check_query(unsigned log, const struct option *options, unsigned count)
{
	bool *found = calloc(samples.count, sizeof(*found));
	unsigned expected = 0, missing = 0, wrong = 0;
	char text[512];
	bool ran;

	if (!found)
		abort();
	ran = ausearch(log, options, count, found);
	for (size_t i = 0; i < samples.count; i++) {
		bool should = true;

		for (unsigned o = 0; o < count; o++)
			should &= option_matches(&facts[log][i], &options[o]);
		expected += should;
		missing += should && !found[i];
		wrong += !should && found[i];
		if (should != found[i] && missing + wrong < 4)
			printf("# event %zu: %s\n", i + 1, should ? "missing" : "wrong");
	}
	describe(options, count, text, sizeof(text));
	result(ran && !missing && !wrong, "%s:%s: %u expected, %u missing, %u wrong",
		log_names[log], text, expected, missing, wrong);
	free(found);
}

/* ---- choosing queries ---- */

static const char *const kernel_flags[] = {
	"--vm-name", "--vm-name", "--uuid", "-x", "-c", "-f", "-m", "-sv", "-hn", "-p", "-ui"};
static const char *const audit_flags[] = {"--vm-name", "--vm-name", "--uuid", "-x", "-c", "-f",
	"-m", "-sv", "-k", "-p", "--session", "-ul", "-sc", "-ui"};

static void number_value(struct option *option, uint32_t value)
{
	/* "unset" cannot be asked for with every option. */
	if (value != SAMPLE_UNSET)
		snprintf(option->value, sizeof(option->value), "%u", value);
}

/* The value the event has, or nothing. */
static void value_of(struct option *option, const struct facts *f, uint64_t choice)
{
	const char *flag = option->flag, *value = NULL;

	option->value[0] = '\0';
	if (!strcmp(flag, "--vm-name"))
		value = f->vm;
	else if (!strcmp(flag, "--uuid"))
		value = f->uuid;
	else if (!strcmp(flag, "-x"))
		value = f->exe;
	else if (!strcmp(flag, "-c"))
		value = f->comm;
	else if (!strcmp(flag, "-f"))
		value = f->files[choice % 3];
	else if (!strcmp(flag, "-m"))
		value = f->types[choice % 6];
	else if (!strcmp(flag, "-sv"))
		value = f->result;
	else if (!strcmp(flag, "-hn"))
		value = f->hostname;
	else if (!strcmp(flag, "-k"))
		value = f->key;
	else if (!strcmp(flag, "-sc"))
		value = f->syscall;
	else if (!strcmp(flag, "-p"))
		number_value(option, f->pid);
	else if (!strcmp(flag, "-ui"))
		number_value(option, f->uid);
	else if (!strcmp(flag, "-ul"))
		number_value(option, f->auid);
	else if (!strcmp(flag, "--session"))
		number_value(option, f->session);
	if (value)
		snprintf(option->value, sizeof(option->value), "%s", value);
}

/* What somebody else may look for, and a container would like to appear in or hide. */
static void wanted_value(struct option *option, uint64_t choice)
{
	static const char *const targets[] = {"/usr/bin/sudo", "sudo", "/etc", "/etc/shadow", "sh"};
	static const char *const names[] = {"db", "web", "web-2", "we", "x"};

	if (!strcmp(option->flag, "--vm-name") || !strcmp(option->flag, "-hn"))
		snprintf(option->value, sizeof(option->value), "%s",
			names[choice % ARRAY_SIZE(names)]);
	else if (!strcmp(option->flag, "-x") || !strcmp(option->flag, "-c") ||
		 !strcmp(option->flag, "-f"))
		snprintf(option->value, sizeof(option->value), "%s",
			targets[choice % ARRAY_SIZE(targets)]);
	else if (!strcmp(option->flag, "-k"))
		snprintf(option->value, sizeof(option->value), "other");
}

static unsigned choose_options(unsigned log, uint64_t *state, struct option *options)
{
	const char *const *flags = log == LOG_AUDIT ? audit_flags : kernel_flags;
	size_t flag_count = log == LOG_AUDIT ? ARRAY_SIZE(audit_flags) : ARRAY_SIZE(kernel_flags);
	const struct facts *base = &facts[log][samples_random(state) % samples.count];
	unsigned count = 0;

	for (unsigned tries = 1 + samples_random(state) % OPTIONS_MAX; tries; tries--) {
		uint64_t choice = samples_random(state);
		struct option *option = &options[count];
		bool again = false;

		option->flag = flags[choice % flag_count];
		for (unsigned i = 0; i < count; i++)
			again |= !strcmp(options[i].flag, option->flag);
		value_of(option, base, choice / 16);
		if (choice >> 32 & 1 && choice >> 33 & 1)
			wanted_value(option, choice / 64);
		/* getopt would take it for an option */
		if (!again && option->value[0] && option->value[0] != '-')
			count++;
	}
	return count;
}

static void check_random_queries(uint64_t seed)
{
	uint64_t state = seed;
	struct option options[OPTIONS_MAX];

	for (unsigned i = 0; i < QUERIES; i++) {
		unsigned log = i % LOG_MAX, count = choose_options(log, &state, options);

		if (count)
			check_query(log, options, count);
	}
}

/* Each option alone and all of them together, so that none depends on luck. */
static void check_fixed_queries(void)
{
	static const struct option common[] = {
		{"--vm-name", "web"},
		{"--vm-name", "web-2"},
		{"--vm-name", "db"},
		{"--vm-name", "we"},
		{"--vm-name", "nl\nline"},
		{"--vm-name", "vm=db"},
		{"-x", "/usr/bin/sudo"},
		{"-x", "/bin/busybox"},
		{"-c", "sh"},
		{"-sv", "yes"},
		{"-sv", "no"},
		{"-m", "VIRT_CONTROL"},
		{"-m", "RESP_ANOMALY"},
		{"-f", "/bin/sh"},
		{"-c", "limit"},
	};
	struct option all[] = {{"-sv", "yes"}, {"--vm-name", "web"}, {"-x", "/bin/busybox"},
		{"-c", "sh"}, {"-m", "USER_CMD"}};

	for (unsigned log = 0; log < LOG_MAX; log++) {
		for (size_t i = 0; i < ARRAY_SIZE(common); i++)
			check_query(log, &common[i], 1);
		if (log == LOG_AUDIT)
			all[4] = (struct option){"-k", "tallyman-exec"};
		check_query(log, all, ARRAY_SIZE(all));
	}
}

int main(void)
{
	const char *seed_text = getenv("TEST_SEED");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 0) : 20240229;
	char directory[] = "/tmp/tallyman-ausearch-XXXXXX";

	setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
	setenv("LC_ALL", "C", 1);
	if (access("/usr/sbin/ausearch", X_OK) && access("/sbin/ausearch", X_OK)) {
		printf("1..0 # SKIP there is no ausearch (package auditd)\n");
		return 77;
	}
	if (!mkdtemp(directory))
		return 1;
	printf("# TEST_SEED=%" PRIu64 "\n", seed);
	samples_make(&samples, seed, CONTAINERS, EXECS);
	for (unsigned log = 0; log < LOG_MAX; log++)
		facts[log] = calloc(samples.count, sizeof(**facts));
	write_kernel_logs(directory);
	write_audit_log(directory);
	check_fixed_queries();
	check_random_queries(seed);
	for (unsigned log = 0; log < LOG_MAX; log++) {
		if (!failures || !getenv("TEST_KEEP"))
			unlink(paths[log]);
		free(facts[log]);
	}
	rmdir(directory);
	samples_free(&samples);
	printf("1..%u\n", test_number);
	return failures ? 1 : 0;
}
