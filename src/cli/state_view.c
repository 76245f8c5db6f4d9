/* src/cli/state_view.c - the words for the state of a delivery in the ledger.
 *
 * The rule which word it is belongs to the model (cp_part_shown); here its inputs are gathered from a
 * row, the holds and the clock, for reports that are made beside a running service.
 */
#include <string.h>

#include "cli/cli_private.h"

const char *cp_row_key(struct cp_arena *arena, const struct cp_ledger_row *row)
{
    const char *key = cp_arena_printf(arena, "%s/%s/%s/%s", row->campaign, row->post,
                                      row->occurrence, row->account);

    return key ? key : "";
}

static const char *part_word(const struct cp_session *session, const struct cp_ledger_row *row,
                             const struct cp_ledger_row_part *part, bool held)
{
    struct cp_part_view_input input = {
        .state = part->state,
        .wanted = row->wanted,
        .standby = row->standby && !row->released,
        .late = row->late && !row->released,
        .held = held,
        .uploading = part->checkpoint,
        .seen = part->seen_us != 0,
        .waiting = part->not_before_us > session->wall_us,
        .due_us = row->due_us,
        .now_us = session->now_us,
    };

    return cp_part_shown(&input);
}

/* The reason of the part that gives the delivery its word. */
static const char *reason_of(const struct cp_ledger_row *row, const struct cp_state_view *view)
{
    for (size_t i = 0; i < row->part_count; i++)
        if (strcmp(view->parts[i], view->word) == 0 && row->parts[i].reason)
            return row->parts[i].reason;
    return NULL;
}

bool cp_state_view_make(struct cp_session *session, const struct cp_ledger_row *row,
                        struct cp_state_view *out)
{
    const struct cp_ledger_hold *hold =
        cp_session_hold(session, row->campaign, row->post, row->occurrence, row->account);

    *out = (struct cp_state_view){ .word = "planned" };
    out->parts = cp_arena_array(session->arena, row->part_count + 1, sizeof(*out->parts));
    if (!out->parts)
        return false;
    for (size_t i = 0; i < row->part_count; i++)
        out->parts[i] = part_word(session, row, &row->parts[i], hold != NULL);
    if (row->part_count)
        out->word = cp_delivery_shown(out->parts, row->part_count);
    out->reason = hold && strcmp(out->word, "held") == 0 ? hold->reason : reason_of(row, out);
    return true;
}

bool cp_state_needs_person(const char *word)
{
    return strcmp(word, "rejected") == 0 || strcmp(word, "expired") == 0 ||
           strcmp(word, "uncertain") == 0;
}
