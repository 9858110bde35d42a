/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: collected, written at once, and nobody's problem when the reader has gone. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

enum colour_mode {
	COLOUR_AUTO,
	COLOUR_ALWAYS,
	COLOUR_NEVER
};

#define COLOUR_RED     "31"
#define COLOUR_GREEN   "32"
#define COLOUR_YELLOW  "33"
#define COLOUR_BLUE    "34"
#define COLOUR_MAGENTA "35"
#define COLOUR_CYAN    "36"
#define COLOUR_DIM     "2"
#define COLOUR_BOLD    "1"

/* "auto", "always", "never"; false for anything else. */
bool colour_mode_parse(const char *text, enum colour_mode *ret_mode);
/* Whether to colour: a terminal, no NO_COLOR, and not a dumb one. */
bool colour_wanted(enum colour_mode mode);
void colour_begin(struct buf *buf, bool colour, const char *code);
void colour_end(struct buf *buf, bool colour);

/* Write it to standard output and clear it. Ends the program: quietly with 0 when the reader has
 * closed a pipe, with a message and 1 when writing fails. */
void output_flush(struct buf *buf);
/* Whether the reader of standard output has gone, without writing. */
bool output_closed(void);
