/* src/schedule/config_add.c - an account put into the configuration in place.
 *
 * No library keeps a person's comments when it writes YAML. So nothing is written anew: the lines are
 * inserted at a place that the tree's marks tell, every other byte stays, and the result is parsed and
 * compared with what was meant before it takes the file's place.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "schedule/file_private.h"
#include "schedule/schedule.h"
#include "schedule/yaml_private.h"

/* Where the lines go, and what stands there now. */
struct edit {
    size_t from, to; /* bytes that are replaced by nothing: the braces of an empty mapping */
    size_t at;       /* byte before which the lines are put: the start of a line */
    unsigned indent;
    bool header; /* `accounts:` itself is missing */
};

static bool refuse(struct cp_error *err, const char *path, const char *lines, const char *why)
{
    char indented[300];
    size_t size = 0;

    for (const char *at = lines; *at && size + 8 < sizeof(indented); at++) {
        if (at == lines || at[-1] == '\n')
            size += (size_t)snprintf(indented + size, sizeof(indented) - size, "  ");
        indented[size++] = *at;
    }
    indented[size] = '\0';
    return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                        "cannot add the account to '%.80s': %s; put these lines under 'accounts:' "
                        "by hand:\n%s",
                        path, why, indented);
}

/* ---- finding the place --------------------------------------------------------------------- */

static size_t line_end(const struct yaml_document *document, size_t byte)
{
    const char *end =
        byte < document->size ? memchr(document->text + byte, '\n', document->size - byte) : NULL;

    return end ? (size_t)(end - document->text) + 1 : document->size;
}

/* The end of the last word of a block, without the blanks that libyaml counts to it. */
static size_t content_end(const struct yaml_document *document, const struct yaml_node *node)
{
    size_t start, end;

    while (node->kind != YAML_SCALAR && !node->flow && node->count)
        node = &node->items[(node->kind == YAML_MAPPING ? 2 : 1) * (size_t)node->count - 1];
    start = yaml_byte(document, node->start);
    end = yaml_byte(document, node->end);
    while (end > start && strchr(" \t\r\n", document->text[end - 1]))
        end--;
    return end;
}

static bool is_empty_braces(const struct yaml_document *document, const struct yaml_node *node,
                            struct edit *edit)
{
    edit->from = yaml_byte(document, node->start);
    edit->to = yaml_byte(document, node->end);
    return node->flow && !node->count && edit->to - edit->from == 2;
}

static bool place_edit(const struct yaml_document *document, struct edit *edit)
{
    const struct yaml_node *root = &document->root, *key, *value = yaml_get(root, "accounts");

    *edit = (struct edit){ .at = document->size, .indent = 2 };
    if (root->kind != YAML_MAPPING || root->flow)
        return false;
    edit->header = value == NULL;
    if (!value)
        return true;
    key = value - 1;
    if (value->kind == YAML_SCALAR && yaml_type(value) == YAML_NULL && !value->count) {
        edit->at = line_end(document, yaml_byte(document, key->end));
        return true;
    }
    if (value->kind != YAML_MAPPING)
        return false;
    if (value->count && !value->flow) {
        edit->at = line_end(document, content_end(document, value));
        edit->indent = yaml_place(document, value->items[0].start).column - 1;
        return true;
    }
    edit->at = line_end(document, yaml_byte(document, value->end));
    return is_empty_braces(document, value, edit);
}

/* ---- editing ------------------------------------------------------------------------------- */

static void add_lines(struct cp_buffer *out, const char *lines, unsigned indent, const char *end)
{
    while (*lines) {
        size_t size = strcspn(lines, "\n");

        if (size) {
            cp_buffer_printf(out, "%*s", (int)indent, "");
            cp_buffer_add(out, lines, size);
        }
        cp_buffer_puts(out, end);
        lines += size + (lines[size] == '\n');
    }
}

/* Lines end as those of the file do. */
static const char *line_style(const struct yaml_document *document)
{
    const char *first = memchr(document->text, '\n', document->size);

    return first && first > document->text && first[-1] == '\r' ? "\r\n" : "\n";
}

static void apply(const struct yaml_document *document, const struct edit *edit, const char *lines,
                  struct cp_buffer *out)
{
    const char *text = document->text, *end = line_style(document);

    cp_buffer_add(out, "\xEF\xBB\xBF", document->mark);
    cp_buffer_add(out, text, edit->to ? edit->from : edit->at);
    if (edit->to)
        cp_buffer_add(out, text + edit->to, edit->at - edit->to);
    if (edit->at && text[edit->at - 1] != '\n')
        cp_buffer_puts(out, end);
    if (edit->header)
        cp_buffer_printf(out, "accounts:%s", end);
    add_lines(out, lines, edit->indent, end);
    cp_buffer_add(out, text + edit->at, document->size - edit->at);
}

/* ---- checking ------------------------------------------------------------------------------ */

/* The accounts are those from before and, behind them, the new one. */
static bool accounts_fit(const struct yaml_node *before, const struct yaml_node *after,
                         const struct yaml_node *added)
{
    size_t count = before && before->kind == YAML_MAPPING ? before->count : 0;

    if (!after || after->kind != YAML_MAPPING || after->count != count + 1)
        return false;
    for (size_t i = 0; i < 2 * count; i++) {
        if (!yaml_same(&before->items[i], &after->items[i]))
            return false;
    }
    return yaml_same(&added->items[0], &after->items[2 * count]) &&
           yaml_same(&added->items[1], &after->items[2 * count + 1]);
}

static bool is_as_meant(const struct yaml_node *before, const struct yaml_node *after,
                        const struct yaml_node *added)
{
    const struct yaml_node *old = yaml_get(before, "accounts"), *now = yaml_get(after, "accounts");

    if (after->kind != YAML_MAPPING || after->count != before->count + (old == NULL) ||
        !accounts_fit(old, now, added))
        return false;
    for (size_t i = 0; i < before->count; i++) {
        const struct yaml_node *was = &before->items[2 * i], *is = &after->items[2 * i];

        if (!yaml_same(was, is) || (was + 1 != old && !yaml_same(was + 1, is + 1)))
            return false;
    }
    return true;
}

/* ---- all of it ----------------------------------------------------------------------------- */

struct trees {
    struct yaml_document before, added, after;
    struct cp_arena *arena;
    struct cp_diagnostics diagnostics;
    struct yaml_input input;
};

static void release(struct trees *trees)
{
    yaml_release(&trees->before);
    yaml_release(&trees->added);
    yaml_release(&trees->after);
    cp_diagnostics_release(&trees->diagnostics);
    cp_arena_free(trees->arena);
}

static bool load(struct trees *trees, const char *path, const char *lines, const char **out_why)
{
    *out_why = "the file has errors";
    if (!yaml_load(&trees->before, path, CP_FILE_MOST, &trees->input) || trees->diagnostics.faults)
        return false;
    *out_why = "the account's own lines are not well formed";
    return yaml_load_text(&trees->added, "account", lines, strlen(lines), &trees->input) &&
           !trees->diagnostics.faults && trees->added.root.kind == YAML_MAPPING &&
           trees->added.root.count == 1;
}

static bool edit_text(struct trees *trees, const char *path, const char *id, const char *lines,
                      struct cp_buffer *out, struct cp_error *err)
{
    const struct yaml_node *accounts;
    const char *why;
    struct edit edit;

    if (!load(trees, path, lines, &why))
        return refuse(err, path, lines, why);
    accounts = yaml_get(&trees->before.root, "accounts");
    if (accounts && yaml_get(accounts, id))
        return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                            "the account '%s' is in '%s' already", id, path);
    if (strcmp(trees->added.root.items[0].text, id) != 0)
        return refuse(err, path, lines, "the lines are of another account");
    if (!place_edit(&trees->before, &edit))
        return refuse(err, path, lines, "its accounts are written in a way that is left to people");
    apply(&trees->before, &edit, lines, out);
    if (out->failed)
        return cp_error_no_memory(err);
    if (!yaml_load_text(&trees->after, path, out->data, out->size, &trees->input) ||
        !is_as_meant(&trees->before.root, &trees->after.root, &trees->added.root))
        return refuse(err, path, lines, "there is no place where they surely fit");
    return true;
}

bool cp_config_add_account(const char *path, const char *id, const char *lines,
                           struct cp_error *err)
{
    char *real = realpath(path, NULL); /* a link stays one: what it leads to is replaced */
    struct cp_buffer text = { 0 };
    struct file file = { 0 };
    struct trees trees = { .arena = cp_arena_create() };
    bool ok;

    trees.input = (struct yaml_input){ trees.arena, &trees.diagnostics, .private_words = true };
    ok = real && file_read(real, CP_FILE_MOST, &file, err);
    ok = ok && (trees.arena || cp_error_no_memory(err)) &&
         edit_text(&trees, real, id, lines, &text, err) &&
         file_replace(real, text.data, text.size, file.mode, err);
    if (!real)
        cp_error_set(err, &cp_base_errors, CP_BASE_SYSTEM, "there is no such file");
    if (!ok)
        cp_error_at(err, path, 0, 0);
    release(&trees);
    cp_buffer_release(&text);
    free(file.bytes);
    free(real);
    return ok;
}
