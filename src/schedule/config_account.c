/* src/schedule/config_account.c - accounts: what every account has. */
#include "schedule/config_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MOST = 64 };

struct account_draft {
    struct cp_account account;
    struct strings languages, tags;
    const struct yaml_node *adapter;
    struct setting settings[SETTINGS_MOST];
    size_t setting_count;
};

/* ---- limits -------------------------------------------------------------------------------- */

/* "150/3h": a number of posts, and the time that it is for. */
static void read_posts_limit(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_limits *limits = out;
    struct cp_span span;
    struct cp_error err = { 0 };
    char cut[EXCERPT_SIZE];
    long posts;
    char *end;

    if (!is_text(node)) {
        complain_type(reader, node, "text like 150/3h");
        return;
    }
    posts = strtol(node->text, &end, 10);
    if (node->text[0] < '0' || node->text[0] > '9' || *end != '/' || posts < 1 || posts > 1000000) {
        complain(reader, node, "limit", "a number of posts and a span, as in 150/3h",
                 "'%s' is not a number of posts in a span", excerpt(node->text, cut));
    } else if (!cp_span_parse(end + 1, &span, &err)) {
        complain(reader, node, "limit", NULL, "%s", err.message);
    } else if (cp_span_us(span) <= 0) {
        complain(reader, node, "limit", NULL, "the span must be more than 0");
    } else {
        limits->posts = posts;
        limits->per_us = cp_span_us(span);
    }
}

static void read_span_limit(struct reader *reader, const struct yaml_node *node, void *out)
{
    int64_t us;

    if (read_length(reader, node, false, &us))
        *(int64_t *)out = us;
}

/* Servers that answer at once need no seconds: 200ms is a span here. */
static void read_settle(struct reader *reader, const struct yaml_node *node, void *out)
{
    int64_t us;

    if (read_length(reader, node, true, &us))
        *(int64_t *)out = us;
}

static void read_limits(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct field fields[] = {
        { "posts", read_posts_limit, 0, OPTIONAL },
        { "spacing", read_span_limit, offsetof(struct cp_limits, spacing_us), OPTIONAL },
        { "overdue", read_span_limit, offsetof(struct cp_limits, overdue_us), OPTIONAL },
        { "settle", read_settle, offsetof(struct cp_limits, settle_us), OPTIONAL },
    };
    static const struct schema schema = SCHEMA("limits", fields);

    read_mapping(reader, node, &schema, out);
}

/* ---- accounts ------------------------------------------------------------------------------ */

static void keep_setting(struct reader *reader, const struct yaml_node *key,
                         const struct yaml_node *value, void *out)
{
    struct account_draft *draft = out;

    if (refuse_secret(reader, key))
        return;
    if (draft->setting_count == SETTINGS_MOST)
        complain(reader, key, "unknown-key", NULL, "an account has at most %d settings",
                 SETTINGS_MOST);
    else
        draft->settings[draft->setting_count++] = (struct setting){ key, value };
}

#define ACCOUNT(member) offsetof(struct account_draft, account.member)

static const struct field account_fields[] = {
    { "adapter", read_node, offsetof(struct account_draft, adapter), REQUIRED },
    { "organisation", read_id, ACCOUNT(organisation), OPTIONAL },
    { "languages", read_languages, offsetof(struct account_draft, languages), REQUIRED },
    { "tags", read_tags, offsetof(struct account_draft, tags), OPTIONAL },
    { "credential", read_id, ACCOUNT(credential), OPTIONAL },
    { "was", read_id, ACCOUNT(was), OPTIONAL },
    { "limits", read_limits, ACCOUNT(limits), OPTIONAL },
};
const struct schema account_schema = { "an account", account_fields, CP_COUNT(account_fields),
                                       keep_setting };

static const struct cp_adapter *find_adapter(struct config_reader *cr, const struct yaml_node *node,
                                             const char **out_name)
{
    const struct cp_config_context *context = cr->context;
    const struct cp_adapter *adapter;
    const char *const *names;
    size_t before = enter_key(&cr->reader, "adapter"), count = 0;

    read_id(&cr->reader, node, out_name);
    adapter = *out_name && context->adapter ? context->adapter(*out_name, context->ctx) : NULL;
    if (*out_name && context->adapter && !adapter) {
        names = context->names ? context->names(context->ctx) : NULL;
        while (names && names[count])
            count++;
        complain_unknown(&cr->reader, node, "unknown-adapter", "adapter", names, count);
    }
    leave(&cr->reader, before);
    return adapter;
}

static void finish_account(struct config_reader *cr, const struct yaml_node *node,
                           struct account_draft *draft)
{
    struct cp_account *account = &draft->account;
    const struct cp_adapter *adapter = NULL;

    account->languages = draft->languages.items;
    account->language_count = draft->languages.count;
    account->tags = draft->tags.items;
    account->tag_count = draft->tags.count;
    if (draft->adapter)
        adapter = find_adapter(cr, draft->adapter, &account->adapter);
    if (adapter)
        read_options(cr, node, adapter, draft->settings, draft->setting_count, account);
    else if (!cr->context->adapter)
        take_options(cr, draft->settings, draft->setting_count, account);
    /* `login` names the file after the account unless it is told otherwise. */
    if (adapter && adapter->needs_credential && !account->credential)
        account->credential = account->id;
}

static void read_account(struct config_reader *cr, const struct yaml_node *key,
                         struct cp_account *out)
{
    struct account_draft draft = { .account = { .at = place_of(&cr->reader, key),
                                                .limits = { -1, -1, -1, -1, -1 } } };

    read_id(&cr->reader, key, &draft.account.id);
    read_mapping(&cr->reader, key + 1, &account_schema, &draft);
    if (key[1].kind == YAML_MAPPING)
        finish_account(cr, key + 1, &draft);
    *out = draft.account;
}

/* An old id is claimed by one account, and no account still has it. */
static void check_was(struct config_reader *cr, const struct yaml_node *accounts)
{
    for (size_t i = 0; i < accounts->count; i++) {
        const struct yaml_node *was = yaml_get(&accounts->items[2 * i + 1], "was");
        char words[200];
        struct name *name;
        bool fresh;

        if (!was || !is_text(was))
            continue;
        name = names_add(&cr->account_was, was->text, &fresh);
        if (yaml_get(accounts, was->text))
            complain(&cr->reader, was, "was", "a renamed account leaves its old id behind",
                     "the old id '%s' still is an account's id", was->text);
        else if (name && !fresh)
            complain(&cr->reader, was, "was", "give each its own",
                     "the old id '%s' is here twice: %s", was->text,
                     tell_first(&cr->reader, name->at, words));
        if (name && fresh)
            name->at = place_of(&cr->reader, was);
    }
}

void read_accounts(struct config_reader *cr, const struct yaml_node *node)
{
    struct cp_config *config = cr->config;
    size_t before;

    /* `accounts:` with nothing behind it is what a new configuration may look like. */
    if (node->kind == YAML_SCALAR && yaml_type(node) == YAML_NULL)
        return;
    if (node->kind != YAML_MAPPING) {
        complain_type(&cr->reader, node, "a mapping of ids to accounts");
        return;
    }
    config->accounts = cp_arena_array(cr->reader.arena, node->count, sizeof(*config->accounts));
    if (!config->accounts)
        return;
    for (size_t i = 0; i < node->count; i++) {
        before = enter_key(&cr->reader, node->items[2 * i].text);
        read_account(cr, &node->items[2 * i], &config->accounts[config->account_count++]);
        leave(&cr->reader, before);
    }
    check_was(cr, node);
}
