/* src/cli/session.c - what reading commands start from. Nothing here writes, locks or asks a network. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_private.h"

/* ---- configuration ------------------------------------------------------------------------- */

static const struct cp_adapter *look_up_adapter(const char *name, void *ctx)
{
    return cp_adapters_find(ctx, name);
}

static const char *const *name_adapters(void *ctx)
{
    return cp_adapters_names(ctx);
}

static bool read_config(struct cp_session *session, const char *given, struct cp_error *err)
{
    struct cp_config_context context = {
        .arena = session->arena,
        .diagnostics = &session->diagnostics,
        .adapter = look_up_adapter,
        .names = name_adapters,
        .ctx = session->adapters,
    };
    const char *path = cp_config_find(given, session->arena, err);

    if (!path)
        return false;
    session->config = cp_config_read(path, &context);
    return true;
}

/* ---- ledger -------------------------------------------------------------------------------- */

static bool take_hold(const struct cp_ledger_hold *hold, void *ctx)
{
    struct cp_session *session = ctx;
    struct cp_ledger_hold *copy;

    session->holds = cp_arena_grow(session->arena, session->holds, session->hold_count,
                                   &session->hold_capacity, session->hold_count + 1, sizeof(*copy));
    if (!session->holds)
        return false;
    copy = &session->holds[session->hold_count++];
    *copy = *hold;
    copy->reason = cp_arena_string(session->arena, hold->reason);
    copy->by = cp_arena_string(session->arena, hold->by);
    return true;
}

static bool open_ledger(struct cp_session *session, struct cp_error *err)
{
    const char *path = cp_ledger_path(session->config, session->arena);
    const char *file = cp_arena_printf(session->arena, "%s/HOLD", session->config->state);
    struct cp_error problem = { 0 };

    if (!path || !file)
        return cp_error_no_memory(err);
    session->hold_file = access(file, F_OK) == 0;
    session->ledger = cp_ledger_open(path, CP_LEDGER_READ, &problem);
    if (!session->ledger && problem.code == CP_LEDGER_MISSING)
        return true;
    if (!session->ledger) {
        *err = problem;
        return false;
    }
    return cp_ledger_holds(session->ledger, take_hold, session, err);
}

/* In a ledger of a rehearsal time stands where the rehearsal is. */
static bool read_clocks(struct cp_session *session, struct cp_error *err)
{
    struct cp_now now = cp_clock_now(&cp_clock_system);
    char *value = NULL;

    session->wall_us = now.wall_us;
    session->now_us = now.plan_us;
    if (!session->ledger)
        return true;
    if (!cp_ledger_meta(session->ledger, "fast_forward", &value, err))
        return false;
    if (value)
        session->now_us = strtoll(value, NULL, 10);
    free(value);
    return true;
}

/* ---- life ---------------------------------------------------------------------------------- */

bool cp_session_open(const struct cp_arguments *arguments, struct cp_session *out,
                     struct cp_error *err)
{
    *out = (struct cp_session){ .arena = cp_arena_create() };
    if (!out->arena)
        return cp_error_no_memory(err);
    out->zones = cp_zones_open(err);
    out->adapters = out->zones ? cp_adapters_load(NULL, err) : NULL;
    if (!out->adapters || !read_config(out, arguments->config, err))
        return false;
    if (out->config && !open_ledger(out, err))
        return false;
    return read_clocks(out, err);
}

void cp_session_close(struct cp_session *session)
{
    cp_ledger_close(session->ledger);
    cp_diagnostics_release(&session->diagnostics);
    cp_zones_close(session->zones);
    cp_adapters_free(session->adapters);
    cp_arena_free(session->arena);
    *session = (struct cp_session){ 0 };
}

int cp_session_begin(const struct cp_arguments *arguments, struct cp_session *out)
{
    struct cp_error err = { 0 };

    if (!cp_session_open(arguments, out, &err)) {
        cp_session_close(out);
        return cp_fail_with(CP_EXIT_ENVIRONMENT, &err);
    }
    if (out->config)
        return CP_EXIT_FINE;
    cp_diagnostics_print(&out->diagnostics, *cp_style_of(stderr)->off, stderr);
    cp_session_close(out);
    return CP_EXIT_SCHEDULE;
}

/* ---- scopes and holds ---------------------------------------------------------------------- */

static struct cp_scope_subject subject_of(const struct cp_session *session, const char *campaign,
                                          const char *post, const char *occurrence,
                                          const char *account)
{
    const struct cp_account *known = cp_config_account(session->config, account);

    return (struct cp_scope_subject){ .campaign = campaign,
                                      .organisation = known ? known->organisation : NULL,
                                      .account = account,
                                      .post = post,
                                      .occurrence = occurrence };
}

const struct cp_ledger_hold *cp_session_hold(const struct cp_session *session, const char *campaign,
                                             const char *post, const char *occurrence,
                                             const char *account)
{
    static const struct cp_ledger_hold by_file = { .scope = { .kind = CP_SCOPE_ALL },
                                                   .reason =
                                                       "there is a file HOLD in the state folder" };
    struct cp_scope_subject subject = subject_of(session, campaign, post, occurrence, account);

    if (session->hold_file)
        return &by_file;
    for (size_t i = 0; i < session->hold_count; i++)
        if (cp_scope_covers(&session->holds[i].scope, &subject))
            return &session->holds[i];
    return NULL;
}

bool cp_session_covers(const struct cp_session *session, const struct cp_arguments *arguments,
                       const char *campaign, const char *post, const char *occurrence,
                       const char *account)
{
    struct cp_scope_subject subject = subject_of(session, campaign, post, occurrence, account);

    return !arguments->has_scope || cp_scope_covers(&arguments->scope, &subject);
}

/* ---- schedules ----------------------------------------------------------------------------- */

static bool make_preview(struct cp_session *session, const struct cp_arguments *arguments,
                         struct cp_preview *out, struct cp_error *err)
{
    struct cp_preview_options options = {
        .config_path = session->config ? session->config->path : arguments->config,
        .files = arguments->words,
        .file_count = arguments->word_count,
        .adapters = session->adapters,
        .only = arguments->only ? &arguments->scope : NULL,
        .ledger = session->ledger,
        .now_us = session->now_us,
    };

    return cp_preview_make(&options, out, err);
}

/* What --clock says is read in the first campaign's zone, which has to be read first. */
static bool set_clock(struct cp_session *session, const struct cp_preview *preview,
                      const char *clock, struct cp_error *err)
{
    const struct cp_zone *zone =
        preview->campaign_count ? cp_zones_find(preview->zones, preview->campaigns[0]->zone) : NULL;

    return cp_read_clock(clock, zone, &session->now_us, err);
}

static int look(struct cp_session *session, const struct cp_arguments *arguments,
                struct cp_preview *out, struct cp_error *err)
{
    if (!make_preview(session, arguments, out, err))
        return CP_EXIT_ENVIRONMENT;
    if (!arguments->clock)
        return CP_EXIT_FINE;
    if (!set_clock(session, out, arguments->clock, err))
        return CP_EXIT_USAGE;
    cp_preview_release(out);
    return make_preview(session, arguments, out, err) ? CP_EXIT_FINE : CP_EXIT_ENVIRONMENT;
}

int cp_session_look(const struct cp_arguments *arguments, struct cp_session *session,
                    struct cp_preview *out)
{
    struct cp_error err = { 0 };
    int code = CP_EXIT_ENVIRONMENT;

    *out = (struct cp_preview){ 0 };
    if (cp_session_open(arguments, session, &err))
        code = look(session, arguments, out, &err);
    if (code)
        cp_fail_with(code, &err);
    return code;
}

/* As far as they can be read: a report must not fail because somebody is editing the files. */
static void read_campaigns(struct cp_session *session)
{
    struct cp_diagnostics ignored = { 0 };
    struct cp_schedule_context context = {
        .arena = session->arena,
        .zones = session->zones,
        .config = session->config,
        .diagnostics = &ignored,
    };
    size_t most = session->config->schedule_count;

    session->campaigns_read = true;
    session->campaigns = cp_arena_array(session->arena, most + 1, sizeof(*session->campaigns));
    for (size_t i = 0; session->campaigns && i < most; i++) {
        const struct cp_campaign *campaign =
            cp_schedule_read(session->config->schedules[i], &context);

        if (campaign)
            session->campaigns[session->campaign_count++] = campaign;
    }
    cp_diagnostics_release(&ignored);
}

const struct cp_zone *cp_session_zone(struct cp_session *session, const char *campaign)
{
    if (!session->campaigns_read)
        read_campaigns(session);
    for (size_t i = 0; i < session->campaign_count; i++)
        if (strcmp(session->campaigns[i]->id, campaign) == 0)
            return cp_zones_find(session->zones, session->campaigns[i]->zone);
    return NULL;
}
