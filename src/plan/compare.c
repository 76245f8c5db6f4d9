/* src/plan/compare.c - a delivery of the files against the ledger's: who it is, and what changes.
 *
 * Identity: a delivery is known by today's names, or, when something was renamed and that is not
 * accepted yet, by the old ones. It keeps the id it was born with; so do its keys.
 */
#include "plan/plan_private.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 512 };

/* The names that a delivery goes by; '/' is in none of them. */
struct names {
    const char *campaign, *post, *occurrence, *account;
};

static const struct cp_snapshot_delivery *find_row(const struct cp_builder *builder,
                                                   const struct names *names)
{
    char key[KEY_SIZE];
    int size = snprintf(key, sizeof(key), "%s/%s/%s/%s", names->campaign, names->post,
                        names->occurrence, names->account);

    if (size < 0 || (size_t)size >= sizeof(key))
        return NULL; /* longer than ids can be: not in the ledger */
    return cp_table_find(&builder->rows, key, (size_t)size);
}

bool cp_plan_index_snapshot(struct cp_builder *builder)
{
    const struct cp_snapshot *snapshot = builder->input->snapshot;

    if (!snapshot)
        return true;
    builder->claimed = cp_arena_array(builder->scratch, snapshot->count, sizeof(bool));
    for (size_t i = 0; i < snapshot->count; i++) {
        struct cp_snapshot_delivery *row = &snapshot->deliveries[i];
        char key[KEY_SIZE];
        int size = snprintf(key, sizeof(key), "%s/%s/%s/%s", row->campaign, row->post,
                            row->occurrence, row->account);

        if (size < 0 || (size_t)size >= sizeof(key))
            continue;
        cp_table_put(&builder->rows, key, (size_t)size, row);
        cp_table_put(&builder->ids, row->id.bytes, sizeof(row->id.bytes), row);
    }
    return builder->claimed && !builder->rows.failed && !builder->ids.failed;
}

/* ---- identity ------------------------------------------------------------------------------ */

static struct names todays_names(const struct cp_plan_delivery *delivery)
{
    return (struct names){ delivery->campaign_id, delivery->post_id, delivery->occurrence,
                           delivery->account_id };
}

/* The names under which it may be in the ledger, bit by bit of `which`: campaign, post, account.
 * False when one of them was never renamed. */
static bool old_names(const struct cp_plan_delivery *delivery, unsigned which, struct names *out)
{
    *out = todays_names(delivery);
    if (which & 1)
        out->campaign = delivery->campaign->was;
    if (which & 2)
        out->post = delivery->post->was;
    if (which & 4)
        out->account = delivery->account->was;
    return out->campaign && out->post && out->account;
}

/* Renamings are accepted one after the other: any mixture of old and new names may be there. */
static const struct cp_snapshot_delivery *find_renamed(const struct cp_builder *builder,
                                                       const struct cp_plan_delivery *delivery)
{
    struct names names;

    if (!delivery->campaign->was && !delivery->post->was && !delivery->account->was)
        return NULL;
    for (unsigned which = 1; which < 8; which++) {
        const struct cp_snapshot_delivery *row = NULL;

        if (old_names(delivery, which, &names))
            row = find_row(builder, &names);
        if (row)
            return row;
    }
    return NULL;
}

static void claim(struct cp_builder *builder, const struct cp_snapshot_delivery *row)
{
    builder->claimed[row - builder->input->snapshot->deliveries] = true;
}

static void say_taken(struct cp_builder *builder, const struct cp_plan_delivery *delivery,
                      const struct cp_snapshot_delivery *old)
{
    if (cp_plan_once(builder, "taken %s/%s %s", delivery->campaign_id, delivery->post_id,
                     old->post))
        cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "renamed-onto", delivery->at, NULL,
                    "take an id that was never used, or leave `was` out",
                    "post '%s' is said to be the renamed '%s/%s/%s/%s', but the ledger knows "
                    "another delivery of this name already",
                    delivery->post_id, old->campaign, old->post, old->occurrence, old->account);
}

const struct cp_snapshot_delivery *cp_plan_claim(struct cp_builder *builder,
                                                 struct cp_plan_delivery *delivery)
{
    const struct names names = todays_names(delivery);
    const struct cp_snapshot_delivery *row, *old;

    if (!builder->input->snapshot)
        return NULL;
    row = find_row(builder, &names);
    old = find_renamed(builder, delivery);
    if (row && old && old->wanted)
        say_taken(builder, delivery, old);
    if (!row && old) {
        row = old;
        delivery->renamed_from = cp_arena_printf(builder->plan->arena, "%s/%s/%s/%s", old->campaign,
                                                 old->post, old->occurrence, old->account);
    }
    if (row)
        claim(builder, row);
    return row;
}

/* A name that was given away by a renaming keeps its id: a new bearer of the name would have the
 * same keys, and servers would take its posts for those of the first. */
static void check_id(struct cp_builder *builder, const struct cp_plan_delivery *delivery)
{
    const struct cp_snapshot_delivery *row =
        cp_table_find(&builder->ids, delivery->id.bytes, sizeof(delivery->id.bytes));

    if (row && cp_plan_once(builder, "id %s/%s", delivery->campaign_id, delivery->post_id))
        cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "id-used-before", delivery->at, NULL,
                    "take an id that was never used",
                    "'%s/%s/%s/%s' can't be new: '%s/%s/%s/%s' had these names before it was "
                    "renamed",
                    delivery->campaign_id, delivery->post_id, delivery->occurrence,
                    delivery->account_id, row->campaign, row->post, row->occurrence, row->account);
}

static const char *born(const char *id, const char *was)
{
    return was ? was : id;
}

static void identify(struct cp_builder *builder, struct cp_plan_delivery *delivery)
{
    const struct cp_snapshot_delivery *known = delivery->known;

    if (known) {
        delivery->id = known->id;
    } else {
        cp_delivery_id_make(born(delivery->campaign_id, delivery->campaign->was),
                            born(delivery->post_id, delivery->post->was), delivery->occurrence,
                            born(delivery->account_id, delivery->account->was), "", &delivery->id);
        check_id(builder, delivery);
    }
    for (size_t i = 0; i < delivery->part_count; i++) {
        struct cp_plan_part *part = &delivery->parts[i];

        part->generation = known && i < known->part_count ? known->parts[i].generation : 1;
        cp_wire_key_make(&delivery->id, (unsigned)i + 1, part->generation, part->wire_key);
    }
}

/* ---- change -------------------------------------------------------------------------------- */

static bool is_unsent(enum cp_part_state state)
{
    return state == CP_PLANNED || state == CP_REJECTED || state == CP_EXPIRED;
}

static bool any_unsent(const struct cp_snapshot_delivery *known)
{
    for (size_t i = 0; i < known->part_count; i++) {
        if (is_unsent(known->parts[i].state))
            return true;
    }
    return known->part_count == 0;
}

static bool any_rejected(const struct cp_snapshot_delivery *known)
{
    for (size_t i = 0; i < known->part_count; i++) {
        if (known->parts[i].state == CP_REJECTED)
            return true;
    }
    return false;
}

/* Once part 1 has begun, the content of the rest is frozen with it. */
static enum cp_part_state first_state(const struct cp_snapshot_delivery *known)
{
    return known->part_count ? known->parts[0].state : CP_PLANNED;
}

/* What a person has ordered stands, until the files say something new about the time: a release set
 * due to its own moment, and a retry may have put send_by off. */
static void keep_orders(const struct cp_builder *builder, struct cp_plan_delivery *delivery)
{
    const struct cp_snapshot_delivery *known = delivery->known;
    int64_t now = builder->input->now_us;
    bool ahead = !delivery->standby && delivery->due_us > now;

    if (known->released && !ahead) {
        delivery->standby = false;
        delivery->due_us = known->due_us;
        delivery->send_by_us = known->send_by_us;
    }
    if (delivery->due_us == known->due_us && delivery->send_by_us < now &&
        delivery->send_by_us < known->send_by_us)
        delivery->send_by_us = known->send_by_us;
}

static bool is_late(const struct cp_builder *builder, const struct cp_plan_delivery *delivery)
{
    const struct cp_snapshot_delivery *known = delivery->known;

    if (delivery->standby)
        return false;
    if (!known || known->due_us != delivery->due_us)
        return delivery->due_us < builder->input->now_us;
    return !known->released && known->due_us < known->first_seen_us;
}

static void say_too_late(struct cp_builder *builder, const struct cp_plan_delivery *delivery,
                         enum cp_part_state state)
{
    const char *words = state == CP_PUBLISHED   ? "already out; what was published stays as it is"
                        : state == CP_CANCELLED ? "cancelled; it stays so"
                                                : "on its way; it stays as it is";

    cp_diagnose(&builder->plan->diagnostics, CP_WARNING, "too-late", delivery->at, NULL, NULL,
                "'%s/%s/%s/%s' was edited, but it is %s", delivery->campaign_id, delivery->post_id,
                delivery->occurrence, delivery->account_id, words);
}

/* Part 1 has begun. A rejected part may still get a new text, and a thread that was taken out of
 * the files goes on when it is put back. */
static enum cp_change change_of_begun(struct cp_builder *builder, struct cp_plan_delivery *delivery,
                                      bool same_content)
{
    const struct cp_snapshot_delivery *known = delivery->known;
    bool same_due = known->due_us == delivery->due_us;
    bool back = !known->wanted && any_unsent(known);

    delivery->due_us = known->due_us;
    delivery->send_by_us = known->send_by_us;
    delivery->standby = delivery->late = false;
    if (!same_content && any_rejected(known))
        return CP_CHANGE_EDIT;
    if (!same_content || !same_due)
        say_too_late(builder, delivery, first_state(known));
    if (back)
        return CP_CHANGE_EDIT;
    return same_content && same_due ? CP_CHANGE_NONE : CP_CHANGE_TOO_LATE;
}

static enum cp_change change_of(struct cp_builder *builder, struct cp_plan_delivery *delivery)
{
    const struct cp_snapshot_delivery *known = delivery->known;
    bool same_content;

    if (!known)
        return delivery->late ? CP_CHANGE_LATE : CP_CHANGE_ADD;
    same_content = known->content_hash && strcmp(known->content_hash, delivery->content_hash) == 0;
    if (!is_unsent(first_state(known)))
        return change_of_begun(builder, delivery, same_content);
    if (delivery->late && known->due_us != delivery->due_us)
        return CP_CHANGE_LATE;
    if (same_content && known->wanted && known->due_us == delivery->due_us &&
        known->send_by_us == delivery->send_by_us)
        return CP_CHANGE_NONE;
    return CP_CHANGE_EDIT;
}

void cp_plan_compare(struct cp_builder *builder, struct cp_plan_delivery *delivery)
{
    identify(builder, delivery);
    if (delivery->known)
        keep_orders(builder, delivery);
    delivery->late = is_late(builder, delivery);
    delivery->change = change_of(builder, delivery);
    builder->late += delivery->change == CP_CHANGE_LATE;
}

/* ---- what has left the files --------------------------------------------------------------- */

static const struct cp_campaign *find_campaign(const struct cp_table *campaigns, const char *id)
{
    return cp_table_find(campaigns, id, strlen(id));
}

/* Names of the campaigns that were read, old ones included. */
static void index_campaigns(struct cp_builder *builder, struct cp_table *campaigns)
{
    for (size_t i = 0; i < builder->input->campaign_count; i++) {
        struct cp_campaign *campaign = (struct cp_campaign *)builder->input->campaigns[i];

        cp_table_put(campaigns, campaign->id, strlen(campaign->id), campaign);
        if (campaign->was)
            cp_table_put(campaigns, campaign->was, strlen(campaign->was), campaign);
    }
}

static void cancel(struct cp_builder *builder, const struct cp_snapshot_delivery *row,
                   const struct cp_campaign *campaign)
{
    const struct cp_account *account =
        cp_table_find(&builder->accounts, row->account, strlen(row->account));
    const struct cp_config *config = builder->input->config;
    struct cp_plan_delivery *delivery = cp_plan_add(builder);

    if (!delivery)
        return;
    *delivery = (struct cp_plan_delivery){
        .account = account,
        .account_index = account ? (size_t)(account - config->accounts) : config->account_count,
        .order = builder->order++,
        .campaign_id = row->campaign,
        .post_id = row->post,
        .occurrence = row->occurrence,
        .account_id = row->account,
        .id = row->id,
        .due_us = row->due_us,
        .send_by_us = row->send_by_us,
        .span_us = row->due_us == CP_NEVER ? 0 : row->send_by_us - row->due_us,
        .standby = row->due_us == CP_NEVER,
        .change = CP_CHANGE_CANCEL,
        .known = row,
        .at = campaign ? campaign->at : (struct cp_place){ 0 },
    };
    snprintf(delivery->content_hash, sizeof(delivery->content_hash), "%s",
             row->content_hash ? row->content_hash : "");
}

void cp_plan_cancel_rest(struct cp_builder *builder)
{
    static const struct cp_place nowhere = { 0 };
    const struct cp_plan_input *input = builder->input;
    struct cp_table campaigns = { .arena = builder->scratch };

    index_campaigns(builder, &campaigns);
    for (size_t i = 0; input->snapshot && i < input->snapshot->count; i++) {
        const struct cp_snapshot_delivery *row = &input->snapshot->deliveries[i];
        const struct cp_campaign *campaign = find_campaign(&campaigns, row->campaign);

        if (builder->claimed[i] || !row->wanted || !any_unsent(row) ||
            (!campaign && !input->everything) ||
            !cp_plan_covers(builder, row->campaign, row->post, row->occurrence, row->account))
            continue;
        if (!campaign && cp_plan_once(builder, "gone %s", row->campaign))
            cp_diagnose(&builder->plan->diagnostics, CP_NOTE, "campaign-gone", nowhere, NULL,
                        "put it back among `schedules` if this is not meant",
                        "campaign '%s' is no longer read: what it has not sent is cancelled",
                        row->campaign);
        cancel(builder, row, campaign);
    }
    builder->failed |= campaigns.failed;
    cp_table_release(&campaigns);
}
