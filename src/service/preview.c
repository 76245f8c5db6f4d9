/* src/service/preview.c - see preview.h. */
#include "service/preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* ---- limits -------------------------------------------------------------------------------- */

struct cp_limits cp_limits_final(const struct cp_account *account, const struct cp_facts *facts)
{
    /* Half of the platform's own limit: people post from the account as well. */
    struct cp_limits limits = {
        .posts = facts->rate_posts > 1 ? facts->rate_posts / 2 : 150,
        .per_us = facts->rate_per_us > 0 ? facts->rate_per_us : 3 * CP_HOUR,
        .spacing_us = facts->spacing_us,
        .overdue_us = 5 * CP_MINUTE,
        .settle_us = facts->settle_us > 0 ? facts->settle_us : -1,
    };
    const struct cp_limits *written = &account->limits;

    if (written->posts >= 0 && written->per_us >= 0) {
        limits.posts = written->posts;
        limits.per_us = written->per_us;
    }
    if (written->spacing_us >= 0)
        limits.spacing_us = written->spacing_us;
    if (written->overdue_us >= 0)
        limits.overdue_us = written->overdue_us;
    if (written->settle_us >= 0)
        limits.settle_us = written->settle_us;
    return limits;
}

const char *cp_ledger_path(const struct cp_config *config, struct cp_arena *arena)
{
    return cp_arena_printf(arena, "%s/ledger.db", config->state);
}

/* ---- facts --------------------------------------------------------------------------------- */

struct fact_reader {
    struct cp_preview *preview;
    bool failed;
};

static bool take_stored(const struct cp_ledger_account *row, void *ctx)
{
    struct fact_reader *reader = ctx;
    struct cp_preview *preview = reader->preview;
    const struct cp_account *account = cp_config_account(preview->config, row->name);
    struct cp_facts facts;
    const char *json;

    if (!account || !row->facts || strcmp(row->adapter, account->adapter) != 0)
        return true;
    json = cp_arena_string(preview->arena, row->facts);
    if (json && cp_facts_parse(json, preview->arena, &facts, NULL))
        preview->facts[account - preview->config->accounts] = facts;
    return true;
}

/* What each server said of itself, from the ledger; what its adapter assumes before the first contact. */
static bool read_facts(struct cp_preview *preview, const struct cp_adapters *adapters,
                       struct cp_ledger *ledger, struct cp_error *err)
{
    struct fact_reader reader = { .preview = preview };
    size_t count = preview->config->account_count;

    preview->facts = cp_arena_array(preview->arena, count + 1, sizeof(*preview->facts));
    if (!preview->facts)
        return cp_error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct cp_adapter *adapter =
            cp_adapters_find(adapters, preview->config->accounts[i].adapter);
        const char *json = adapter && adapter->facts ? adapter->facts : "{}";

        if (!cp_facts_parse(json, preview->arena, &preview->facts[i], err))
            return false;
        preview->facts[i].assumed = true;
    }
    return !ledger || cp_ledger_accounts(ledger, take_stored, &reader, err);
}

/* ---- files --------------------------------------------------------------------------------- */

static const struct cp_adapter *look_up_adapter(const char *name, void *ctx)
{
    return cp_adapters_find(ctx, name);
}

static const char *const *name_adapters(void *ctx)
{
    return cp_adapters_names(ctx);
}

bool cp_preview_config(const struct cp_preview_options *options, struct cp_arena *arena,
                       struct cp_diagnostics *diagnostics, struct cp_config **out,
                       struct cp_error *err)
{
    struct cp_config_context context = {
        .arena = arena,
        .diagnostics = diagnostics,
        .adapter = look_up_adapter,
        .names = name_adapters,
        .ctx = (void *)options->adapters,
    };
    const char *path = cp_config_find(options->config_path, arena, err);

    *out = path ? cp_config_read(path, &context) : NULL;
    return path != NULL;
}

static bool read_campaigns(struct cp_preview *preview, const struct cp_preview_options *options)
{
    struct cp_schedule_context context = {
        .arena = preview->arena,
        .zones = preview->zones,
        .config = preview->config,
        .diagnostics = &preview->diagnostics,
    };
    const char *const *files = options->files ? options->files : preview->config->schedules;
    size_t count = options->files ? options->file_count : preview->config->schedule_count;

    preview->campaigns = cp_arena_array(preview->arena, count + 1, sizeof(struct cp_campaign *));
    if (!preview->campaigns)
        return false;
    if (!files) /* taken for "none", a lost line would take back everything that was accepted */
        cp_diagnose(&preview->diagnostics, CP_FAULT, "no-schedule",
                    (struct cp_place){ .file = preview->config->path }, "schedules",
                    "add `schedules: [FOLDER]`, or name files behind the command",
                    "the configuration does not say which schedules are read");
    for (size_t i = 0; i < count; i++) {
        struct cp_campaign *campaign = cp_schedule_read(files[i], &context);

        if (campaign)
            preview->campaigns[preview->campaign_count++] = campaign;
    }
    return true;
}

/* ---- ledger -------------------------------------------------------------------------------- */

static bool read_ledger(struct cp_preview *preview, const struct cp_preview_options *options,
                        struct cp_error *err)
{
    struct cp_ledger *ledger = options->ledger, *opened = NULL;
    struct cp_error missing = { 0 };
    bool fine;

    if (!ledger) {
        const char *path = cp_ledger_path(preview->config, preview->arena);

        opened = ledger = path ? cp_ledger_open(path, CP_LEDGER_READ, &missing) : NULL;
        if (!ledger && missing.code != CP_LEDGER_MISSING) {
            *err = missing;
            return false;
        }
    }
    preview->has_ledger = ledger != NULL;
    fine = read_facts(preview, options->adapters, ledger, err) &&
           (!ledger || cp_ledger_snapshot(ledger, &preview->snapshot, err));
    cp_ledger_close(opened);
    return fine;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void take_diagnostics(struct cp_preview *preview)
{
    const struct cp_diagnostics *from = &preview->plan->diagnostics;

    for (size_t i = 0; i < from->count; i++) {
        const struct cp_diagnostic *d = &from->items[i];
        struct cp_place place = { d->file, d->line, d->column };

        cp_diagnose(&preview->diagnostics, d->severity, d->code, place, d->path, d->hint, "%s",
                    d->message);
        if (d->source)
            cp_diagnostics_source(&preview->diagnostics, d->source, strlen(d->source));
    }
    cp_schedule_add_sources(&preview->diagnostics);
    cp_diagnostics_sort(&preview->diagnostics);
}

static bool make_plan(struct cp_preview *preview, const struct cp_preview_options *options,
                      struct cp_error *err)
{
    preview->input = (struct cp_plan_input){
        .config = preview->config,
        .campaigns = preview->campaigns,
        .campaign_count = preview->campaign_count,
        .facts = preview->facts,
        .snapshot = preview->has_ledger ? &preview->snapshot : NULL,
        .zones = preview->zones,
        .now_us = options->now_us,
        .only = options->only,
        .everything = !options->files,
    };
    preview->plan = cp_plan_make(&preview->input, err);
    if (preview->plan)
        take_diagnostics(preview);
    return preview->plan != NULL;
}

bool cp_preview_make(const struct cp_preview_options *options, struct cp_preview *out,
                     struct cp_error *err)
{
    *out = (struct cp_preview){ .arena = cp_arena_create() };
    if (!out->arena)
        return cp_error_no_memory(err);
    out->zones = cp_zones_open(err);
    if (!out->zones ||
        !cp_preview_config(options, out->arena, &out->diagnostics, &out->config, err))
        return false;
    if (!out->config)
        return true; /* its faults are in the diagnostics */
    if (!read_campaigns(out, options))
        return cp_error_no_memory(err);
    if (out->diagnostics.faults) {
        cp_diagnostics_sort(&out->diagnostics);
        return true;
    }
    return read_ledger(out, options, err) && make_plan(out, options, err);
}

void cp_preview_release(struct cp_preview *preview)
{
    cp_plan_free(preview->plan);
    cp_snapshot_release(&preview->snapshot);
    cp_diagnostics_release(&preview->diagnostics);
    cp_zones_close(preview->zones);
    cp_arena_free(preview->arena);
    *preview = (struct cp_preview){ 0 };
}
