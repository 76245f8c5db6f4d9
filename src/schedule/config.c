/* src/schedule/config.c - the configuration: top level, places, notices. */
#include "schedule/config_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/file_private.h"

struct config_draft {
    struct strings schedules;
    const char *state, *credentials;
    const struct yaml_node *accounts;
    struct cp_notify *notify;
    size_t notify_count, notify_capacity;
};

/* ---- secrets ------------------------------------------------------------------------------- */

bool refuse_secret(struct reader *reader, const struct yaml_node *key)
{
    if (!yaml_secret_word(key->text))
        return false;
    complain(reader, key, "secret",
             "take it out and make a new one; 'camp-post login ACCOUNT SERVER' keeps it in a file",
             "a secret ('%s') never stands in the configuration", key->text);
    return true;
}

bool holds_secret(const struct yaml_node *node)
{
    size_t items = node->kind == YAML_MAPPING ? 2 * (size_t)node->count : node->count;

    if (node->kind == YAML_SCALAR)
        return false;
    for (size_t i = 0; i < items; i++) {
        const struct yaml_node *item = &node->items[i];

        if (node->kind == YAML_MAPPING && i % 2 == 0 && yaml_secret_word(item->text))
            return true;
        if (holds_secret(item))
            return true;
    }
    return false;
}

/* ---- top level ----------------------------------------------------------------------------- */

static void read_path(struct reader *reader, const struct yaml_node *node, void *out)
{
    const char *text = NULL;

    read_string(reader, node, &text);
    if (text)
        *(const char **)out = file_beside(reader->arena, reader->document->name, text);
}

static void read_schedule(struct reader *reader, const struct yaml_node *node, void *out)
{
    const char *path = NULL;

    read_path(reader, node, &path);
    if (path)
        add_string(reader, out, path);
}

static void read_schedules(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct strings *schedules = out;

    read_list(reader, node, "a file or folder, or a list of them", true, read_schedule, out);
    if (!schedules->items) /* an empty list is an answer, a missing key is none */
        schedules->items = cp_arena_array(reader->arena, 1, sizeof(*schedules->items));
}

static void read_argument(struct reader *reader, const struct yaml_node *node, void *out)
{
    if (node->kind != YAML_SCALAR || yaml_type(node) == YAML_NULL)
        complain_type(reader, node, "a word of the command");
    else
        add_string(reader, out, node->text);
}

static void read_command(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_notify *notify = out;
    struct strings words = { 0 };

    if (node->kind == YAML_LIST && !node->count)
        complain(reader, node, "empty", NULL, "this command is empty");
    else
        read_list(reader, node, "a list: [program, argument, …]", false, read_argument, &words);
    notify->at = place_of(reader, node);
    if (words.count && add_string(reader, &words, NULL))
        notify->command = words.items;
}

static void read_notice(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct field fields[] = {
        { "command", read_command, 0, REQUIRED },
        { "mail", NULL, 0, LATER },
        { "url", NULL, 0, LATER },
    };
    static const struct schema schema = SCHEMA("a notice", fields);
    struct config_draft *draft = out;
    struct cp_notify notify = { 0 }, *grown;

    read_mapping(reader, node, &schema, &notify);
    grown = cp_arena_grow(reader->arena, draft->notify, draft->notify_count,
                          &draft->notify_capacity, draft->notify_count + 1, sizeof(*grown));
    if (!notify.command || !grown)
        return;
    draft->notify = grown;
    draft->notify[draft->notify_count++] = notify;
}

static void read_notices(struct reader *reader, const struct yaml_node *node, void *out)
{
    read_list(reader, node, "a list: [{command: [program, argument]}]", false, read_notice, out);
}

static const struct field fields[] = {
    { "schedules", read_schedules, offsetof(struct config_draft, schedules), OPTIONAL },
    { "state", read_path, offsetof(struct config_draft, state), OPTIONAL },
    { "credentials", read_path, offsetof(struct config_draft, credentials), OPTIONAL },
    { "accounts", read_node, offsetof(struct config_draft, accounts), OPTIONAL },
    { "notify", read_notices, 0, OPTIONAL },
    { "plugins", NULL, 0, LATER },
    { "listen", NULL, 0, LATER },
};

static void other_key(struct reader *reader, const struct yaml_node *key,
                      const struct yaml_node *value, void *out);
static const struct schema schema = { "the configuration", fields, CP_COUNT(fields), other_key };

static void other_key(struct reader *reader, const struct yaml_node *key,
                      const struct yaml_node *value, void *out)
{
    (void)value;
    (void)out;
    if (!refuse_secret(reader, key))
        complain_unknown_key(reader, key, &schema, NULL, 0);
}

/* ---- places -------------------------------------------------------------------------------- */

/* systemd names several folders with ':' between them when there are several: the first is ours. */
static const char *default_state(struct cp_arena *arena)
{
    const char *folder = getenv("STATE_DIRECTORY");

    if (folder && *folder)
        return cp_arena_copy(arena, folder, strcspn(folder, ":"));
    folder = getenv("XDG_STATE_HOME");
    if (folder && folder[0] == '/')
        return cp_arena_printf(arena, "%s/camp-post", folder);
    folder = getenv("HOME");
    return cp_arena_printf(arena, "%s/.local/state/camp-post", folder && *folder ? folder : "");
}

static void settle_places(struct config_reader *cr, const struct config_draft *draft)
{
    struct cp_config *config = cr->config;
    struct cp_arena *arena = cr->reader.arena;

    config->schedules = draft->schedules.items;
    config->schedule_count = draft->schedules.count;
    config->state = draft->state ? draft->state : default_state(arena);
    config->credentials =
        draft->credentials ? draft->credentials : file_beside(arena, config->path, "credentials");
    config->notify = draft->notify;
    config->notify_count = draft->notify_count;
}

static const char *absolute_folder(struct cp_arena *arena, const char *path)
{
    const char *folder = file_folder(arena, path);
    char *real = folder ? realpath(folder, NULL) : NULL;
    const char *kept = real ? cp_arena_string(arena, real) : folder;

    free(real);
    return kept;
}

/* ---- reading ------------------------------------------------------------------------------- */

static void read_tree(struct config_reader *cr, struct yaml_document *document)
{
    struct config_draft draft = { 0 };
    size_t before;

    cr->reader.document = document;
    read_mapping(&cr->reader, &document->root, &schema, &draft);
    settle_places(cr, &draft);
    if (draft.accounts) {
        before = enter_key(&cr->reader, "accounts");
        read_accounts(cr, draft.accounts);
        leave(&cr->reader, before);
    }
    names_release(&cr->account_was);
}

struct cp_config *cp_config_read(const char *path, const struct cp_config_context *context)
{
    struct cp_config *config = cp_arena_alloc(context->arena, sizeof(*config));
    const char *name = cp_arena_string(context->arena, path);
    struct yaml_input input = { context->arena, context->diagnostics, .private_words = true };
    size_t faults = context->diagnostics->faults;
    struct yaml_document document;
    struct config_reader cr = {
        .reader = { .arena = context->arena, .diagnostics = context->diagnostics },
        .context = context,
        .config = config,
        .account_was.arena = context->arena,
    };

    if (name && config && yaml_load(&document, name, CP_FILE_MOST, &input)) {
        config->path = name;
        cr.folder = absolute_folder(context->arena, name);
        document.hide_all = holds_secret(&document.root);
        read_tree(&cr, &document);
    }
    if (name && config)
        yaml_release(&document);
    if (context->diagnostics->faults == faults && cp_arena_failed(context->arena))
        cp_diagnose(context->diagnostics, CP_FAULT, "memory", (struct cp_place){ .file = path },
                    NULL, NULL, "out of memory");
    return context->diagnostics->faults == faults ? config : NULL;
}
