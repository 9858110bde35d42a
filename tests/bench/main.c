/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's driver: which subjects, how many rounds; and a supervisor above them that puts
 * the machine's audit system, cgroups and files back whatever happens below. */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "lib/cleanup.h"
#include "lib/util.h"
#include "tests/bench/auditd.h"
#include "tests/bench/bench.h"
#include "tests/bench/container.h"
#include "tests/bench/machine.h"

#define ROUNDS_DEFAULT	      9
#define STORM_SECONDS_DEFAULT 30

struct subject {
	const char *name;
	int (*run)(const struct bench *bench, struct error *error);
};

static const struct subject subjects[] = {
	{"exec", bench_exec},
	{"syscall", bench_syscall},
	{"policy", bench_policy},
	{"programs", bench_programs},
	{"latency", bench_latency},
	{"storm", bench_storm},
	{"flood", bench_flood},
	{"hook", bench_hook},
	{"memory", bench_memory},
	{"ready", bench_ready},
};

struct arguments {
	const char *build;    /* directory with the programs */
	const char *policies; /* and with the policies to measure */
	const char *select;
	const char *output;
	unsigned rounds, storm_seconds;
	bool keep;
};

static void usage(FILE *file)
{
	fprintf(file, "bench [--build DIR] [--policies DIR] [--select NAME,NAME…] [--rounds N]\n"
		      "      [--storm-seconds N] [--output FILE] [--keep]\nSubjects:");
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		fprintf(file, " %s", subjects[i].name);
	fprintf(file, "\n");
}

/* Is `name` one of the words of `list`? An empty list has them all. */
static bool selected(const char *list, const char *name)
{
	size_t length = strlen(name);

	if (!list || !list[0])
		return true;
	while (*list) {
		size_t word = strcspn(list, ",");

		if (word == length && !strncmp(list, name, length))
			return true;
		list += word + (list[word] == ',');
	}
	return false;
}

static bool parse_number(const char *text, unsigned *ret)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value < 1 || value > 100000)
		return false;
	*ret = (unsigned)value;
	return true;
}

static bool parse_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {
		{"build", required_argument, NULL, 'b'},
		{"policies", required_argument, NULL, 'p'},
		{"select", required_argument, NULL, 's'},
		{"rounds", required_argument, NULL, 'r'},
		{"storm-seconds", required_argument, NULL, 't'},
		{"output", required_argument, NULL, 'o'},
		{"keep", no_argument, NULL, 'k'},
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		bool fine = true;

		if (option == 'b')
			ret->build = optarg;
		else if (option == 'p')
			ret->policies = optarg;
		else if (option == 's')
			ret->select = optarg;
		else if (option == 'o')
			ret->output = optarg;
		else if (option == 'k')
			ret->keep = true;
		else if (option == 'r')
			fine = parse_number(optarg, &ret->rounds);
		else if (option == 't')
			fine = parse_number(optarg, &ret->storm_seconds);
		else
			fine = false;
		if (!fine)
			return false;
	}
	return optind == argc;
}

/* Every name in the list must be a subject. */
static bool selection_known(const char *list)
{
	while (list && *list) {
		size_t word = strcspn(list, ","), i;

		for (i = 0; i < ARRAY_SIZE(subjects); i++)
			if (strlen(subjects[i].name) == word &&
				!strncmp(list, subjects[i].name, word))
				break;
		if (i == ARRAY_SIZE(subjects))
			return false;
		list += word + (list[word] == ',');
	}
	return true;
}

static char *program(const char *variable, const char *build, const char *path)
{
	_cleanup_free_ char *joined = NULL;
	const char *given = getenv(variable);

	if (given)
		return strdup(given);
	if (asprintf(&joined, "%s/%s", build, path) < 0)
		return NULL;
	return realpath(joined, NULL);
}

static void print_head(const struct bench *bench)
{
	struct machine machine;

	machine_get(&machine);
	printf("%s %s, %s, kernel %s, %u x %s, %.0f MB, load %.2f\n", PACKAGE_NAME, PACKAGE_VERSION,
		machine.date, machine.kernel, machine.processors, machine.processor,
		machine.memory_mb, machine_load());
	printf("%u interleaved rounds; JSON and audit-format log on disk; each figure is a median "
	       "unless it says otherwise\n",
		bench->rounds);
	if (!bench->have_auditd)
		printf("no auditd beside it: not installed, or one runs already\n");
	fflush(stdout);
}

static int run_subjects(const struct arguments *arguments, const char *directory)
{
	struct bench bench = {
		.tallymand = program("TALLYMAND", arguments->build, "daemon/tallymand"),
		.hook = program("TALLYMAN_HOOK", arguments->build, "hook/tallyman-hook"),
		.cli = program("TALLYMAN_CLI", arguments->build, "cli/tallyman"),
		.tiny = program("BENCH_TINY", arguments->build, "tests/bench/tiny"),
		.loop = program("BENCH_LOOP", arguments->build, "tests/bench/loop"),
		.policies = arguments->policies,
		.dynamic = "/bin/true",
		.have_auditd = auditd_usable(),
		.rounds = arguments->rounds,
		.storm_seconds = arguments->storm_seconds,
		.directory = directory,
		.report = report_new(),
	};
	struct error error = {};
	int r = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!bench.tallymand || !bench.hook || !bench.tiny || !bench.loop || !bench.report) {
		fprintf(stderr,
			"bench: tallymand, tallyman-hook and tests/bench must be built in %s\n",
			arguments->build);
		return 1;
	}
	print_head(&bench);
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		if (!selected(arguments->select, subjects[i].name))
			continue;
		if (subjects[i].run(&bench, &error) >= 0)
			continue;
		report_note(bench.report, "%s: not measured: %s", subjects[i].name, error.message);
		r = 1;
	}
	if (report_write(bench.report, arguments->output, &error) < 0) {
		fprintf(stderr, "bench: %s\n", error.message);
		return 1;
	}
	printf("\n%s\n", arguments->output);
	return r;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* The worker is the leader of a group in which all that the subjects start remains. */
static int supervise(const struct arguments *arguments, const char *directory)
{
	struct sigaction action = {.sa_handler = on_signal};
	int status = 0;
	pid_t worker;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	fflush(NULL);
	worker = fork();
	if (worker < 0)
		return 1;
	if (!worker) {
		setpgid(0, 0);
		exit(run_subjects(arguments, directory));
	}
	setpgid(worker, worker);
	while (!interrupted && waitpid(worker, &status, 0) != worker)
		;
	kill(-worker, SIGKILL);
	if (interrupted)
		waitpid(worker, &status, 0);
	return interrupted || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.build = ".",
		.policies = "tests/bench/policies",
		.output = "tests/bench/results.json",
		.rounds = ROUNDS_DEFAULT,
		.storm_seconds = STORM_SECONDS_DEFAULT,
	};
	const char *temporary = getenv("TMPDIR") ?: "/var/tmp"; /* /tmp may be memory */
	bool had_auditd = auditd_usable();
	char directory[64];
	int r;

	if (!parse_arguments(argc, argv, &arguments) || !selection_known(arguments.select)) {
		usage(stderr);
		return 2;
	}
	if (geteuid()) {
		fprintf(stderr, "bench: must be run as root\n");
		return 1;
	}
	snprintf(directory, sizeof(directory), "%.40s/tallyman-bench.XXXXXX", temporary);
	if (!mkdtemp(directory) || chmod(directory, 0755) < 0) {
		fprintf(stderr, "bench: %s: %s\n", directory, strerror(errno));
		return 1;
	}
	if (had_auditd)
		audit_contexts(false);
	r = supervise(&arguments, directory);
	containers_clean();
	if (had_auditd)
		auditd_restore();
	if (arguments.keep)
		printf("kept: %s\n", directory);
	else
		nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return r;
}
