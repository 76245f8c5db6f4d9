/* src/cli/plan_view.c - what both printers of a plan ask. */
#include <string.h>

#include "cli/cli_private.h"

static const char *part_word(const struct cp_session *session,
                             const struct cp_plan_delivery *delivery,
                             const struct cp_snapshot_part *known, bool held)
{
    struct cp_part_view_input input = {
        .state = known ? known->state : CP_PLANNED,
        .wanted = delivery->known ? delivery->known->wanted : true,
        .standby = delivery->standby,
        .late = delivery->late,
        .held = held,
        .seen = known && known->seen,
        .due_us = delivery->due_us,
        .now_us = session->now_us,
    };

    return cp_part_shown(&input);
}

const char *cp_plan_state(const struct cp_session *session, const struct cp_plan_delivery *delivery)
{
    const struct cp_snapshot_delivery *known = delivery->known;
    const char *words[64];
    size_t count = known ? known->part_count : 0;
    bool held =
        session->config && cp_session_hold(session, delivery->campaign_id, delivery->post_id,
                                           delivery->occurrence, delivery->account_id);

    if (count > CP_COUNT(words))
        count = CP_COUNT(words); /* what decides the word stands at the front of a thread */
    if (!count)
        return part_word(session, delivery, NULL, held);
    for (size_t i = 0; i < count; i++)
        words[i] = part_word(session, delivery, &known->parts[i], held);
    return cp_delivery_shown(words, count);
}

const struct cp_zone *cp_plan_account_zone(const struct cp_preview *preview,
                                           const struct cp_plan_delivery *delivery)
{
    const struct cp_organisation *organisation;

    if (!delivery->campaign || !delivery->account || !delivery->account->organisation)
        return NULL;
    organisation = cp_campaign_organisation(delivery->campaign, delivery->account->organisation);
    if (!organisation || !organisation->zone ||
        strcmp(organisation->zone, delivery->campaign->zone) == 0)
        return NULL;
    return cp_zones_find(preview->zones, organisation->zone);
}

const struct cp_facts *cp_plan_facts(const struct cp_preview *preview,
                                     const struct cp_plan_delivery *delivery)
{
    return delivery->account ? &preview->facts[delivery->account_index] : NULL;
}

/* A diagnostic without the path of a post belongs to none, wherever it stands. */
const struct cp_post *cp_plan_post_of(const struct cp_preview *preview,
                                      const struct cp_diagnostic *diagnostic)
{
    const struct cp_post *best = NULL;

    if (!diagnostic->file)
        return NULL;
    for (size_t c = 0; c < preview->campaign_count; c++) {
        const struct cp_campaign *campaign = preview->campaigns[c];

        for (size_t i = 0; i < campaign->post_count; i++) {
            const struct cp_post *post = &campaign->posts[i];

            if (post->at.line <= diagnostic->line && (!best || post->at.line > best->at.line) &&
                post->at.file && strcmp(post->at.file, diagnostic->file) == 0)
                best = post;
        }
    }
    return best;
}

json_t *cp_plan_requests(const struct cp_session *session, const struct cp_preview *preview,
                         const struct cp_plan_delivery *delivery, size_t part, struct cp_error *err)
{
    const struct cp_adapter *adapter =
        delivery->account ? cp_adapters_find(session->adapters, delivery->account->adapter) : NULL;
    const struct cp_facts *facts = cp_plan_facts(preview, delivery);
    struct cp_settings settings;
    struct cp_part_view view;
    struct cp_turn turn = {
        .purpose = CP_POST,
        .part = &view,
        .part_number = (unsigned)part + 1,
        .part_total = (unsigned)delivery->part_count,
        .title = delivery->content.title,
        .wire_key = delivery->parts[part].wire_key,
        .generation = delivery->parts[part].generation,
        .due_us = delivery->due_us,
        .now_us = session->wall_us,
        .facts = facts && facts->json ? facts->json : "{}",
        .checkpoint = "{}",
    };

    if (!adapter)
        return NULL;
    cp_settings_of(delivery->account, preview->arena, &settings);
    cp_part_view_of(delivery->parts[part].content, facts, preview->arena, &view);
    return cp_adapter_requests(adapter, &settings, &turn, err);
}
