/* src/engine/server.c - what accounts of one origin share: its back-off and its half-open state.
 *
 * A server that does not answer is asked by one request at a time until one gets through: a hundred
 * accounts that all try at the same moment are what keeps a struggling server down.
 */
#include "engine/engine_private.h"

struct server *engine_server_need(struct cp_engine *e, uint32_t number)
{
    struct server *s;

    HASH_FIND(hh, e->servers, &number, sizeof(number), s);
    if (s)
        return s;
    s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->number = number;
    s->not_before_us = INT64_MIN;
    s->timer = (struct node){ .kind = NODE_SERVER, .tie = number };
    HASH_ADD(hh, e->servers, number, sizeof(s->number), s);
    if (s->hh.tbl)
        return s;
    free(s);
    return NULL;
}

bool engine_server_open(const struct server *s, int64_t boot_us)
{
    return boot_us >= s->not_before_us && (!s->failures || !s->requests);
}

void engine_server_begin(struct server *s)
{
    s->requests++;
}

void engine_server_wake(struct cp_engine *e, struct server *s)
{
    for (struct account *a = s->accounts; a; a = a->next_of_server)
        engine_account_dirty(e, a);
}

void engine_server_end(struct cp_engine *e, struct server *s)
{
    s->requests--;
    if (s->failures)
        engine_server_wake(e, s);
}

int64_t engine_backoff(struct cp_engine *e, unsigned failures)
{
    int64_t most = CP_BACKOFF_BASE;

    for (unsigned i = 1; i < failures && most < CP_BACKOFF_MOST; i++)
        most *= 2;
    if (most > CP_BACKOFF_MOST)
        most = CP_BACKOFF_MOST;
    return 1 + (int64_t)(engine_random(e) % (uint64_t)most);
}

int64_t engine_wall_delay(const struct cp_engine *e, int64_t wall_us)
{
    if (wall_us <= e->now.wall_us)
        return 0;
    if (wall_us - e->now.wall_us > CP_RETRY_AFTER)
        return CP_RETRY_AFTER;
    return wall_us - e->now.wall_us;
}

static void close_until(struct cp_engine *e, struct server *s, int64_t boot_us)
{
    if (boot_us <= s->not_before_us)
        return;
    s->not_before_us = boot_us;
    engine_timer(e, &e->boot_timers, &s->timer, boot_us);
}

/* "Too many requests" is no failure: it counts only while the server names no time. */
static void slow_down(struct cp_engine *e, struct server *s, int64_t wall_us)
{
    int64_t delay = engine_wall_delay(e, wall_us);

    if (wall_us <= 0)
        delay = engine_backoff(e, ++s->throttles);
    close_until(e, s, e->now.boot_us + delay);
}

bool engine_server_answered(const struct cp_engine_event *event)
{
    if (event->connected || event->throttled)
        return true;
    if (event->kind == CP_EV_OUTCOME)
        return event->acted == CP_ACTED_REPLIED || event->stopped != CP_WAIT_NOTHING;
    if (event->kind == CP_EV_NOT_READY)
        return event->verdict != CP_VERDICT_RETRY && event->verdict != CP_VERDICT_UNKNOWN;
    return event->verdict == CP_VERDICT_ACCEPTED || event->verdict == CP_VERDICT_ABSENT ||
           event->verdict == CP_VERDICT_DIFFERENT;
}

void engine_server_heard(struct cp_engine *e, struct server *s, const struct cp_engine_event *event)
{
    bool answered = engine_server_answered(event);

    if (!answered && (event->kind == CP_EV_NOT_READY ||
                      (event->kind == CP_EV_OUTCOME && event->acted == CP_ACTED_NO)))
        close_until(e, s, e->now.boot_us + engine_backoff(e, ++s->failures));
    if (answered && s->failures) {
        s->failures = 0;
        engine_server_wake(e, s);
    }
    if (event->throttled)
        slow_down(e, s, event->not_before_us);
    else if (answered)
        s->throttles = 0;
}
