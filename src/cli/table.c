/* src/cli/table.c - columns that line up whatever script their cells are in. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_private.h"

struct cell {
    const char *text, *colour;
    size_t width;
};

struct cp_table {
    struct cp_arena *arena;
    struct cell *cells;
    size_t count, capacity, columns;
};

struct cp_table *cp_table_create(const char *const *heads)
{
    struct cp_table *table = calloc(1, sizeof(*table));

    if (!table)
        return NULL;
    table->arena = cp_arena_create();
    while (heads[table->columns])
        table->columns++;
    for (size_t i = 0; i < table->columns; i++)
        cp_table_add(table, heads[i], cp_style_of(stdout)->bold);
    return table;
}

void cp_table_free(struct cp_table *table)
{
    if (!table)
        return;
    cp_arena_free(table->arena);
    free(table);
}

void cp_table_add(struct cp_table *table, const char *text, const char *colour)
{
    struct cp_buffer safe = { 0 };
    struct cell *cell;

    if (!table || !table->arena)
        return;
    table->cells = cp_arena_grow(table->arena, table->cells, table->count, &table->capacity,
                                 table->count + 1, sizeof(*table->cells));
    if (!table->cells)
        return;
    cp_text_visible(&safe, text ? text : "", text ? strlen(text) : 0);
    cell = &table->cells[table->count++];
    cell->text = cp_arena_copy(table->arena, safe.data ? safe.data : "", safe.size);
    cell->colour = colour && *colour ? colour : NULL;
    cell->width = cell->text ? cp_text_width(cell->text, safe.size) : 0;
    cp_buffer_release(&safe);
}

void cp_table_addf(struct cp_table *table, const char *fmt, ...)
{
    char text[1000];
    va_list arguments;

    va_start(arguments, fmt);
    vsnprintf(text, sizeof(text), fmt, arguments);
    va_end(arguments);
    cp_table_add(table, text, NULL);
}

size_t cp_table_rows(const struct cp_table *table)
{
    return table && table->columns ? table->count / table->columns - 1 : 0;
}

/* Bytes of the text that fit in so many columns. */
static size_t fit(const char *text, size_t width)
{
    size_t size = strlen(text), at = 0, last = 0;

    while (at < size) {
        cp_utf8_next(text, size, &at);
        if (cp_text_width(text, at) > width)
            return last;
        last = at;
    }
    return size;
}

static void put_cell(const struct cell *cell, size_t pad, size_t room, FILE *out)
{
    bool cut = room && cell->width > room;
    size_t bytes = cut ? fit(cell->text, room - 1) : strlen(cell->text);

    if (cell->colour)
        fputs(cell->colour, out);
    fwrite(cell->text, 1, bytes, out);
    if (cut)
        fputs("…", out);
    if (cell->colour)
        fputs("\033[0m", out);
    fprintf(out, "%*s", (int)pad, "");
}

static void put_row(const struct cell *row, const size_t *widths, size_t columns, FILE *out)
{
    size_t terminal = cp_columns(), used = 0, last = columns;

    while (last > 1 && !*row[last - 1].text) /* no blanks at the end of a line */
        last--;
    for (size_t i = 0; i < last; i++) {
        bool end = i + 1 == last;
        size_t room = end && terminal > used + 10 ? terminal - used : 0;

        put_cell(&row[i], end ? 0 : widths[i] - row[i].width + 2, room, out);
        used += widths[i] + 2;
    }
    fputc('\n', out);
}

bool cp_table_print(const struct cp_table *table, FILE *out)
{
    size_t *widths = table ? calloc(table->columns, sizeof(*widths)) : NULL;
    bool good = widths && table->arena && !cp_arena_failed(table->arena);

    for (size_t i = 0; good && i < table->count; i++)
        if (table->cells[i].width > widths[i % table->columns])
            widths[i % table->columns] = table->cells[i].width;
    for (size_t i = 0; good && i + table->columns <= table->count; i += table->columns)
        put_row(table->cells + i, widths, table->columns, out);
    free(widths);
    if (!good)
        cp_fail(CP_EXIT_ENVIRONMENT, "out of memory");
    return good;
}
