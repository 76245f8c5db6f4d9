/* src/service/account_config.c - accounts come and go with the configuration.
 *
 * An account whose settings have not changed goes on as it is; one that has changed is made anew, and errands
 * that are under way finish with the version they began with.
 */
#include "service/service_private.h"

#include <stdlib.h>
#include <string.h>

bool account_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- copies -------------------------------------------------------------------------------- */

static struct account *find_by_name(struct account *list, const char *name)
{
    for (struct account *account = list; account; account = account->next)
        if (strcmp(account->config.id, name) == 0)
            return account;
    return NULL;
}

static void copy_config(struct account *account, const struct cp_account *from)
{
    struct cp_arena *arena = account->arena;
    struct cp_account *to = &account->config;

    to->id = cp_arena_string(arena, from->id);
    to->organisation = cp_arena_string(arena, from->organisation);
    to->adapter = cp_arena_string(arena, from->adapter);
    to->server = cp_arena_string(arena, from->server);
    to->directory = cp_arena_string(arena, from->directory);
    to->credential = cp_arena_string(arena, from->credential);
    to->limits = from->limits;
    to->option_count = from->option_count;
    to->options = cp_arena_array(arena, from->option_count + 1, sizeof(*to->options));
    for (size_t i = 0; to->options && i < from->option_count; i++) {
        to->options[i].name = cp_arena_string(arena, from->options[i].name);
        to->options[i].value = cp_arena_string(arena, from->options[i].value);
    }
}

static bool same_config(const struct cp_account *a, const struct cp_account *b)
{
    if (!account_same_text(a->organisation, b->organisation) ||
        !account_same_text(a->adapter, b->adapter) || !account_same_text(a->server, b->server) ||
        !account_same_text(a->directory, b->directory) ||
        !account_same_text(a->credential, b->credential) || a->option_count != b->option_count ||
        memcmp(&a->limits, &b->limits, sizeof(a->limits)) != 0)
        return false;
    for (size_t i = 0; i < a->option_count; i++)
        if (!account_same_text(a->options[i].name, b->options[i].name) ||
            !account_same_text(a->options[i].value, b->options[i].value))
            return false;
    return true;
}

/* ---- the configuration --------------------------------------------------------------------- */

static uint32_t server_number(const struct service *service, const struct account *account)
{
    const char *place = account->config.server ? account->config.server : account->config.directory;

    for (const struct account *other = service->accounts; other; other = other->next) {
        const char *its = other->config.server ? other->config.server : other->config.directory;

        if (other != account && account_same_text(its, place) && other->server)
            return other->server;
    }
    return account->number; /* account numbers are unique: so are those of their servers */
}

struct stored {
    struct account *account;
    bool found;
};

static bool load_stored(const struct cp_ledger_account *row, void *ctx)
{
    struct stored *stored = ctx;
    struct account *account = stored->account;

    if (row->number != account->number)
        return true;
    account->remote_id = cp_arena_string(account->arena, row->remote_id);
    if (row->facts)
        account_take_facts(account, row->facts);
    stored->found = true;
    return false;
}

static struct account *new_account(struct service *service, const struct cp_account *config,
                                   uint32_t number, struct cp_error *err)
{
    struct account *account = calloc(1, sizeof(*account));
    struct stored stored = { .account = account };

    if (account)
        account->arena = cp_arena_create();
    if (!account || !account->arena) {
        free(account);
        cp_error_no_memory(err);
        return NULL;
    }
    account->refs = 1;
    copy_config(account, config);
    account->adapter = cp_adapters_find(service->options.adapters, config->adapter);
    cp_settings_of(&account->config, account->arena, &account->settings);
    account->number = number;
    if (!account->adapter ||
        (!number && !cp_ledger_account(service->ledger, config, &account->number, err)) ||
        !cp_facts_parse(account->adapter->facts ? account->adapter->facts : "{}", account->arena,
                        &account->facts, err)) {
        account_release(account);
        return NULL;
    }
    account->facts.assumed = true;
    account->facts_json = account->facts.json;
    if (!cp_ledger_accounts(service->ledger, load_stored, &stored, err)) {
        account_release(account);
        return NULL;
    }
    return account;
}

static void drop(struct service *service, struct account *account)
{
    struct cp_engine_event event = { .kind = CP_EV_ACCOUNT_GONE, .number = account->number };

    service_tell(service, &event);
    cp_errand_free(account->errand);
    account->errand = NULL;
    account_release(account);
}

/* Takes the account over where nothing of it has changed, else makes it anew. */
static bool take_account(struct service *service, struct account **old,
                         const struct cp_account *config, uint32_t number, struct cp_error *err)
{
    struct account *account = find_by_name(*old, config->id);
    bool is_new = !account || !same_config(&account->config, config);

    if (!is_new) {
        struct account **link = old;

        while (*link != account)
            link = &(*link)->next;
        *link = account->next;
    } else {
        account = new_account(service, config, number, err);
        if (!account)
            return false;
    }
    account->next = service->accounts;
    service->accounts = account;
    if (is_new) {
        account->server = server_number(service, account);
        account_tell(service, account);
    }
    return true;
}

bool accounts_apply(struct service *service, const struct cp_config *config,
                    const uint32_t *numbers, struct cp_error *err)
{
    struct account *old = service->accounts;
    bool fine = true;

    service->accounts = NULL;
    for (size_t i = 0; fine && i < config->account_count; i++)
        fine = take_account(service, &old, &config->accounts[i], numbers ? numbers[i] : 0, err);
    while (old) {
        struct account *account = old;

        old = account->next;
        if (find_by_name(service->accounts, account->config.id)) {
            cp_errand_free(account->errand); /* replaced by its new version */
            account->errand = NULL;
            account_release(account);
        } else {
            drop(service, account);
        }
    }
    return fine;
}

void accounts_release(struct service *service)
{
    while (service->accounts) {
        struct account *account = service->accounts;

        service->accounts = account->next;
        cp_errand_free(account->errand);
        account->errand = NULL;
        account_release(account);
    }
}
