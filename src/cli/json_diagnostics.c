/* src/cli/json_diagnostics.c - diagnostics as data, for editors and scripts. */
#include "cli/cli_private.h"

static json_t *number_or_null(unsigned number)
{
    return number ? json_integer(number) : json_null();
}

static json_t *one(const struct cp_diagnostic *entry)
{
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "severity", cp_severity_name(entry->severity),
        "code", cp_text_json(entry->code), "file", cp_text_json(entry->file), "line",
        number_or_null(entry->line), "column", number_or_null(entry->column), "path",
        cp_text_json(entry->path ? entry->path : ""), "message", cp_text_json(entry->message),
        "hint", cp_text_json(entry->hint ? entry->hint : ""));
}

json_t *cp_json_diagnostics(const struct cp_diagnostics *list)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < list->count; i++)
        json_array_append_new(array, one(&list->items[i]));
    return array;
}

json_t *cp_json_check(const struct cp_diagnostics *list)
{
    return json_pack("{s:i, s:o, s:I, s:I}", "format", 1, "diagnostics", cp_json_diagnostics(list),
                     "errors", (json_int_t)list->faults, "warnings", (json_int_t)list->warnings);
}
