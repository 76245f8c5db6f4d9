/* src/schedule/yaml_source.c - the text of a file: checked as a whole, and the map of its places. */
#include "schedule/yaml_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schedule/file_private.h"
#include "schedule/schedule.h"
#include "text/text.h"

enum { LINE_MOST = 4000 /* bytes of a line that a diagnostic keeps */ };

/* ---- places -------------------------------------------------------------------------------- */

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static uint32_t count_characters(const char *text, size_t size)
{
    uint32_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += !is_continuation(text[i]);
    return count;
}

static size_t count_lines(const char *text, size_t size)
{
    size_t count = 1;

    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count;
}

/* A line ends in a line feed, as in an editor: libyaml knows more line ends than people see. */
static bool map_lines(struct yaml_document *document)
{
    const char *text = document->text, *end = text + document->size, *next;
    struct yaml_line *line;

    document->line_count = count_lines(text, document->size);
    line = document->lines = calloc(document->line_count, sizeof(*line));
    if (!line)
        return false;
    for (; (next = memchr(text, '\n', (size_t)(end - text))); text = next, line++) {
        next++;
        line[1].byte = line->byte + (uint32_t)(next - text);
        line[1].character = line->character + count_characters(text, (size_t)(next - text));
    }
    return true;
}

/* What the character was before escapes in front of it were shortened. */
static uint32_t original(const struct yaml_document *document, uint32_t character)
{
    size_t low = 0, high = document->pair_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (document->pairs[middle] <= character)
            low = middle + 1;
        else
            high = middle;
    }
    return character + 2 * (uint32_t)low;
}

static const struct yaml_line *line_of(const struct yaml_document *document, uint32_t character)
{
    size_t low = 0, high = document->line_count;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (document->lines[middle].character <= character)
            low = middle;
        else
            high = middle;
    }
    return &document->lines[low];
}

struct cp_place yaml_place(const struct yaml_document *document, uint32_t character)
{
    uint32_t at = original(document, character);
    const struct yaml_line *line = line_of(document, at);

    return (struct cp_place){ .file = document->name,
                              .line = (unsigned)(line - document->lines) + 1,
                              .column = at - line->character + 1 };
}

size_t yaml_byte(const struct yaml_document *document, uint32_t character)
{
    uint32_t at = original(document, character);
    const struct yaml_line *line = line_of(document, at);
    size_t byte = line->byte;

    for (uint32_t left = at - line->character; left && byte < document->size; left--) {
        do
            byte++;
        while (byte < document->size && is_continuation(document->text[byte]));
    }
    return byte;
}

/* ---- complaints ---------------------------------------------------------------------------- */

/* https://user:password@host */
static bool has_userinfo(const char *line, size_t size)
{
    const char *at = memmem(line, size, "://", 3), *end = line + size;

    if (!at)
        return false;
    for (at += 3; at < end && !strchr("/ \t\"',}", *at); at++) {
        if (*at == '@')
            return true;
    }
    return false;
}

static bool looks_secret(const char *line, size_t size)
{
    static const char *const words[] = { "token",   "passw",  "passphrase",  "secret", "bearer",
                                         "api_key", "apikey", "private_key", "nsec" };

    for (size_t i = 0; i < size; i++) {
        for (size_t w = 0; w < CP_COUNT(words); w++) {
            if (strncasecmp(line + i, words[w], strlen(words[w])) == 0)
                return true;
        }
    }
    return has_userinfo(line, size);
}

void yaml_show_line(const struct yaml_document *document, struct cp_diagnostics *list,
                    size_t before)
{
    const struct cp_diagnostic *newest = list->count ? &list->items[list->count - 1] : NULL;
    const char *start, *end;

    if (document->hide_all || list->count == before || !newest->line ||
        newest->line > document->line_count || newest->column > LINE_MOST)
        return;
    start = document->text + document->lines[newest->line - 1].byte;
    end = memchr(start, '\n', (size_t)(document->text + document->size - start));
    if (!end)
        end = document->text + document->size;
    if (end > start && end[-1] == '\r')
        end--;
    if (end - start > LINE_MOST)
        end = start + LINE_MOST;
    if (document->hide_secrets && looks_secret(start, (size_t)(end - start)))
        return;
    cp_diagnostics_source(list, start, (size_t)(end - start));
}

bool yaml_complain(const struct yaml_document *document, const struct yaml_input *input,
                   uint32_t character, const char *code, const char *hint, const char *fmt, ...)
{
    size_t before = input->diagnostics->count;
    char message[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    cp_diagnose(input->diagnostics, CP_FAULT, code, yaml_place(document, character), NULL, hint,
                "%s", message);
    yaml_show_line(document, input->diagnostics, before);
    return false;
}

static bool file_complaint(const char *name, const struct yaml_input *input, const char *code,
                           const char *message)
{
    cp_diagnose(input->diagnostics, CP_FAULT, code, (struct cp_place){ .file = name }, NULL, NULL,
                "%s", message);
    return false;
}

/* ---- checks of the whole text -------------------------------------------------------------- */

/* YAML 1.2 takes these for characters like others, libyaml for line ends, as YAML 1.1 did: a text
 * or a comment would go on as something else. */
static bool check_line_end(const struct yaml_document *document, const struct yaml_input *input,
                           const char *bytes, const char *name)
{
    const char *text = document->text, *end = text + document->size, *at = text;

    /* The text is followed by a NUL, which ends every comparison. */
    while ((at = memchr(at, bytes[0], (size_t)(end - at))) && strncmp(at, bytes, strlen(bytes)))
        at++;
    return !at ||
           yaml_complain(document, input, count_characters(text, (size_t)(at - text)), "line-end",
                         "begin a new line, or write it as an escape inside of \"…\"",
                         "the line separator %s can't stand here", name);
}

static bool check_characters(const struct yaml_document *document, const struct yaml_input *input)
{
    const char *hint = "save the file as UTF-8 text";
    size_t at;
    unsigned char byte;

    if (cp_utf8_check(document->text, document->size, &at))
        return check_line_end(document, input, "\xC2\x85", "U+0085") &&
               check_line_end(document, input, "\xE2\x80\xA8", "U+2028") &&
               check_line_end(document, input, "\xE2\x80\xA9", "U+2029");
    byte = (unsigned char)document->text[at];
    if (byte == 0)
        return yaml_complain(document, input, count_characters(document->text, at), "not-text",
                             hint, "this is not text: a NUL byte stands here");
    return yaml_complain(document, input, count_characters(document->text, at), "not-text", hint,
                         "this is not UTF-8 text: byte 0x%02X can't stand here", byte);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static bool read_escape(const char *at, size_t left, unsigned long *out)
{
    char digits[5] = { 0 };

    if (left < 6 || at[0] != '\\' || at[1] != 'u')
        return false;
    memcpy(digits, at + 2, 4);
    if (strspn(digits, "0123456789abcdefABCDEF") != 4)
        return false;
    *out = strtoul(digits, NULL, 16);
    return true;
}

/* Writes the one escape for the surrogate pair at `at`; 0 when there is none. */
static size_t replace_pair(const char *at, size_t left, char *out)
{
    unsigned long high, low;

    if (!read_escape(at, left, &high) || high < 0xD800 || high > 0xDBFF ||
        !read_escape(at + 6, left - 6, &low) || low < 0xDC00 || low > 0xDFFF)
        return 0;
    return (size_t)sprintf(out, "\\U%08lX", 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
}

static bool remember_pair(struct yaml_document *document, size_t *capacity, uint32_t character)
{
    uint32_t *grown = document->pairs;

    if (document->pair_count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 64;
        grown = realloc(document->pairs, *capacity * sizeof(*grown));
    }
    if (!grown)
        return false;
    document->pairs = grown;
    document->pairs[document->pair_count++] = character;
    return true;
}

/* libyaml refuses the surrogate pairs that JSON writes for what is beyond the first plane (RFC 8259,
 * section 7), and knows an escape of eight digits instead. A backslash is only ever in a string here. */
static char *without_pairs(struct yaml_document *document, size_t *out_size)
{
    const char *text = document->text;
    char *out = malloc(document->size + 1);
    size_t size = 0, capacity = 0;
    uint32_t character = 0;

    for (size_t i = 0; out && i < document->size;) {
        size_t taken = 1, written = replace_pair(text + i, document->size - i, out + size);

        if (written) {
            taken = 12;
            character += (uint32_t)written;
            if (!remember_pair(document, &capacity, character)) {
                free(out);
                return NULL;
            }
        } else {
            written = taken = text[i] == '\\' && i + 1 < document->size ? 2 : 1;
            memcpy(out + size, text + i, taken);
            for (size_t k = 0; k < taken; k++)
                character += !is_continuation(text[i + k]);
        }
        size += written;
        i += taken;
    }
    if (out)
        out[size] = '\0';
    *out_size = size;
    return out;
}

static bool is_json(const char *name)
{
    size_t size = strlen(name);

    return size >= 5 && strcasecmp(name + size - 5, ".json") == 0;
}

static bool build(struct yaml_document *document, const struct yaml_input *input)
{
    size_t size;
    char *text;
    bool ok;

    if (!is_json(document->name) || !memmem(document->text, document->size, "\\u", 2))
        return yaml_build(document, document->text, document->size, input);
    text = without_pairs(document, &size);
    ok = text ? yaml_build(document, text, size, input)
              : file_complaint(document->name, input, "memory", "out of memory");
    free(text);
    return ok;
}

/* ---- loading ------------------------------------------------------------------------------- */

/* Takes the bytes, which end in a NUL beyond their size. */
static bool take_text(struct yaml_document *document, const char *name, char *bytes, size_t size,
                      const struct yaml_input *input)
{
    document->name = name;
    document->text = bytes;
    document->hide_secrets = input->private_words;
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        document->mark = 3;
        memmove(bytes, bytes + 3, size - 2);
        size -= 3;
    }
    document->size = size;
    document->nodes = cp_arena_create();
    if (!map_lines(document) || !document->nodes)
        return file_complaint(name, input, "memory", "out of memory");
    return check_characters(document, input) && build(document, input);
}

bool yaml_load(struct yaml_document *document, const char *path, size_t most,
               const struct yaml_input *input)
{
    struct cp_error err = { 0 };
    struct file file = { 0 };
    char message[600];

    *document = (struct yaml_document){ .name = path };
    if (!file_read(path, most, &file, &err)) {
        snprintf(message, sizeof(message), "cannot read this file: %s", err.message);
        return file_complaint(path, input, "unreadable", message);
    }
    return take_text(document, path, file.bytes, file.size, input);
}

bool yaml_load_text(struct yaml_document *document, const char *name, const char *text, size_t size,
                    const struct yaml_input *input)
{
    char *copy;

    *document = (struct yaml_document){ .name = name };
    if (size > CP_FILE_MOST)
        return file_complaint(name, input, "unreadable", "this text is too large");
    copy = malloc(size + 1);
    if (!copy)
        return file_complaint(name, input, "memory", "out of memory");
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return take_text(document, name, copy, size, input);
}

void yaml_release(struct yaml_document *document)
{
    free(document->text);
    free(document->lines);
    free(document->pairs);
    cp_arena_free(document->nodes);
    *document = (struct yaml_document){ 0 };
}
