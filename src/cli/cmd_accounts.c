/* src/cli/cmd_accounts.c - `accounts`: which accounts are ours, and who we are there. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_private.h"

struct report {
    struct cp_session *session;
    struct cp_facts *facts;
    const char **remote_ids; /* of each account; NULL: not bound yet */
    struct cp_table *table;  /* NULL: JSON is wanted */
    json_t *accounts;
};

static bool take_known(const struct cp_ledger_account *row, void *ctx)
{
    struct report *report = ctx;
    struct cp_session *session = report->session;
    const struct cp_account *account = cp_config_account(session->config, row->name);
    struct cp_facts facts;
    size_t index;

    if (!account || strcmp(account->adapter, row->adapter) != 0)
        return true;
    index = (size_t)(account - session->config->accounts);
    report->remote_ids[index] = cp_arena_string(session->arena, row->remote_id);
    if (row->facts &&
        cp_facts_parse(cp_arena_string(session->arena, row->facts), session->arena, &facts, NULL))
        report->facts[index] = facts;
    return true;
}

static bool gather(struct report *report, struct cp_error *err)
{
    struct cp_session *session = report->session;
    size_t count = session->config->account_count;

    report->facts = cp_arena_array(session->arena, count + 1, sizeof(*report->facts));
    report->remote_ids = cp_arena_array(session->arena, count + 1, sizeof(*report->remote_ids));
    if (!report->facts || !report->remote_ids)
        return cp_error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct cp_adapter *adapter =
            cp_adapters_find(session->adapters, session->config->accounts[i].adapter);

        if (!cp_facts_parse(adapter && adapter->facts ? adapter->facts : "{}", session->arena,
                            &report->facts[i], err))
            return false;
        report->facts[i].assumed = true;
    }
    return !session->ledger || cp_ledger_accounts(session->ledger, take_known, report, err);
}

/* "ok", "none needed", or why there is none. */
static const char *credential_of(const struct report *report, const struct cp_account *account,
                                 bool *fine)
{
    const struct cp_adapter *adapter =
        cp_adapters_find(report->session->adapters, account->adapter);
    struct cp_credential *credential;
    struct cp_error err = { 0 };

    *fine = true;
    if (!account->credential && adapter && !adapter->needs_credential)
        return "none needed";
    *fine = false;
    if (!account->credential)
        return cp_arena_printf(report->session->arena, "none: run `camp-post login %s`",
                               account->id);
    credential =
        cp_credential_read(report->session->config->credentials, account->credential, &err);
    *fine = credential != NULL;
    cp_credential_free(credential);
    return *fine ? "ok" : cp_arena_string(report->session->arena, err.message);
}

static const char *joined(struct cp_arena *arena, const char **words, size_t count)
{
    const char *out = "";

    for (size_t i = 0; i < count && out; i++)
        out = cp_arena_printf(arena, "%s%s%s", out, i ? " " : "", words[i]);
    return out;
}

static json_t *words_of(const char **words, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, cp_text_json(words[i]));
    return list;
}

static const struct cp_ledger_hold *hold_of(const struct report *report, const char *account)
{
    const struct cp_session *session = report->session;

    for (size_t i = 0; i < session->hold_count; i++) {
        const struct cp_scope *scope = &session->holds[i].scope;

        if (scope->kind == CP_SCOPE_ALL ||
            (scope->kind == CP_SCOPE_ACCOUNT && strcmp(scope->words[0], account) == 0))
            return &session->holds[i];
    }
    return NULL;
}

static void add_json(struct report *report, size_t index, const char *credential, bool fine)
{
    const struct cp_account *account = &report->session->config->accounts[index];
    const struct cp_facts *facts = &report->facts[index];
    const struct cp_ledger_hold *hold = hold_of(report, account->id);

    json_array_append_new(
        report->accounts,
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:b, s:o}",
                  "account", account->id, "adapter", account->adapter, "server",
                  cp_text_json(account->server), "directory", cp_text_json(account->directory),
                  "organisation", cp_text_json(account->organisation), "languages",
                  words_of(account->languages, account->language_count), "tags",
                  words_of(account->tags, account->tag_count), "remote_id",
                  cp_text_json(report->remote_ids[index]), "guarantee",
                  cp_guarantee_name(facts->guarantee), "assumed", facts->assumed, "software",
                  cp_text_json(facts->software), "credential", cp_text_json(credential),
                  "credential_ok", fine, "held", hold ? cp_text_json(hold->reason) : json_null()));
}

static void add_row(struct report *report, size_t index, const char *credential, bool fine)
{
    const struct cp_style *style = cp_style_of(stdout);
    const struct cp_account *account = &report->session->config->accounts[index];
    const struct cp_facts *facts = &report->facts[index];
    const struct cp_ledger_hold *hold = hold_of(report, account->id);
    struct cp_arena *arena = report->session->arena;

    cp_table_add(report->table, account->id, NULL);
    cp_table_add(report->table, account->adapter, NULL);
    cp_table_add(report->table, account->server ? account->server : account->directory, NULL);
    cp_table_add(report->table, account->organisation, NULL);
    cp_table_add(report->table, joined(arena, account->languages, account->language_count), NULL);
    cp_table_add(report->table, joined(arena, account->tags, account->tag_count), NULL);
    cp_table_addf(report->table, "%s%s", cp_guarantee_name(facts->guarantee),
                  facts->assumed ? " (assumed)" : "");
    cp_table_add(report->table, credential, fine ? style->green : style->red);
    cp_table_add(report->table,
                 report->remote_ids[index] ? report->remote_ids[index] : "not asked yet", NULL);
    cp_table_add(report->table, hold ? hold->reason : "", style->yellow);
}

static int print(struct report *report)
{
    const struct cp_config *config = report->session->config;

    for (size_t i = 0; i < config->account_count; i++) {
        bool fine;
        const char *credential = credential_of(report, &config->accounts[i], &fine);

        if (report->table)
            add_row(report, i, credential, fine);
        else
            add_json(report, i, credential, fine);
    }
    if (!report->table)
        return cp_print_json(json_pack("{s:i, s:O}", "format", 1, "accounts", report->accounts))
                   ? CP_EXIT_FINE
                   : CP_EXIT_ENVIRONMENT;
    if (!config->account_count)
        puts("There is no account yet: `camp-post login NAME https://SERVER` adds one.");
    else if (!cp_table_print(report->table, stdout))
        return CP_EXIT_ENVIRONMENT;
    return CP_EXIT_FINE;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    static const char *const heads[] = { "Account",   "Adapter", "Where",     "Organisation",
                                         "Languages", "Tags",    "Guarantee", "Credential",
                                         "We are",    "Held",    NULL };
    struct cp_session session;
    struct report report = { .session = &session };
    struct cp_error err = { 0 };
    int code = cp_session_begin(arguments, &session);

    (void)command;
    if (code)
        return code;
    if (arguments->json)
        report.accounts = json_array();
    else
        report.table = cp_table_create(heads);
    code = gather(&report, &err) ? print(&report) : cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    json_decref(report.accounts);
    cp_table_free(report.table);
    cp_session_close(&session);
    return code;
}

const struct cp_command cp_cmd_accounts = {
    .name = "accounts",
    .words = "",
    .doc = "Shows the accounts: where, who we are there, what holds them",
    .run = run,
};
