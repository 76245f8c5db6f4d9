/* src/engine/delivery.c - deliveries in memory: loaded, replaced, marked, dropped. */
#include <stdio.h>
#include <string.h>

#include "engine/engine_private.h"

struct delivery *engine_delivery_find(const struct cp_engine *e, int64_t row)
{
    struct delivery *d;

    HASH_FIND(hh, e->deliveries, &row, sizeof(row), d);
    return d;
}

void engine_delivery_free(struct cp_engine *e, struct delivery *d)
{
    engine_delivery_unplace(e, d);
    for (unsigned i = 0; i < d->part_count; i++) {
        engine_part_set_unseen(e, &d->parts[i], false);
        engine_part_work_free(&d->parts[i]);
    }
    free(d->parts);
    free(d->names);
    free(d);
}

void engine_delivery_touch(struct cp_engine *e, struct delivery *d)
{
    if (d->touched)
        return;
    d->touched = true;
    d->next_touched = e->touched;
    e->touched = d;
}

void engine_delivery_touch_all(struct cp_engine *e)
{
    struct delivery *d, *next;

    HASH_ITER(hh, e->deliveries, d, next)
    {
        engine_delivery_touch(e, d);
    }
}

void engine_delivery_twins_free(struct cp_engine *e, struct account *a, uint64_t text_hash)
{
    struct delivery *d, *next;

    if (!a->twins)
        return;
    HASH_ITER(hh, e->deliveries, d, next)
    {
        if (d->account == a && d->where == PARKED && d->reason == CP_WAIT_TWIN &&
            d->parts[d->current].text_hash == text_hash)
            engine_delivery_touch(e, d);
    }
}

const char *engine_delivery_name(struct cp_engine *e, const struct delivery *d, unsigned index)
{
    if (d->part_count == 1)
        return engine_printf(e, "%s/%s/%s/%s", d->names, d->names + d->post_at,
                             d->names + d->occurrence_at, d->account->name);
    return engine_printf(e, "%s/%s/%s/%s#%u", d->names, d->names + d->post_at,
                         d->names + d->occurrence_at, d->account->name, index + 1);
}

/* Nothing is under way and nothing will ever be, as far as the engine knows. */
bool engine_delivery_idle(const struct delivery *d)
{
    const struct part *p = &d->parts[d->current < d->part_count ? d->current : 0];

    if (d->stale || d->touched || d->account->claim == d)
        return false;
    for (unsigned i = 0; i < d->part_count; i++) {
        if (d->parts[i].phase != PHASE_REST || d->parts[i].unseen)
            return false;
    }
    if (d->current >= d->part_count)
        return true;
    if (cp_part_is_open(p->state))
        return false;
    return p->state != CP_PLANNED || !d->wanted || d->account->gone;
}

/* ---- loading ------------------------------------------------------------------------------- */

static bool set_names(struct delivery *d, const struct cp_engine_delivery *from)
{
    size_t campaign = strlen(from->campaign) + 1, post = strlen(from->post) + 1;
    size_t occurrence = strlen(from->occurrence) + 1;
    char *names = malloc(campaign + post + occurrence);

    if (!names)
        return false;
    memcpy(names, from->campaign, campaign);
    memcpy(names + campaign, from->post, post);
    memcpy(names + campaign + post, from->occurrence, occurrence);
    free(d->names);
    d->names = names;
    d->post_at = (uint16_t)campaign;
    d->occurrence_at = (uint16_t)(campaign + post);
    return true;
}

static void drop(struct cp_engine *e, struct delivery *d)
{
    if (d->hh.tbl)
        HASH_DEL(e->deliveries, d);
    engine_delivery_free(e, d);
}

static struct delivery *add(struct cp_engine *e, const struct cp_engine_delivery *from)
{
    struct account *a = engine_account_need(e, from->account);
    struct delivery *d = a ? calloc(1, sizeof(*d)) : NULL;

    if (!d)
        return NULL;
    d->row = from->row;
    d->account = a;
    d->turn = (struct node){ .kind = NODE_TURN, .tie = (uint32_t)from->row };
    d->expiry = (struct node){ .kind = NODE_EXPIRY, .tie = (uint32_t)from->row };
    d->due_us = INT64_MIN;
    HASH_ADD(hh, e->deliveries, row, sizeof(d->row), d);
    if (d->hh.tbl)
        return d;
    free(d);
    return NULL;
}

/* The work of a part knows its delivery and number, not its address: parts may move. */
static bool resize(struct cp_engine *e, struct delivery *d, size_t count)
{
    struct part *parts;

    for (size_t i = count; i < d->part_count; i++) {
        if (d->parts[i].phase != PHASE_REST || cp_part_is_open(d->parts[i].state) ||
            engine_claimed(d, i))
            count = i + 1;
    }
    for (size_t i = count; i < d->part_count; i++) {
        engine_part_set_unseen(e, &d->parts[i], false);
        engine_part_work_free(&d->parts[i]);
    }
    if (count == d->part_count)
        return true;
    parts = calloc(count, sizeof(*parts));
    if (!parts)
        return false;
    if (d->parts)
        memcpy(parts, d->parts, (count < d->part_count ? count : d->part_count) * sizeof(*parts));
    free(d->parts);
    d->parts = parts;
    d->part_count = (uint16_t)count;
    return true;
}

/* What was under way for a part of which the ledger says something else is void. */
static void forget_part(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct account *a = d->account;
    struct part *p = &d->parts[index];

    if (engine_claimed(d, index))
        engine_claim_abort(e, a);
    if (engine_claim_lives(d, index))
        engine_claim_end(e, a);
    if (a->looking == d && a->looking_part == index)
        engine_look_end(e, a);
    engine_part_set_phase(e, p, PHASE_REST);
    engine_part_set_state(e, d, index, CP_NOWHERE);
    engine_part_set_unseen(e, p, false);
    engine_part_work_free(p);
    p->ours = p->given_up = false;
    p->failures = 0;
}

static void take_part(struct cp_engine *e, struct delivery *d, unsigned index,
                      const struct cp_engine_part *from)
{
    struct part *p = &d->parts[index];

    /* Its change is on its way; the ledger may or may not show it yet, COMMITTED will. */
    if (p->phase == PHASE_COMMITTING)
        return;
    if (p->state != from->state || p->generation != from->generation ||
        p->text_hash != from->text_hash)
        forget_part(e, d, index);
    p->generation = from->generation;
    p->absences = (uint8_t)(from->absences < UINT8_MAX ? from->absences : UINT8_MAX);
    p->text_hash = from->text_hash;
    p->not_before_us = from->not_before_us;
    p->attempt_us = from->attempt_us;
    p->seen = from->seen;
    engine_part_set_state(e, d, index, from->state);
}

static void take_times(struct cp_engine *e, struct delivery *d,
                       const struct cp_engine_delivery *from)
{
    bool moved = d->due_us != from->due_us;

    d->due_us = from->due_us;
    d->send_by_us = from->send_by_us;
    d->wanted = from->wanted;
    d->standby = from->standby && !from->released;
    d->late = !from->released && !from->standby && from->first_seen_us > from->due_us;
    if (moved) {
        d->overdue = e->now.plan_us > d->due_us && e->now.plan_us - d->due_us > e->overdue_after_us;
        d->early_hold = false;
    }
}

void engine_delivery_load(struct cp_engine *e, const struct cp_engine_delivery *from)
{
    struct delivery *d = engine_delivery_find(e, from->row);

    if (!d)
        d = add(e, from);
    else if (d->revision != from->revision && d->account->claim == d)
        engine_claim_abort(e, d->account); /* what was prepared is not what is wanted now */
    if (!d || !set_names(d, from) || !resize(e, d, from->part_count) || !d->part_count) {
        engine_no_memory(e);
        if (d && (!d->names || !d->part_count))
            drop(e, d);
        return;
    }
    take_times(e, d, from);
    d->revision = from->revision;
    d->stale = false;
    d->current = UINT16_MAX; /* its not_before is measured anew */
    for (unsigned i = 0; i < d->part_count && i < from->part_count; i++)
        take_part(e, d, i, &from->parts[i]);
    engine_delivery_touch(e, d);
}
