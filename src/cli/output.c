/* src/cli/output.c - errors, colours, JSON, wrapped text. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli_private.h"

/* ---- colour and width ---------------------------------------------------------------------- */

static const struct cp_style plain = { "", "", "", "", "", "", "" };
static const struct cp_style coloured = { "\033[0m",  "\033[1m",  "\033[2m", "\033[31m",
                                          "\033[32m", "\033[33m", "\033[34m" };

const struct cp_style *cp_style_of(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if ((no && *no) || (term && strcmp(term, "dumb") == 0) || !isatty(fileno(stream)))
        return &plain;
    return &coloured;
}

size_t cp_columns(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

/* ---- text ---------------------------------------------------------------------------------- */

void cp_put(FILE *out, const char *text)
{
    struct cp_buffer safe = { 0 };

    cp_text_visible(&safe, text, strlen(text));
    if (safe.data && !safe.failed)
        fwrite(safe.data, 1, safe.size, out);
    cp_buffer_release(&safe);
}

/* One paragraph, already safe. A word that is wider than the line stands alone on it; the lines behind
 * the first begin below its text. */
static void put_paragraph(FILE *out, const char *text, size_t indent, size_t columns)
{
    size_t room = columns > indent + 20 ? columns - indent : 0;
    size_t used = 0;

    while (*text) {
        size_t blanks = strspn(text, " "), word = strcspn(text + blanks, " ");
        size_t width = cp_text_width(text + blanks, word);

        if (room && used && used + blanks + width > room) {
            fprintf(out, "\n%*s", (int)indent, "");
            text += blanks;
            used = blanks = 0;
        }
        fwrite(text, 1, blanks + word, out);
        used += blanks + width;
        text += blanks + word;
    }
    fputc('\n', out);
}

void cp_put_wrapped(FILE *out, const char *text, size_t indent, const char *lead, size_t columns)
{
    size_t inner = indent + cp_text_width(lead, strlen(lead));

    fprintf(out, "%*s%s", (int)indent, "", lead);
    for (;;) {
        size_t line = strcspn(text, "\n");
        struct cp_buffer safe = { 0 };

        cp_text_visible(&safe, text, line);
        put_paragraph(out, safe.data && !safe.failed ? safe.data : "", inner, columns);
        cp_buffer_release(&safe);
        text += line + (text[line] == '\n');
        if (!*text)
            return;
        fprintf(out, "%*s", (int)inner, "");
    }
}

/* ---- errors -------------------------------------------------------------------------------- */

static int say(int code, const char *message)
{
    const struct cp_style *style = cp_style_of(stderr);

    fflush(stdout); /* the order in which things were said, where both go to one place */
    fprintf(stderr, "%scamp-post:%s ", style->bold, style->off);
    cp_put(stderr, message);
    fputc('\n', stderr);
    return code;
}

int cp_fail(int code, const char *fmt, ...)
{
    char text[1000];
    va_list arguments;

    va_start(arguments, fmt);
    vsnprintf(text, sizeof(text), fmt, arguments);
    va_end(arguments);
    return say(code, text);
}

int cp_fail_with(int code, const struct cp_error *err)
{
    char text[sizeof(err->origin) + sizeof(err->message) + 40];

    cp_error_format(err, text, sizeof(text));
    return say(code, text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

bool cp_print_json(json_t *value)
{
    bool done = value && json_dumpf(value, stdout, JSON_INDENT(2)) == 0;

    json_decref(value);
    if (done)
        fputc('\n', stdout);
    else if (!ferror(stdout))
        cp_fail(CP_EXIT_ENVIRONMENT, "out of memory");
    return done;
}

bool cp_put_json(json_t *value)
{
    bool done = value && json_dumpf(value, stdout, JSON_ENCODE_ANY) == 0;

    json_decref(value);
    if (!done && !ferror(stdout))
        cp_fail(CP_EXIT_ENVIRONMENT, "out of memory");
    return done;
}

static json_t *repaired(const char *text)
{
    struct cp_buffer good = { 0 };
    size_t size = strlen(text), at = 0;
    json_t *value;

    while (at < size)
        cp_utf8_put(&good, cp_utf8_next(text, size, &at));
    value = good.failed ? NULL : json_stringn(good.data, good.size);
    cp_buffer_release(&good);
    return value;
}

json_t *cp_text_json(const char *text)
{
    json_t *value = text ? json_string(text) : json_null();

    return value ? value : repaired(text);
}

json_t *cp_instant_json(int64_t us)
{
    char text[CP_RFC3339_SIZE];

    if (us == 0 || us == CP_NEVER)
        return json_null();
    cp_instant_format_rfc3339(us, text);
    return json_string(text);
}
