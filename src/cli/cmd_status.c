/* src/cli/cmd_status.c - `status`: every delivery of the ledger with its state, and why it waits. */
#include <string.h>

#include "cli/cli_private.h"

/* How many deliveries are in each state, in the order in which the words came up. */
struct tally {
    const char *words[32];
    size_t counts[32], used;
    bool left; /* one needs a person */
};

struct report {
    struct cp_session *session;
    const struct cp_arguments *arguments;
    struct cp_table *table; /* NULL: JSON is wanted */
    json_t *deliveries;
    struct tally tally;
    bool failed;
};

static void count(struct tally *tally, const char *word)
{
    size_t i = 0;

    while (i < tally->used && strcmp(tally->words[i], word) != 0)
        i++;
    if (i == CP_COUNT(tally->words))
        return;
    tally->words[i] = word;
    tally->counts[i]++;
    tally->used += i == tally->used;
    tally->left |= cp_state_needs_person(word);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *part_of(const struct cp_ledger_row_part *part, const char *word)
{
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:i}", "part", (int)part->number, "state",
                     word, "remote_id", cp_text_json(part->remote_id), "url",
                     cp_text_json(part->url), "reason", cp_text_json(part->reason), "published",
                     cp_instant_json(part->published_us), "seen", cp_instant_json(part->seen_us),
                     "generation", (int)part->generation);
}

static json_t *delivery_of(const struct report *report, const struct cp_ledger_row *row,
                           const struct cp_state_view *view)
{
    json_t *parts = json_array();

    for (size_t i = 0; i < row->part_count; i++)
        json_array_append_new(parts, part_of(&row->parts[i], view->parts[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "key",
                     cp_row_key(report->session->arena, row), "campaign", row->campaign, "post",
                     row->post, "occurrence", row->occurrence, "account", row->account, "state",
                     view->word, "reason", cp_text_json(view->reason), "due",
                     cp_instant_json(row->due_us), "send_by", cp_instant_json(row->send_by_us),
                     "parts", parts);
}

static json_t *hold_of(const struct cp_ledger_hold *hold)
{
    char scope[CP_SCOPE_SIZE];

    cp_scope_format(&hold->scope, scope);
    return json_pack("{s:s, s:o, s:o, s:o, s:b}", "scope", scope, "reason",
                     cp_text_json(hold->reason), "by", cp_text_json(hold->by), "since",
                     cp_instant_json(hold->since_us), "own", hold->own);
}

static json_t *as_json(struct report *report)
{
    json_t *holds = json_array(), *summary = json_object();

    for (size_t i = 0; i < report->session->hold_count; i++)
        json_array_append_new(holds, hold_of(&report->session->holds[i]));
    for (size_t i = 0; i < report->tally.used; i++)
        json_object_set_new(summary, report->tally.words[i],
                            json_integer((json_int_t)report->tally.counts[i]));
    return json_pack("{s:i, s:O, s:o, s:b, s:o}", "format", 1, "deliveries", report->deliveries,
                     "holds", holds, "hold_file", report->session->hold_file, "summary", summary);
}

/* ---- a table ------------------------------------------------------------------------------- */

static void add_row(struct report *report, const struct cp_ledger_row *row,
                    const struct cp_state_view *view)
{
    char due[CP_LOCAL_SIZE];

    cp_format_local(cp_session_zone(report->session, row->campaign), row->due_us, due);
    cp_table_add(report->table, due, NULL);
    cp_table_add(report->table, row->post, NULL);
    cp_table_add(report->table, row->occurrence, NULL);
    cp_table_add(report->table, row->account, NULL);
    cp_table_add(report->table, view->word, cp_state_colour(cp_style_of(stdout), view->word));
    cp_table_add(report->table, view->reason, NULL);
}

static void print_holds(const struct cp_session *session)
{
    if (session->hold_file)
        printf("Held: everything, by the file HOLD in the state folder.\n");
    for (size_t i = 0; i < session->hold_count; i++) {
        const struct cp_ledger_hold *hold = &session->holds[i];
        char scope[CP_SCOPE_SIZE], since[CP_LOCAL_SIZE];

        cp_scope_format(&hold->scope, scope);
        cp_format_local(NULL, hold->since_us, since);
        printf("Held: %s since %s", scope, since);
        if (hold->by) {
            fputs(hold->own ? " (by itself)" : " by ", stdout);
            cp_put(stdout, hold->own ? "" : hold->by);
        }
        if (hold->reason) {
            fputs(": ", stdout);
            cp_put(stdout, hold->reason);
        }
        fputc('\n', stdout);
    }
}

static bool print(const struct report *report)
{
    const struct tally *tally = &report->tally;
    size_t rows = cp_table_rows(report->table);

    if (rows && !cp_table_print(report->table, stdout))
        return false;
    printf("%s%zu %s", rows ? "\n" : "", rows, rows == 1 ? "delivery" : "deliveries");
    for (size_t i = 0; i < tally->used; i++)
        printf("%s%zu %s", i ? ", " : ": ", tally->counts[i], tally->words[i]);
    fputc('\n', stdout);
    print_holds(report->session);
    return true;
}

/* ---- the command --------------------------------------------------------------------------- */

static bool take(const struct cp_ledger_row *row, void *ctx)
{
    struct report *report = ctx;
    struct cp_state_view view;

    if (!cp_session_covers(report->session, report->arguments, row->campaign, row->post,
                           row->occurrence, row->account))
        return true;
    report->failed |= !cp_state_view_make(report->session, row, &view);
    if (report->failed)
        return false;
    count(&report->tally, view.word);
    if (report->table)
        add_row(report, row, &view);
    else
        json_array_append_new(report->deliveries, delivery_of(report, row, &view));
    return true;
}

static int finish(struct report *report)
{
    const struct cp_session *session = report->session;
    bool done;

    if (report->failed)
        return cp_fail(CP_EXIT_ENVIRONMENT, "out of memory");
    if (!report->table) {
        done = cp_print_json(as_json(report));
    } else if (!session->ledger) {
        printf("Nothing was accepted yet: `camp-post --dry-run` shows the plan, `camp-post run` "
               "accepts "
               "it.\n");
        print_holds(session);
        done = true;
    } else {
        done = print(report);
    }
    if (!done)
        return CP_EXIT_ENVIRONMENT;
    return report->tally.left ? CP_EXIT_LEFT : CP_EXIT_FINE;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    static const char *const heads[] = { "Due",   "Post", "Occurrence", "Account",
                                         "State", "Why",  NULL };
    struct cp_session session;
    struct report report = { .session = &session, .arguments = arguments };
    struct cp_error err = { 0 };
    int code = cp_session_begin(arguments, &session);

    (void)command;
    if (code)
        return code;
    if (arguments->json)
        report.deliveries = json_array();
    else
        report.table = cp_table_create(heads);
    if (session.ledger && !cp_ledger_rows(session.ledger, false, take, &report, &err))
        code = cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    else
        code = finish(&report);
    json_decref(report.deliveries);
    cp_table_free(report.table);
    cp_session_close(&session);
    return code;
}

const struct cp_command cp_cmd_status = {
    .name = "status",
    .words = "[SCOPE]",
    .doc = "Shows the deliveries with their state, and why they wait\v"
           "Ends with 3 when one was rejected, has expired or is uncertain.",
    .most = 1,
    .takes_scope = true,
    .run = run,
};
