/* src/schedule/source_lines.c - the source lines of complaints that were made after the reading, by the plan. */
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "schedule/file_private.h"

/* The text of line `number` (1-based) inside `text`; false when there is no such line. */
static bool find_line(const char *text, size_t size, unsigned number, const char **out,
                      size_t *out_size)
{
    const char *at = text, *end = text + size;

    while (--number && at) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at || at > end)
        return false;
    *out = at;
    at = memchr(at, '\n', (size_t)(end - at));
    *out_size = (size_t)((at ? at : end) - *out);
    if (*out_size && (*out)[*out_size - 1] == '\r')
        --*out_size;
    return true;
}

static void add_line(struct cp_diagnostics *list, struct cp_diagnostic *entry,
                     const struct file *file)
{
    const char *line;
    size_t size;

    if (find_line(file->bytes, file->size, entry->line, &line, &size))
        entry->source = cp_arena_copy(list->arena, line, size);
}

void cp_schedule_add_sources(struct cp_diagnostics *list)
{
    struct file file = { 0 };
    const char *name = NULL;

    cp_diagnostics_sort(list);
    for (size_t i = 0; i < list->count; i++) {
        struct cp_diagnostic *entry = &list->items[i];

        if (!entry->file || !entry->line || entry->source)
            continue;
        if (!name || strcmp(name, entry->file) != 0) {
            free(file.bytes);
            file = (struct file){ 0 };
            name = entry->file;
            if (!file_read(name, CP_FILE_MOST, &file, NULL))
                file = (struct file){ 0 };
        }
        if (file.bytes)
            add_line(list, entry, &file);
    }
    free(file.bytes);
}
