/* src/cli/cmd_log.c - `log`: the entries of the ledger, the oldest first. */
#include <string.h>

#include "cli/cli_private.h"

static const struct argp_option options[] = {
    { "notices", CP_KEY_NOTICES, NULL, 0, "Only what a person had to be told", 0 }, { 0 }
};

/* ---- one entry in words -------------------------------------------------------------------- */

static const char *text_of(const json_t *data, const char *name)
{
    return json_string_value(json_object_get(data, name));
}

static void say_because(struct cp_buffer *line, const json_t *data)
{
    if (text_of(data, "by"))
        cp_buffer_printf(line, ", by %s", text_of(data, "by"));
    if (text_of(data, "reason"))
        cp_buffer_printf(line, ": %s", text_of(data, "reason"));
}

static void say_part(struct cp_buffer *line, const json_t *data, bool whole)
{
    const char *from = text_of(data, "from"), *to = text_of(data, "to");

    if (whole && text_of(data, "delivery"))
        cp_buffer_puts(line, text_of(data, "delivery"));
    if (json_integer_value(json_object_get(data, "part")))
        cp_buffer_printf(line, "#%d", (int)json_integer_value(json_object_get(data, "part")));
    if (from && to && strcmp(from, to) == 0)
        cp_buffer_printf(line, " still %s%s", to,
                         json_is_true(json_object_get(data, "seen")) ? ", and seen" : "");
    else
        cp_buffer_printf(line, " %s to %s", from ? from : "?", to ? to : "?");
    if (text_of(data, "url"))
        cp_buffer_printf(line, " (%s)", text_of(data, "url"));
    say_because(line, data);
}

/* Kinds whose subject is one word of the data, and what was done to it another. */
static void say_subject(struct cp_buffer *line, const json_t *data, bool whole)
{
    static const char *const subjects[] = { "delivery", "scope", "account", "about" };
    static const char *const verbs[] = { "change", "remote_id" };

    for (size_t i = 0; whole && i < CP_COUNT(subjects); i++)
        if (text_of(data, subjects[i]))
            cp_buffer_printf(line, "%s ", text_of(data, subjects[i]));
    for (size_t i = 0; i < CP_COUNT(verbs); i++)
        if (text_of(data, verbs[i]))
            cp_buffer_printf(line, "%s ", text_of(data, verbs[i]));
    if (line->size && line->data[line->size - 1] == ' ')
        line->data[--line->size] = '\0';
    say_because(line, data);
}

static void say_acceptance(struct cp_buffer *line, const json_t *data)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)data, name, value)
    {
        if (json_is_integer(value))
            cp_buffer_printf(line, "%s%lld %s", line->size ? ", " : "",
                             (long long)json_integer_value(value), name);
    }
    say_because(line, data);
}

const char *cp_entry_line(struct cp_arena *arena, const char *kind, const json_t *data,
                          const char *notice, bool whole)
{
    struct cp_buffer line = { 0 };
    const char *copy;

    if (strcmp(kind, "part") == 0)
        say_part(&line, data, whole);
    else if (strcmp(kind, "accept") == 0)
        say_acceptance(&line, data);
    else
        say_subject(&line, data, whole);
    if (notice && *notice)
        cp_buffer_printf(&line, "%snotice: %s", line.size ? "; " : "", notice);
    copy = cp_arena_printf(arena, "%-8s %s", kind, line.data ? line.data : "");
    cp_buffer_release(&line);
    return copy ? copy : "";
}

/* ---- the command --------------------------------------------------------------------------- */

struct report {
    struct cp_session *session;
    const struct cp_arguments *arguments;
};

/* Entries of something else than a delivery are left out of the log of a scope, but for its holds. */
static bool is_covered(const struct report *report, const json_t *data)
{
    const char *key = text_of(data, "delivery"), *scope = text_of(data, "scope");
    char own[CP_SCOPE_SIZE], copy[CP_SCOPE_SIZE], *words[4] = { 0 }, *rest = copy;

    if (!report->arguments->has_scope)
        return true;
    cp_scope_format(&report->arguments->scope, own);
    if (!key)
        return scope && strcmp(scope, own) == 0;
    snprintf(copy, sizeof(copy), "%s", key);
    for (size_t i = 0; i < CP_COUNT(words); i++)
        words[i] = strsep(&rest, "/");
    return words[3] && cp_session_covers(report->session, report->arguments, words[0], words[1],
                                         words[2], words[3]);
}

static json_t *as_json(const struct cp_ledger_entry_row *entry, json_t *data)
{
    return json_pack("{s:I, s:o, s:o, s:s, s:O, s:o, s:s}", "number", (json_int_t)entry->number,
                     "at", cp_instant_json(entry->wall_us), "plan", cp_instant_json(entry->plan_us),
                     "kind", entry->kind, "data", data, "notice", cp_text_json(entry->notice),
                     "hash", entry->hash);
}

static void print_json(const struct cp_ledger_entry_row *entry, json_t *data)
{
    json_t *line = as_json(entry, data);

    json_dumpf(line, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(line);
}

static void print_text(const struct cp_ledger_entry_row *entry, const json_t *data)
{
    struct cp_arena *arena = cp_arena_create();
    char at[CP_RFC3339_SIZE];

    if (!arena)
        return;
    cp_instant_format_rfc3339(entry->wall_us, at);
    printf("%s  ", at);
    cp_put(stdout, cp_entry_line(arena, entry->kind, data, entry->notice, true));
    fputc('\n', stdout);
    cp_arena_free(arena);
}

static bool take(const struct cp_ledger_entry_row *entry, void *ctx)
{
    const struct report *report = ctx;
    json_t *data = json_loads(entry->json, JSON_DECODE_ANY, NULL);

    if (!data)
        data = json_object();
    if (is_covered(report, data)) {
        if (report->arguments->json)
            print_json(entry, data);
        else
            print_text(entry, data);
    }
    json_decref(data);
    return !ferror(stdout);
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct cp_session session;
    struct report report = { &session, arguments };
    struct cp_error err = { 0 };
    int code = cp_session_begin(arguments, &session);

    (void)command;
    if (code)
        return code;
    if (session.ledger &&
        !cp_ledger_entries(session.ledger, 0, arguments->notices, take, &report, &err))
        code = cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    else if (!session.ledger && !arguments->json)
        printf("Nothing has happened yet.\n");
    cp_session_close(&session);
    return code;
}

const struct cp_command cp_cmd_log = {
    .name = "log",
    .words = "[SCOPE]",
    .doc = "Shows what happened: which state changed, when, why, by whom\v"
           "The oldest first, times in UTC. With --json one object on each line.",
    .options = options,
    .most = 1,
    .takes_scope = true,
    .run = run,
};
