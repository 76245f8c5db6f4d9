/* src/plan/plan.c - begins and ends a plan. See plan.h, and plan_private.h for the way through. */
#include "plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_private.h"

const char *cp_change_name(enum cp_change change)
{
    static const char *const names[] = {
        [CP_CHANGE_NONE] = "none",     [CP_CHANGE_ADD] = "add",   [CP_CHANGE_EDIT] = "change",
        [CP_CHANGE_CANCEL] = "cancel", [CP_CHANGE_LATE] = "late", [CP_CHANGE_TOO_LATE] = "none",
    };

    return names[change];
}

void cp_plan_key(const struct cp_plan_delivery *delivery, char *out, size_t size)
{
    snprintf(out, size, "%s/%s/%s/%s", delivery->campaign_id, delivery->post_id,
             delivery->occurrence, delivery->account_id);
}

void cp_snapshot_release(struct cp_snapshot *snapshot)
{
    cp_arena_free(snapshot->arena);
    *snapshot = (struct cp_snapshot){ 0 };
}

bool cp_plan_once(struct cp_builder *builder, const char *fmt, ...)
{
    char words[512];
    va_list args;
    int size;

    va_start(args, fmt);
    size = vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof(words))
        return true; /* too long to remember: rather said twice than never */
    return cp_table_put(&builder->once, words, (size_t)size, builder);
}

/* Cancelled ones last; due, then as in the files. */
static int by_due(const void *left, const void *right)
{
    const struct cp_plan_delivery *a = left, *b = right;
    bool a_gone = a->change == CP_CHANGE_CANCEL, b_gone = b->change == CP_CHANGE_CANCEL;

    if (a_gone != b_gone)
        return a_gone ? 1 : -1;
    if (a->due_us != b->due_us)
        return a->due_us < b->due_us ? -1 : 1;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->account_index != b->account_index)
        return a->account_index < b->account_index ? -1 : 1;
    return strcmp(a->occurrence, b->occurrence);
}

static void say_late(struct cp_builder *builder)
{
    static const struct cp_place nowhere = { 0 };

    if (builder->late)
        cp_diagnose(&builder->plan->diagnostics, CP_WARNING, "late", nowhere, NULL,
                    "let them go with `camp-post release`, or move them ahead",
                    "%zu %s due before now and will wait for a release", builder->late,
                    builder->late == 1 ? "delivery was" : "deliveries were");
}

/* What the configuration says wins; but a server that is asked for more than it allows may lock us out. */
static void check_limits(struct cp_builder *builder, const struct cp_account *account,
                         const struct cp_facts *facts)
{
    const struct cp_limits *limits = &account->limits;
    struct cp_diagnostics *diagnostics = &builder->plan->diagnostics;

    if (limits->posts > 0 && limits->per_us > 0 && facts->rate_posts > 0 &&
        (double)limits->posts * (double)facts->rate_per_us >
            (double)facts->rate_posts * (double)limits->per_us)
        cp_diagnose(diagnostics, CP_WARNING, "limits-above", account->at, NULL,
                    "camp-post by itself uses half of what a server allows",
                    "account '%s' may post more often than its server allows, which is %lld in "
                    "%lld minutes",
                    account->id, (long long)facts->rate_posts,
                    (long long)(facts->rate_per_us / CP_MINUTE));
    if (limits->spacing_us >= 0 && limits->spacing_us < facts->spacing_us)
        cp_diagnose(diagnostics, CP_WARNING, "limits-above", account->at, NULL, NULL,
                    "account '%s' may post at a closer distance than its server allows, which is "
                    "%lld seconds",
                    account->id, (long long)(facts->spacing_us / CP_SECOND));
}

static bool prepare(struct cp_builder *builder)
{
    size_t accounts = builder->input->config->account_count;

    builder->scratch = cp_arena_create();
    if (!builder->scratch)
        return false;
    builder->rows.arena = builder->ids.arena = builder->scratch;
    builder->once.arena = builder->events.arena = builder->scratch;
    builder->accounts.arena = builder->scratch;
    builder->by_class = cp_arena_array(builder->scratch, accounts, sizeof(*builder->by_class));
    builder->class_of = cp_arena_array(builder->scratch, accounts, sizeof(*builder->class_of));
    builder->limits_unsaid =
        cp_arena_array(builder->scratch, accounts, sizeof(*builder->limits_unsaid));
    if (cp_arena_failed(builder->scratch))
        return false;
    for (size_t i = 0; i < accounts; i++) {
        struct cp_account *account = &builder->input->config->accounts[i];

        cp_table_put(&builder->accounts, account->id, strlen(account->id), account);
        builder->limits_unsaid[i] = true;
    }
    return cp_plan_index_snapshot(builder);
}

static void build(struct cp_builder *builder)
{
    struct cp_plan *plan = builder->plan;

    cp_plan_check_names(builder);
    cp_plan_check_sources(builder);
    for (size_t i = 0; i < builder->input->config->account_count; i++)
        check_limits(builder, &builder->input->config->accounts[i], &builder->input->facts[i]);
    cp_plan_sort_accounts(builder);
    for (size_t i = 0; i < builder->input->campaign_count; i++)
        cp_plan_expand(builder, builder->input->campaigns[i]);
    cp_plan_cancel_rest(builder);
    say_late(builder);
    if (plan->count)
        qsort(plan->deliveries, plan->count, sizeof(*plan->deliveries), by_due);
    cp_diagnostics_sort(&plan->diagnostics);
}

static bool memory_held(const struct cp_builder *builder)
{
    return !builder->rows.failed && !builder->ids.failed && !builder->once.failed &&
           !builder->events.failed && !builder->accounts.failed &&
           !cp_arena_failed(builder->scratch) && !cp_arena_failed(builder->plan->arena) &&
           !builder->failed;
}

static void finish(struct cp_builder *builder)
{
    cp_table_release(&builder->rows);
    cp_table_release(&builder->ids);
    cp_table_release(&builder->once);
    cp_table_release(&builder->events);
    cp_table_release(&builder->accounts);
    cp_arena_free(builder->scratch);
}

struct cp_plan *cp_plan_make(const struct cp_plan_input *input, struct cp_error *err)
{
    struct cp_plan *plan = calloc(1, sizeof(*plan));
    struct cp_builder builder = { .input = input, .plan = plan };
    bool fine = false;

    if (plan) {
        plan->input = input;
        plan->arena = cp_arena_create();
    }
    if (plan && plan->arena && prepare(&builder)) {
        build(&builder);
        fine = memory_held(&builder);
    }
    finish(&builder);
    if (fine)
        return plan;
    cp_plan_free(plan);
    cp_error_no_memory(err);
    return NULL;
}

void cp_plan_free(struct cp_plan *plan)
{
    if (!plan)
        return;
    cp_diagnostics_release(&plan->diagnostics);
    cp_arena_free(plan->arena);
    free(plan->deliveries);
    free(plan);
}
