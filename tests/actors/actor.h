/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actors: small static programs, each of which does one thing that an exec or exit event must get
 * right, and says on standard output what truly happened: one JSON object per process,
 *   {"actor":…,"pid":…,"argv":[base64…],"binary":base64,"cwd":base64,"status":wait status}
 * with only the keys that were reported. Bytes are base64, so that a test compares them with the
 * event's without decoding. Actors know nothing of Tallyman.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The program that does nothing and ends with 0; the tests put it there. */
#define NOTHING "/actors/nothing"

/* Print "what: strerror" and end with 125, so that a broken actor is not taken for a finding. */
_Noreturn void die(const char *what);

struct report {
	pid_t pid; /* 0: left out, as is each NULL */
	char *const *argv;
	const char *binary; /* what the event's `binary` must be: absolute */
	const char *cwd;
	const int *status; /* as wait() gave it */
};
/* One line, one write(): lines of several processes do not mix. */
void report(const char *actor, const struct report *report);

/* Fork, run `act(data)` in the child (which must exec or exit), wait, return the pid and the
 * status. */
pid_t run(void (*act)(void *data), void *data, int *ret_status);
/* The same with execve(binary, argv) as the act, and the report of it. */
void run_exec(const char *actor, const char *binary, char *const argv[], const char *cwd);
/* getcwd() of any length; ends the program when there is none. */
char *current_directory(void);
int parse_int(const char *text);
/* Whether argv holds exactly `count` arguments after the name; else usage and exit 2. */
void need_arguments(int argc, char *argv[], int count, const char *usage);
