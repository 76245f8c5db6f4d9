/* src/base/diagnostics.c - see diagnostics.h. */
#include "base/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

const char *cp_severity_name(enum cp_severity severity)
{
    static const char *const names[] = { "note", "warning", "error" };

    return names[severity];
}

static struct cp_diagnostic *add_entry(struct cp_diagnostics *list, enum cp_severity severity)
{
    struct cp_diagnostic *grown;

    list->faults += severity == CP_FAULT;
    list->warnings += severity == CP_WARNING;
    if (!list->arena)
        list->arena = cp_arena_create();
    if (!list->arena || list->count == CP_DIAGNOSTICS_MOST) {
        list->dropped++;
        return NULL;
    }
    grown = cp_arena_grow(list->arena, list->items, list->count, &list->capacity, list->count + 1,
                          sizeof(*list->items));
    if (!grown) {
        list->dropped++;
        return NULL;
    }
    list->items = grown;
    return &list->items[list->count++];
}

void cp_diagnose(struct cp_diagnostics *list, enum cp_severity severity, const char *code,
                 struct cp_place place, const char *path, const char *hint, const char *fmt, ...)
{
    struct cp_diagnostic *entry = add_entry(list, severity);
    char message[1024];
    va_list args;

    if (!entry)
        return;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    *entry = (struct cp_diagnostic){
        .severity = severity,
        .code = cp_arena_string(list->arena, code),
        .file = cp_arena_string(list->arena, place.file),
        .line = place.line,
        .column = place.column,
        .path = cp_arena_string(list->arena, path ? path : ""),
        .message = cp_arena_string(list->arena, message),
        .hint = cp_arena_string(list->arena, hint ? hint : ""),
    };
}

void cp_diagnostics_source(struct cp_diagnostics *list, const char *line, size_t size)
{
    if (list->count)
        list->items[list->count - 1].source = cp_arena_copy(list->arena, line, size);
}

static int by_place(const void *left, const void *right)
{
    const struct cp_diagnostic *a = left, *b = right;
    int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");

    if (order)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return strcmp(a->message ? a->message : "", b->message ? b->message : "");
}

void cp_diagnostics_sort(struct cp_diagnostics *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), by_place);
}

void cp_diagnostics_release(struct cp_diagnostics *list)
{
    cp_arena_free(list->arena);
    *list = (struct cp_diagnostics){ 0 };
}
