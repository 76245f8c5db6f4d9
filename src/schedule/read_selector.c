/* src/schedule/read_selector.c - `to`: who a post is for.
 *
 * Accounts must be ours. A tag, language or adapter that no account has may be another organisation's:
 * the plan notes it.
 */
#include "schedule/read_private.h"

#include <stdio.h>
#include <string.h>

#include "text/text.h"

struct selection {
    struct cp_selector *items;
    size_t count, capacity;
    enum cp_selector_kind kind;       /* of the key that is read */
    const struct yaml_node *key_node; /* its place */
};

static void add_selector(struct reader *reader, const struct yaml_node *node,
                         struct selection *selection, struct cp_selector selector)
{
    struct cp_selector *grown =
        cp_arena_grow(reader->arena, selection->items, selection->count, &selection->capacity,
                      selection->count + 1, sizeof(*grown));

    if (!grown)
        return;
    selection->items = grown;
    selector.at = place_of(reader, node);
    selection->items[selection->count++] = selector;
}

/* ---- what a name may be -------------------------------------------------------------------- */

static bool check_account(struct campaign_reader *cr, const struct yaml_node *node)
{
    const struct cp_config *config = cr->context->config;
    const char *names[1000];
    size_t count = 0;

    if (!config || cp_config_account(config, node->text))
        return true;
    for (size_t i = 0; i < config->account_count && count < CP_COUNT(names); i++)
        names[count++] = config->accounts[i].id;
    return complain_unknown(&cr->reader, node, "unknown-account", "account", names, count);
}

static bool check_organisation(struct campaign_reader *cr, const struct yaml_node *node)
{
    const char *names[1000];
    size_t count;

    if (names_find(&cr->organisations, node->text))
        return true;
    count = list_names(cr->campaign, false, names);
    return complain_unknown(&cr->reader, node, "unknown-organisation", "organisation", names,
                            count);
}

static void read_name(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct campaign_reader *cr = (struct campaign_reader *)reader;
    struct selection *selection = out;
    struct cp_selector selector = { .kind = selection->kind };

    if (selector.kind == CP_SELECT_LANGUAGE)
        read_language(reader, node, &selector.name);
    else
        read_id(reader, node, &selector.name);
    if (!selector.name || (selector.kind == CP_SELECT_ACCOUNT && !check_account(cr, node)) ||
        (selector.kind == CP_SELECT_ORGANISATION && !check_organisation(cr, node)))
        return;
    add_selector(reader, node, selection, selector);
}

/* ---- selectors ----------------------------------------------------------------------------- */

static void read_names(struct reader *reader, const struct yaml_node *node,
                       struct selection *selection, enum cp_selector_kind kind)
{
    selection->kind = kind;
    if (node->kind == YAML_LIST && !node->count)
        complain(reader, node, "empty", NULL, "this list names nobody");
    else
        read_list(reader, node, "a name or a list of names", true, read_name, selection);
}

#define READ_KIND(function, select)                                                                \
    static void function(struct reader *reader, const struct yaml_node *node, void *out)           \
    {                                                                                              \
        read_names(reader, node, out, select);                                                     \
    }
READ_KIND(read_to_account, CP_SELECT_ACCOUNT)
READ_KIND(read_to_tag, CP_SELECT_TAG)
READ_KIND(read_to_organisation, CP_SELECT_ORGANISATION)
READ_KIND(read_to_language, CP_SELECT_LANGUAGE)
READ_KIND(read_to_adapter, CP_SELECT_ADAPTER)

static const struct field fields[] = {
    { "account", read_to_account, 0, OPTIONAL },
    { "tag", read_to_tag, 0, OPTIONAL },
    { "organisation", read_to_organisation, 0, OPTIONAL },
    { "language", read_to_language, 0, OPTIONAL },
    { "adapter", read_to_adapter, 0, OPTIONAL },
    { "room", NULL, 0, LATER },
    { "list", NULL, 0, LATER },
};
static const struct schema schema = SCHEMA("a selector", fields);

static void read_selector(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const char *const all[] = { "all" };

    if (node->kind == YAML_SCALAR && strcmp(node->text, "all") == 0)
        add_selector(reader, node, out, (struct cp_selector){ .kind = CP_SELECT_ALL });
    else if (is_text(node))
        complain_unknown(reader, node, "unknown-selector", "selector", all, CP_COUNT(all));
    else if (node->kind == YAML_MAPPING && node->count > 1)
        /* "both" or "either of them"? Nobody has to guess. */
        complain(reader, node, "selector", "for 'any of these' write a list: [{tag: a}, {tag: b}]",
                 "a selector has one key, this one has %u", node->count);
    else if (node->kind == YAML_MAPPING && !node->count)
        complain(reader, node, "selector", NULL, "this selector names nobody");
    else
        read_mapping(reader, node, &schema, out);
}

void read_selectors(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_post *post = out;
    struct selection selection = { 0 };

    if (node->kind == YAML_LIST && !node->count)
        complain(reader, node, "empty", "leave 'to' out for every account",
                 "this list names nobody");
    else
        read_list(reader, node, "'all', a selector, or a list of selectors", true, read_selector,
                  &selection);
    post->to = selection.items;
    post->to_count = selection.count;
}
