/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of text in aligned columns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define TABLE_COLUMNS_MAX 16

struct table_cell {
	size_t offset, length; /* in `text` */
};

struct table {
	struct buf text;
	struct buf cells; /* struct table_cell, `columns` for each row */
	size_t columns;
};

void table_init(struct table *table, size_t columns);
void table_done(struct table *table);
/* The next cell, row by row. Untrusted text is escaped; NULL and an empty one become "-". */
void table_cell(struct table *table, const char *text);
void table_cell_n(struct table *table, const char *text, size_t length);
/* Append all rows, the first one as a heading, each line with `indent` blanks before it. */
void table_print(const struct table *table, size_t indent, bool colour, struct buf *out);
