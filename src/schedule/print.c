/* src/schedule/print.c - diagnostics for people's eyes.
 *
 * The layout is that of gcc and clang, which editors know how to jump by. What is shown comes from
 * strangers' files: nothing of it reaches the terminal but through cp_text_visible(), and the caret is
 * placed by what was shown.
 */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "schedule/schedule.h"
#include "text/text.h"

enum {
    SHOWN_MOST = 110, /* characters of a source line */
    LEAD = 60         /* of them in front of the caret, when a line is longer */
};

struct style {
    const char *bold, *severity[3], *caret, *off;
};

static const struct style plain = { "", { "", "", "" }, "", "" };
static const struct style coloured = {
    "\033[1m", { "\033[1;36m", "\033[1;35m", "\033[1;31m" }, "\033[1;32m", "\033[0m"
};

static size_t skip(const char *text, size_t size, size_t at, size_t characters)
{
    while (characters-- && at < size)
        cp_utf8_next(text, size, &at);
    return at;
}

static void put_visible(struct cp_buffer *out, const char *text)
{
    cp_text_visible(out, text, strlen(text));
}

static void put_place(struct cp_buffer *out, const struct cp_diagnostic *entry)
{
    if (!entry->file)
        return;
    put_visible(out, entry->file);
    if (entry->line)
        cp_buffer_printf(out, ":%u:%u", entry->line, entry->column);
    cp_buffer_puts(out, ": ");
}

static void put_source(struct cp_buffer *out, const struct cp_diagnostic *entry,
                       const struct style *style)
{
    size_t size = strlen(entry->source), column = entry->column ? entry->column - 1 : 0;
    size_t cut = column > SHOWN_MOST - 10 ? column - LEAD : 0;
    size_t from = skip(entry->source, size, 0, cut);
    size_t at = skip(entry->source, size, from, column - cut);
    size_t to = skip(entry->source, size, from, SHOWN_MOST);
    size_t start;
    int indent;

    cp_buffer_printf(out, " %5u | %s", entry->line, cut ? "…" : "");
    start = out->size;
    cp_text_visible(out, entry->source + from, at - from);
    indent = out->failed ? 0 : (int)cp_text_width(out->data + start, out->size - start);
    cp_text_visible(out, entry->source + at, to - at);
    cp_buffer_printf(out, "%s\n       | %*s%s^%s\n", to < size ? "…" : "", indent + (cut ? 1 : 0),
                     "", style->caret, style->off);
}

static void put_entry(struct cp_buffer *out, const struct cp_diagnostic *entry,
                      const struct style *style)
{
    cp_buffer_puts(out, style->bold);
    put_place(out, entry);
    cp_buffer_printf(out, "%s%s%s: ", style->off, style->severity[entry->severity],
                     cp_severity_name(entry->severity));
    cp_buffer_printf(out, "%s%s", style->off, style->bold);
    put_visible(out, entry->message ? entry->message : "");
    cp_buffer_puts(out, style->off);
    if (entry->path && *entry->path) {
        cp_buffer_puts(out, " [");
        put_visible(out, entry->path);
        cp_buffer_puts(out, "]");
    }
    cp_buffer_puts(out, "\n");
    if (entry->source && entry->line)
        put_source(out, entry, style);
    if (entry->hint && *entry->hint) {
        cp_buffer_puts(out, "       = ");
        put_visible(out, entry->hint);
        cp_buffer_puts(out, "\n");
    }
}

void cp_diagnostics_print(const struct cp_diagnostics *list, bool colour, void *stream)
{
    const struct style *style = colour ? &coloured : &plain;

    for (size_t i = 0; i < list->count; i++) {
        struct cp_buffer out = { 0 };

        put_entry(&out, &list->items[i], style);
        if (!out.failed)
            fwrite(out.data, 1, out.size, stream);
        cp_buffer_release(&out);
    }
    if (list->dropped)
        fprintf(stream, "and %zu more\n", list->dropped);
}
