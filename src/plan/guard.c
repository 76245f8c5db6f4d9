/* src/plan/guard.c - names and places that a plan must not be built on.
 *
 * Identity is the name. A name that is there twice, a renaming whose old name is still in use, or a
 * place that suddenly carries another campaign would each bind a delivery to the wrong history:
 * posts would go out twice, or be cancelled. So all of them are faults.
 */
#include "plan/plan_private.h"

#include <string.h>

/* What a campaign, a post and an account have in common. */
struct named {
    const char *id, *was;
    struct cp_place at;
};

static void say(struct cp_builder *builder, const char *code, const struct named *item,
                const char *hint, const char *what, const char *text, const struct named *other)
{
    cp_diagnose(&builder->plan->diagnostics, CP_FAULT, code, item->at, NULL, hint,
                "%s '%s' %s: also in %s:%u:%u", what, item->id, text,
                other->at.file ? other->at.file : "-", other->at.line, other->at.column);
}

static void check_was(struct cp_builder *builder, const char *what, struct named *item,
                      const struct cp_table *ids, struct cp_table *claims)
{
    size_t size = strlen(item->was);
    const struct named *other = cp_table_find(ids, item->was, size);

    if (other == item) {
        cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "renamed-itself", item->at, NULL,
                    "leave `was` out, or name the id that it had before",
                    "%s '%s' says that it was '%s' before", what, item->id, item->was);
        return;
    }
    if (other)
        say(builder, "old-id-in-use", item, "give one of the two an id of its own", what,
            "says in `was` an id that is still in use", other);
    other = cp_table_find(claims, item->was, size);
    if (other)
        say(builder, "old-id-claimed-twice", item, "only one can be the renamed one", what,
            "says in `was` an id that another one claims, too", other);
    else
        cp_table_put(claims, item->was, size, item);
}

static void check_list(struct cp_builder *builder, const char *what, struct named *items,
                       size_t count)
{
    struct cp_table ids = { .arena = builder->scratch }, claims = { .arena = builder->scratch };

    for (size_t i = 0; i < count; i++) {
        if (!cp_table_put(&ids, items[i].id, strlen(items[i].id), &items[i]) && !ids.failed)
            say(builder, "duplicate-id", &items[i], "every id is there once", what,
                "is there twice", cp_table_find(&ids, items[i].id, strlen(items[i].id)));
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].was)
            check_was(builder, what, &items[i], &ids, &claims);
    }
    builder->failed |= ids.failed || claims.failed;
    cp_table_release(&ids);
    cp_table_release(&claims);
}

static void check_posts(struct cp_builder *builder, const struct cp_campaign *campaign)
{
    struct named *items =
        cp_arena_array(builder->scratch, campaign->post_count, sizeof(struct named));

    if (!items)
        return;
    for (size_t i = 0; i < campaign->post_count; i++) {
        const struct cp_post *post = &campaign->posts[i];

        items[i] = (struct named){ post->id, post->was, post->at };
    }
    check_list(builder, "post", items, campaign->post_count);
}

void cp_plan_check_names(struct cp_builder *builder)
{
    const struct cp_plan_input *input = builder->input;
    const struct cp_config *config = input->config;
    struct named *campaigns =
        cp_arena_array(builder->scratch, input->campaign_count, sizeof(struct named));
    struct named *accounts =
        cp_arena_array(builder->scratch, config->account_count, sizeof(struct named));

    if (!campaigns || !accounts)
        return;
    for (size_t i = 0; i < input->campaign_count; i++) {
        const struct cp_campaign *campaign = input->campaigns[i];

        campaigns[i] = (struct named){ campaign->id, campaign->was, campaign->at };
        check_posts(builder, campaign);
    }
    for (size_t i = 0; i < config->account_count; i++) {
        const struct cp_account *account = &config->accounts[i];

        accounts[i] = (struct named){ account->id, account->was, account->at };
    }
    check_list(builder, "campaign", campaigns, input->campaign_count);
    check_list(builder, "account", accounts, config->account_count);
}

static bool carried(const struct cp_campaign *campaign, const char *before)
{
    return strcmp(before, campaign->id) == 0 ||
           (campaign->was && strcmp(before, campaign->was) == 0);
}

void cp_plan_check_sources(struct cp_builder *builder)
{
    const struct cp_snapshot *snapshot = builder->input->snapshot;
    struct cp_table places = { .arena = builder->scratch };

    for (size_t i = 0; snapshot && i < snapshot->source_count; i++) {
        struct cp_snapshot_source *source = &snapshot->sources[i];

        cp_table_put(&places, source->source, strlen(source->source), source);
    }
    for (size_t i = 0; i < builder->input->campaign_count; i++) {
        const struct cp_campaign *campaign = builder->input->campaigns[i];
        const char *where = campaign->source ? campaign->source : "";
        const struct cp_snapshot_source *source = cp_table_find(&places, where, strlen(where));

        if (source && !carried(campaign, source->campaign))
            cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "other-campaign", campaign->at,
                        "campaign.id",
                        "if it was renamed, add its old id as `was` to `campaign`; "
                        "if it is another campaign, keep it at another place",
                        "'%s' had campaign '%s' when it was accepted last, and has '%s' now", where,
                        source->campaign, campaign->id);
    }
    builder->failed |= places.failed;
    cp_table_release(&places);
}
