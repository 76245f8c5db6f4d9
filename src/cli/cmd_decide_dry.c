/* src/cli/cmd_decide_dry.c - what a decision would do, by the ledger as it is. Nothing is written or sent.
 *
 * The running service may be further by the time the decision is really made; its answer counts.
 */
#include <string.h>

#include "cli/cli_private.h"

struct report {
    struct cp_session *session;
    const struct cp_command *command;
    const struct cp_arguments *arguments;
    json_t *deliveries;
    size_t changes;
    bool failed;
};

static bool is_waiting(const struct cp_ledger_row *row)
{
    return row->wanted && !row->released && (row->standby || row->late) && row->part_count &&
           row->parts[0].state == CP_PLANNED;
}

/* A retry needs a deadline that is still to come. */
static bool is_past(const struct report *report, const struct cp_ledger_row *row, unsigned part)
{
    return report->command == &cp_cmd_retry && part == 1 && !report->arguments->send_by &&
           row->send_by_us <= report->session->now_us;
}

static bool has_part(const struct report *report, const struct cp_ledger_row *row,
                     enum cp_part_event event)
{
    for (size_t i = 0; i < row->part_count; i++)
        if ((!report->arguments->part || report->arguments->part == row->parts[i].number) &&
            !is_past(report, row, row->parts[i].number) &&
            (report->command != &cp_cmd_resolve || row->parts[i].state == CP_UNCERTAIN) &&
            cp_part_next(row->parts[i].state, event) != CP_NOWHERE)
            return true;
    return false;
}

/* The event that a decision is to the parts it fits. */
static enum cp_part_event event_of(const struct report *report)
{
    if (report->command == &cp_cmd_retry)
        return CP_ON_RETRY;
    if (report->command == &cp_cmd_cancel || report->arguments->cancel)
        return CP_ON_CANCEL;
    return report->arguments->absent ? CP_ON_RESEND : CP_ON_RESOLVED;
}

static const char *effect_on(const struct report *report, const struct cp_ledger_row *row)
{
    const struct cp_arguments *arguments = report->arguments;

    if (report->command == &cp_cmd_hold)
        return has_part(report, row, CP_ON_START) ? "would be held" : NULL;
    if (report->command == &cp_cmd_release) {
        bool named = arguments->scope.kind == CP_SCOPE_PATH ||
                     (row->standby ? arguments->standby : arguments->late);

        return is_waiting(row) && named ? "would go now" : NULL;
    }
    if (!has_part(report, row, event_of(report)))
        return NULL;
    switch (event_of(report)) {
    case CP_ON_CANCEL:
        return "would be cancelled";
    case CP_ON_RESOLVED:
        return "would be published";
    default:
        return "would be planned again";
    }
}

static bool take(const struct cp_ledger_row *row, void *ctx)
{
    struct report *report = ctx;
    struct cp_state_view view;
    const char *effect;

    if (!cp_session_covers(report->session, report->arguments, row->campaign, row->post,
                           row->occurrence, row->account))
        return true;
    report->failed |= !cp_state_view_make(report->session, row, &view);
    if (report->failed)
        return false;
    effect = effect_on(report, row);
    report->changes += effect != NULL;
    json_array_append_new(report->deliveries,
                          json_pack("{s:s, s:s, s:b, s:s?}", "key",
                                    cp_row_key(report->session->arena, row), "state", view.word,
                                    "changed", effect != NULL, "effect", effect));
    return true;
}

static size_t holds_ended(const struct report *report)
{
    size_t ended = 0;

    for (size_t i = 0; report->command == &cp_cmd_release && i < report->session->hold_count; i++)
        ended += cp_scope_equal(&report->session->holds[i].scope, &report->arguments->scope);
    return ended;
}

static int print(const struct report *report)
{
    size_t ended = holds_ended(report), i;
    bool fine = report->changes || ended || report->command == &cp_cmd_hold;
    json_t *item;

    if (report->arguments->json) {
        if (!cp_print_json(json_pack("{s:b, s:b, s:O, s:I}", "ok", fine, "dry_run", true,
                                     "deliveries", report->deliveries, "holds_ended",
                                     (json_int_t)ended)))
            return CP_EXIT_ENVIRONMENT;
        return fine ? CP_EXIT_FINE : CP_EXIT_SCHEDULE;
    }
    json_array_foreach(report->deliveries, i, item)
    {
        const char *effect = json_string_value(json_object_get(item, "effect"));

        printf("  %s: %s, %s\n", json_string_value(json_object_get(item, "key")),
               json_string_value(json_object_get(item, "state")),
               effect ? effect : "would stay as it is");
    }
    if (ended)
        printf("%zu %s would end\n", ended, ended == 1 ? "hold" : "holds");
    printf("%zu of %zu deliveries would change. Nothing was done.\n", report->changes,
           json_array_size(report->deliveries));
    return fine ? CP_EXIT_FINE : CP_EXIT_SCHEDULE;
}

int cp_decide_dry(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct cp_session session;
    struct report report = { .session = &session, .command = command, .arguments = arguments };
    struct cp_error err = { 0 };
    int code = cp_session_begin(arguments, &session);

    if (code)
        return code;
    report.deliveries = json_array();
    if (session.ledger && !cp_ledger_rows(session.ledger, false, take, &report, &err))
        code = cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    else if (report.failed)
        code = cp_fail(CP_EXIT_ENVIRONMENT, "out of memory");
    else
        code = print(&report);
    json_decref(report.deliveries);
    cp_session_close(&session);
    return code;
}
