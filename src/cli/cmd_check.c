/* src/cli/cmd_check.c - `check`: what is wrong in the files; with --online also what the servers say. */
#include <string.h>

#include "cli/cli_private.h"

static const struct argp_option options[] = {
    { "online", CP_KEY_ONLINE, NULL, 0,
      "Ask each account's server who we are, what its limits are, whether the token is good", 0 },
    { 0 }
};

/* ---- the servers --------------------------------------------------------------------------- */

/* What one account's server said. */
struct finding {
    const char *account, *who, *problem;
    struct cp_facts facts;
    char limits[CP_LOCAL_SIZE];
};

struct online {
    struct cp_session *session;
    const struct cp_preview *preview;
    struct cp_inquiries inquiries;
    struct finding *findings;
    size_t count;
    bool trouble;
};

/* What the ledger knows of the account. */
struct known {
    struct cp_session *session;
    const char *name, *remote_id;
    uint32_t number;
    size_t bound;
};

static bool find_row(const struct cp_ledger_account *row, void *ctx)
{
    struct known *known = ctx;

    if (strcmp(row->name, known->name) != 0)
        return true;
    known->number = row->number;
    known->remote_id = cp_arena_string(known->session->arena, row->remote_id);
    return false;
}

static struct known look_up(struct cp_session *session, const char *name)
{
    struct known known = { .session = session, .name = name };

    if (session->ledger && cp_ledger_accounts(session->ledger, find_row, &known, NULL) &&
        known.number && !cp_ledger_bound_count(session->ledger, known.number, &known.bound, NULL))
        known.bound = 0;
    return known;
}

static bool trouble(struct finding *finding, struct cp_arena *arena, const char *what,
                    const char *why)
{
    finding->problem = cp_arena_printf(arena, "%s: %s", what, why ? why : "no reason was given");
    return false;
}

static const char *trouble_of(enum cp_verdict_kind kind)
{
    switch (kind) {
    case CP_VERDICT_REAUTHENTICATE:
        return "the token is not good any more";
    case CP_VERDICT_MISCONFIGURED:
        return "the configuration has to be changed";
    case CP_VERDICT_RETRY:
    case CP_VERDICT_UNKNOWN:
        return "the server does not answer as it should";
    default:
        return "the server refuses us";
    }
}

static bool ask_who(struct online *online, const struct cp_inquiry *base, const struct known *known,
                    struct finding *finding)
{
    struct cp_arena *arena = online->session->arena;
    struct cp_inquiry inquiry = *base;
    struct cp_error err = { 0 };
    struct cp_verdict verdict;

    finding->who = base->account->id;
    if (!base->adapter->turns[CP_WHO_AM_I])
        return true;
    inquiry.purpose = CP_WHO_AM_I;
    if (!cp_inquire(&online->inquiries, &inquiry, &verdict, &err))
        return trouble(finding, arena, "it can't be asked", err.message);
    if (verdict.kind != CP_VERDICT_ACCEPTED)
        return trouble(finding, arena, trouble_of(verdict.kind),
                       verdict.kind == CP_VERDICT_REAUTHENTICATE
                           ? cp_arena_printf(arena, "run `camp-post login %s`", base->account->id)
                           : verdict.reason);
    finding->who = verdict.name ? verdict.name : verdict.remote_id;
    if (known->remote_id && verdict.remote_id && strcmp(known->remote_id, verdict.remote_id) != 0)
        return trouble(finding, arena, "this is another account than before",
                       "the ledger knows it under another id; give a new account a new name");
    return true;
}

static bool ask_facts(struct online *online, const struct cp_inquiry *base, struct finding *finding)
{
    struct cp_arena *arena = online->session->arena;
    struct cp_inquiry inquiry = *base;
    struct cp_error err = { 0 };
    struct cp_verdict verdict;

    if (!base->adapter->turns[CP_FACTS])
        return true;
    inquiry.purpose = CP_FACTS;
    if (!cp_inquire(&online->inquiries, &inquiry, &verdict, &err))
        return trouble(finding, arena, "its limits can't be read", err.message);
    if (verdict.kind != CP_VERDICT_ACCEPTED || !verdict.facts)
        return trouble(finding, arena, "its limits can't be read", verdict.reason);
    if (!cp_facts_parse(verdict.facts, arena, &finding->facts, &err))
        return trouble(finding, arena, "its limits can't be read", err.message);
    return true;
}

static bool ask(struct online *online, size_t index, struct finding *finding)
{
    struct cp_session *session = online->session;
    const struct cp_account *account = &session->config->accounts[index];
    struct known known = look_up(session, account->id);
    struct cp_inquiry base = { .adapter = cp_adapters_find(session->adapters, account->adapter),
                               .account = account,
                               .account_id = known.remote_id,
                               .taken_count = known.bound,
                               .facts = finding->facts.json };
    struct cp_credential *credential = NULL;
    struct cp_error err = { 0 };
    bool fine;

    if (!base.adapter)
        return trouble(finding, session->arena, "its adapter is not there", account->adapter);
    if (base.adapter->needs_credential && !account->credential)
        return trouble(finding, session->arena, "it has no credential",
                       cp_arena_printf(session->arena, "run `camp-post login %s`", account->id));
    if (account->credential)
        credential = cp_credential_read(session->config->credentials, account->credential, &err);
    if (account->credential && !credential)
        return trouble(finding, session->arena, "no token", err.message);
    base.credential = credential;
    fine = ask_who(online, &base, &known, finding) && ask_facts(online, &base, finding);
    cp_credential_free(credential);
    return fine;
}

/* ---- reporting ----------------------------------------------------------------------------- */

static void describe_limits(struct finding *finding)
{
    size_t used = 0;

    for (size_t i = 0; i < finding->facts.limit_count && used < sizeof(finding->limits); i++)
        used +=
            (size_t)snprintf(finding->limits + used, sizeof(finding->limits) - used, "%s%llu %s",
                             i ? ", " : "", (unsigned long long)finding->facts.limits[i].max,
                             cp_text_unit_name(finding->facts.limits[i].unit));
}

static json_t *finding_of(const struct finding *finding)
{
    json_t *limits = json_array();

    for (size_t i = 0; i < finding->facts.limit_count; i++)
        json_array_append_new(limits, json_pack("{s:s, s:I}", "unit",
                                                cp_text_unit_name(finding->facts.limits[i].unit),
                                                "max", (json_int_t)finding->facts.limits[i].max));
    return json_pack("{s:s, s:b, s:o, s:o, s:s, s:b, s:o, s:o}", "account", finding->account, "ok",
                     finding->problem == NULL, "who", cp_text_json(finding->who), "software",
                     cp_text_json(finding->facts.software), "guarantee",
                     cp_guarantee_name(finding->facts.guarantee), "assumed", finding->facts.assumed,
                     "limits", limits, "problem", cp_text_json(finding->problem));
}

static bool print_findings(const struct online *online)
{
    static const char *const heads[] = { "Account",   "Who",   "Server", "Limit",
                                         "Guarantee", "Token", NULL };
    const struct cp_style *style = cp_style_of(stdout);
    struct cp_table *table = cp_table_create(heads);
    bool done;

    for (size_t i = 0; i < online->count; i++) {
        const struct finding *finding = &online->findings[i];

        cp_table_add(table, finding->account, NULL);
        cp_table_add(table, finding->who, NULL);
        cp_table_add(table, finding->facts.software, NULL);
        cp_table_add(table, finding->limits, NULL);
        cp_table_addf(table, "%s%s", cp_guarantee_name(finding->facts.guarantee),
                      finding->facts.assumed ? " (assumed)" : "");
        cp_table_add(table, finding->problem ? finding->problem : "ok",
                     finding->problem ? style->red : style->green);
    }
    done = cp_table_print(table, stdout);
    cp_table_free(table);
    return done;
}

static int report(const struct online *online, const struct cp_arguments *arguments)
{
    json_t *json, *accounts;
    bool done;

    if (!arguments->json) {
        done = print_findings(online);
        for (size_t i = 0; i < online->count; i++)
            if (online->findings[i].problem)
                cp_fail(0, "account '%s': %s", online->findings[i].account,
                        online->findings[i].problem);
    } else {
        json = cp_json_check(&online->preview->diagnostics);
        accounts = json_array();
        for (size_t i = 0; i < online->count; i++)
            json_array_append_new(accounts, finding_of(&online->findings[i]));
        json_object_set_new(json, "accounts", accounts);
        done = cp_print_json(json);
    }
    return done && !online->trouble ? CP_EXIT_FINE : CP_EXIT_ENVIRONMENT;
}

static int check_online(struct cp_session *session, const struct cp_preview *preview,
                        const struct cp_arguments *arguments)
{
    struct online online = { .session = session, .preview = preview };
    struct cp_error err = { 0 };
    int code;

    online.count = session->config->account_count;
    online.findings = cp_arena_array(session->arena, online.count + 1, sizeof(*online.findings));
    if (!online.findings || !cp_inquiries_open(&online.inquiries, session->arena, &err)) {
        cp_inquiries_close(&online.inquiries);
        return cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    }
    for (size_t i = 0; i < online.count; i++) {
        struct finding *finding = &online.findings[i];

        finding->account = session->config->accounts[i].id;
        finding->facts = preview->facts[i];
        online.trouble |= !ask(&online, i, finding);
        describe_limits(finding);
    }
    code = report(&online, arguments);
    cp_inquiries_close(&online.inquiries);
    return code;
}

/* ---- the files ----------------------------------------------------------------------------- */

static void say_counts(const struct cp_diagnostics *list)
{
    if (!list->faults && !list->warnings)
        puts("The files are fine.");
    else
        printf("%zu error%s, %zu warning%s.\n", list->faults, list->faults == 1 ? "" : "s",
               list->warnings, list->warnings == 1 ? "" : "s");
}

/* Complaints go to standard error, as a compiler's do; notes are part of the report. */
static void print_by_severity(const struct cp_diagnostics *list, struct cp_arena *arena, bool notes)
{
    FILE *out = notes ? stdout : stderr;
    struct cp_diagnostics some = { 0 };

    some.items = cp_arena_array(arena, list->count + 1, sizeof(*some.items));
    for (size_t i = 0; some.items && i < list->count; i++)
        if ((list->items[i].severity == CP_NOTE) == notes)
            some.items[some.count++] = list->items[i];
    some.dropped = notes ? 0 : list->dropped;
    cp_diagnostics_print(&some, *cp_style_of(out)->off, out);
}

static int check(struct cp_session *session, const struct cp_preview *preview,
                 const struct cp_arguments *arguments)
{
    const struct cp_diagnostics *list = &preview->diagnostics;
    bool go_online = arguments->online && !list->faults && session->config;

    if (!arguments->json) {
        print_by_severity(list, session->arena, false);
        print_by_severity(list, session->arena, true);
        say_counts(list);
    } else if (!go_online && !cp_print_json(cp_json_check(list))) {
        return CP_EXIT_ENVIRONMENT;
    }
    if (list->faults)
        return CP_EXIT_SCHEDULE;
    return go_online ? check_online(session, preview, arguments) : CP_EXIT_FINE;
}

static void drop(struct cp_diagnostics *list, const char *code, enum cp_severity severity)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct cp_diagnostic *entry = &list->items[i];

        if (strcmp(entry->code, code) == 0 && entry->severity == severity)
            list->warnings -= severity == CP_WARNING;
        else
            list->items[kept++] = *entry;
    }
    list->count = kept;
}

static int run(const struct cp_command *command, const struct cp_arguments *arguments)
{
    struct cp_session session;
    struct cp_preview preview;
    int code = cp_session_look(arguments, &session, &preview);

    (void)command;
    if (!code) {
        /* No fault of the files, but of the moment at which they are accepted: `plan` shows it. */
        drop(&preview.diagnostics, "late", CP_WARNING);
        if (arguments->online) /* the server is asked in a moment */
            drop(&preview.diagnostics, "limits-assumed", CP_NOTE);
        code = check(&session, &preview, arguments);
    }
    cp_preview_release(&preview);
    cp_session_close(&session);
    return code;
}

const struct cp_command cp_cmd_check = {
    .name = "check",
    .words = "[FILE...]",
    .doc = "Says what is wrong in the files; --online asks the servers\v"
           "FILE: schedules, instead of those that the configuration names.",
    .options = options,
    .most = SIZE_MAX,
    .run = run,
};
