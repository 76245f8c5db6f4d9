/* src/cli/cmd_show.c - `show`: one delivery with its texts, its tries, and what happened to it. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_private.h"

struct report {
    struct cp_session *session;
    const struct cp_arguments *arguments;
    json_t *deliveries; /* what is shown, as JSON; the text is printed from it */
    const char **keys;  /* of all deliveries, for a suggestion */
    size_t key_count, key_capacity;
    json_t *entries; /* of the delivery at hand */
    const char *key;
    struct cp_error err;
};

/* ---- gathering ----------------------------------------------------------------------------- */

static bool take_entry(const struct cp_ledger_entry_row *entry, void *ctx)
{
    struct report *report = ctx;
    json_t *data = json_loads(entry->json, 0, NULL);
    const char *about = json_string_value(json_object_get(data, "delivery"));

    if (about && strcmp(about, report->key) == 0)
        json_array_append_new(report->entries,
                              json_pack("{s:I, s:o, s:s, s:O, s:o}", "number",
                                        (json_int_t)entry->number, "at",
                                        cp_instant_json(entry->wall_us), "kind", entry->kind,
                                        "data", data, "notice", cp_text_json(entry->notice)));
    json_decref(data);
    return true;
}

static json_t *part_of(const struct cp_ledger_row *row, size_t i, const char *word,
                       const json_t *contents)
{
    const struct cp_ledger_row_part *part = &row->parts[i];
    struct cp_delivery_id id;
    char key[CP_WIRE_KEY + 1] = "";
    json_t *content = json_array_get(contents, i);

    if (cp_delivery_id_parse(row->id_hex, &id))
        cp_wire_key_make(&id, part->number, part->generation, key);
    return json_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:O?}", "part",
                     (int)part->number, "state", word, "wire_key", key, "generation",
                     (int)part->generation, "reason", cp_text_json(part->reason), "remote_id",
                     cp_text_json(part->remote_id), "url", cp_text_json(part->url), "published",
                     cp_instant_json(part->published_us), "seen", cp_instant_json(part->seen_us),
                     "content", content);
}

static json_t *parts_of(const struct cp_ledger_row *row, const struct cp_state_view *view)
{
    json_t *content = row->content ? json_loads(row->content, 0, NULL) : NULL;
    json_t *parts = json_array();

    for (size_t i = 0; i < row->part_count; i++)
        json_array_append_new(parts,
                              part_of(row, i, view->parts[i], json_object_get(content, "parts")));
    json_decref(content);
    return parts;
}

/* The ledger's attempts have instants as numbers; people and scripts get them as RFC 3339. */
static json_t *attempts_of(struct report *report, int64_t row)
{
    json_t *list = cp_ledger_attempts(report->session->ledger, row, &report->err), *attempt;
    size_t i;

    json_array_foreach(list, i, attempt)
    {
        static const char *const names[][2] = { { "began_us", "began" }, { "ended_us", "ended" } };

        for (size_t n = 0; n < CP_COUNT(names); n++) {
            json_int_t us = json_integer_value(json_object_get(attempt, names[n][0]));

            json_object_set_new(attempt, names[n][1], cp_instant_json(us));
            json_object_del(attempt, names[n][0]);
        }
    }
    return list;
}

static bool take_row(const struct cp_ledger_row *row, void *ctx)
{
    struct report *report = ctx;
    struct cp_session *session = report->session;
    struct cp_state_view view;
    json_t *attempts;

    report->key = cp_row_key(session->arena, row);
    report->keys =
        cp_arena_grow(session->arena, report->keys, report->key_count, &report->key_capacity,
                      report->key_count + 1, sizeof(*report->keys));
    if (!report->keys || !cp_state_view_make(session, row, &view))
        return cp_error_no_memory(&report->err);
    report->keys[report->key_count++] = report->key;
    if (!cp_session_covers(session, report->arguments, row->campaign, row->post, row->occurrence,
                           row->account))
        return true;
    attempts = attempts_of(report, row->row);
    if (!attempts)
        return false;
    json_array_append_new(
        report->deliveries,
        json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "key",
                  report->key, "id", row->id_hex, "row", json_integer(row->row), "campaign",
                  row->campaign, "state", view.word, "reason", cp_text_json(view.reason), "due",
                  cp_instant_json(row->due_us), "send_by", cp_instant_json(row->send_by_us),
                  "first_seen", cp_instant_json(row->first_seen_us), "wanted", row->wanted, "parts",
                  parts_of(row, &view), "attempts", attempts));
    return true;
}

static bool add_entries(struct report *report)
{
    json_t *delivery;
    size_t i;

    json_array_foreach(report->deliveries, i, delivery)
    {
        report->key = json_string_value(json_object_get(delivery, "key"));
        report->entries = json_array();
        json_object_set_new(delivery, "entries", report->entries);
        if (!cp_ledger_entries(report->session->ledger, 0, false, take_entry, report, &report->err))
            return false;
    }
    return true;
}

/* ---- printing ------------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static void put_line(const char *label, const char *text)
{
    if (!*text)
        return;
    printf("  %-10s ", label);
    cp_put(stdout, text);
    fputc('\n', stdout);
}

static void put_part(const json_t *part, size_t total)
{
    const json_t *content = json_object_get(part, "content");
    const char *state = text_of(part, "state");
    size_t columns = cp_columns();
    json_t *medium;
    size_t i;

    printf("\nPart %d of %zu: %s%s%s\n", (int)json_integer_value(json_object_get(part, "part")),
           total, cp_state_colour(cp_style_of(stdout), state), state, cp_style_of(stdout)->off);
    put_line("why", text_of(part, "reason"));
    put_line("address", text_of(part, "url"));
    put_line("remote id", text_of(part, "remote_id"));
    put_line("published", text_of(part, "published"));
    put_line("seen", text_of(part, "seen"));
    put_line("key", text_of(part, "wire_key"));
    put_line("language", text_of(content, "language"));
    put_line("warning", text_of(content, "warning"));
    cp_put_wrapped(stdout, text_of(content, "text"), 2, "", columns);
    json_array_foreach(json_object_get(content, "media"), i, medium)
    {
        put_line("with", text_of(medium, "name"));
        put_line("", text_of(medium, "alt"));
    }
}

static void put_attempt(const json_t *attempt)
{
    const json_t *evidence = json_object_get(attempt, "evidence");
    char *text = evidence && !json_is_null(evidence)
                     ? json_dumps(evidence, JSON_COMPACT | JSON_ENCODE_ANY)
                     : NULL;

    printf("  part %d, %s to %s: ", (int)json_integer_value(json_object_get(attempt, "part")),
           text_of(attempt, "began"), *text_of(attempt, "ended") ? text_of(attempt, "ended") : "?");
    cp_put(stdout, *text_of(attempt, "outcome") ? text_of(attempt, "outcome") : "not ended");
    if (text) {
        fputs("  ", stdout);
        cp_put(stdout, text);
    }
    fputc('\n', stdout);
    free(text);
}

static void put_entry(struct cp_arena *arena, const json_t *entry)
{
    const char *line = cp_entry_line(arena, text_of(entry, "kind"), json_object_get(entry, "data"),
                                     text_of(entry, "notice"), false);

    printf("  %s  ", text_of(entry, "at"));
    cp_put(stdout, line);
    fputc('\n', stdout);
}

static void put_delivery(struct cp_session *session, const json_t *delivery)
{
    const json_t *parts = json_object_get(delivery, "parts"), *entries;
    const char *state = text_of(delivery, "state");
    json_t *item;
    size_t i;

    printf("%s%s%s\n", cp_style_of(stdout)->bold, text_of(delivery, "key"),
           cp_style_of(stdout)->off);
    put_line("state", state);
    put_line("why", text_of(delivery, "reason"));
    put_line("due", *text_of(delivery, "due") ? text_of(delivery, "due") : "when it is released");
    put_line("send by", text_of(delivery, "send_by"));
    json_array_foreach(parts, i, item) put_part(item, json_array_size(parts));
    if (json_array_size(json_object_get(delivery, "attempts")))
        printf("\nTries\n");
    json_array_foreach(json_object_get(delivery, "attempts"), i, item) put_attempt(item);
    entries = json_object_get(delivery, "entries");
    if (json_array_size(entries))
        printf("\nWhat happened\n");
    json_array_foreach(entries, i, item) put_entry(session->arena, item);
}

/* ---- the command --------------------------------------------------------------------------- */

static int unknown(const struct report *report)
{
    const char *word = report->arguments->words[0];
    const char *near = cp_nearest(word, report->keys, report->key_count);

    if (near)
        return cp_fail(CP_EXIT_SCHEDULE, "no delivery '%s': did you mean '%s'?", word, near);
    return cp_fail(CP_EXIT_SCHEDULE, "no delivery '%s': `camp-post status` names them", word);
}

static int print(struct report *report)
{
    json_t *delivery;
    size_t i;

    if (!json_array_size(report->deliveries))
        return unknown(report);
    if (report->arguments->json)
        return cp_print_json(json_pack("{s:i, s:O}", "format", 1, "deliveries", report->deliveries))
                   ? CP_EXIT_FINE
                   : CP_EXIT_ENVIRONMENT;
    json_array_foreach(report->deliveries, i, delivery)
    {
        if (i)
            fputs("\n\n", stdout);
        put_delivery(report->session, delivery);
    }
    return CP_EXIT_FINE;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct cp_session session;
    struct report report = { .session = &session, .arguments = arguments };
    int code = cp_session_begin(arguments, &session);

    (void)command;
    if (code)
        return code;
    report.deliveries = json_array();
    if (session.ledger && (!cp_ledger_rows(session.ledger, true, take_row, &report, &report.err) ||
                           report.err.domain || !add_entries(&report)))
        code = cp_fail_with(CP_EXIT_ENVIRONMENT, &report.err);
    else
        code = print(&report);
    json_decref(report.deliveries);
    cp_session_close(&session);
    return code;
}

const struct cp_command cp_cmd_show = {
    .name = "show",
    .words = "DELIVERY",
    .doc = "Shows one delivery: texts, keys, tries, what the server said\v"
           "DELIVERY: [CAMPAIGN/]POST[/OCCURRENCE[/ACCOUNT]]; several are shown when it covers "
           "several.",
    .least = 1,
    .most = 1,
    .takes_scope = true,
    .run = run,
};
