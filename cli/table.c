/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "cli/output.h"
#include "cli/text.h"
#include "lib/util.h"

#define COLUMN_GAP 2

void table_init(struct table *table, size_t columns)
{
	*table = (struct table){.columns = columns};
}

void table_done(struct table *table)
{
	buf_done(&table->text);
	buf_done(&table->cells);
}

void table_cell_n(struct table *table, const char *text, size_t length)
{
	struct table_cell cell = {.offset = table->text.length};

	if (length)
		text_untrusted(&table->text, text, length);
	else
		buf_append_char(&table->text, '-');
	cell.length = table->text.length - cell.offset;
	buf_append(&table->cells, &cell, sizeof(cell));
}

void table_cell(struct table *table, const char *text)
{
	table_cell_n(table, text ? text : "", text ? strlen(text) : 0);
}

static size_t cell_width(const struct table *table, size_t index)
{
	const struct table_cell *cells = (const void *)table->cells.data;

	return text_width(table->text.data + cells[index].offset, cells[index].length);
}

static void blanks(struct buf *out, size_t count)
{
	buf_printf(out, "%*s", (int)count, "");
}

static void print_row(const struct table *table, size_t row, const size_t *widths, struct buf *out)
{
	const struct table_cell *cells = (const void *)table->cells.data;

	for (size_t column = 0; column < table->columns; column++) {
		size_t index = row * table->columns + column;

		buf_append(out, table->text.data + cells[index].offset, cells[index].length);
		if (column + 1 < table->columns)
			blanks(out, widths[column] - cell_width(table, index) + COLUMN_GAP);
	}
}

void table_print(const struct table *table, size_t indent, bool colour, struct buf *out)
{
	size_t cells = table->cells.length / sizeof(struct table_cell);
	size_t rows = cells / table->columns, widths[TABLE_COLUMNS_MAX] = {0};

	if (table->text.failed || table->cells.failed) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < rows * table->columns; i++)
		widths[i % table->columns] = MAX(widths[i % table->columns], cell_width(table, i));
	for (size_t row = 0; row < rows; row++) {
		blanks(out, indent);
		colour_begin(out, colour && !row, COLOUR_BOLD);
		print_row(table, row, widths, out);
		colour_end(out, colour && !row);
		buf_append_char(out, '\n');
	}
}
