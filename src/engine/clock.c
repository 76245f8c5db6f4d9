/* src/engine/clock.c - is the wall clock to be trusted?
 *
 * A clock that is wrong sends everything at once, or nothing ever. It is distrusted when it is
 * behind what the ledger has seen, when it was set by more than two minutes (wall and boot time moved
 * apart), and when a server's Date differs by as much. A good Date, or a person, restores it. Reading
 * goes on meanwhile; claims, bytes and expiry wait.
 */
#include <string.h>

#include "engine/engine_private.h"

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static void ask_everybody(struct cp_engine *e)
{
    struct account *a, *next;

    HASH_ITER(hh, e->accounts, a, next)
    {
        if (!a->gone)
            engine_account_ask(e, a);
    }
}

static bool hold_is_there(const struct cp_engine *e)
{
    for (const struct hold *h = e->holds; h; h = h->next) {
        if (h->clock && !h->ending)
            return true;
    }
    return e->clock_hold_asked;
}

/* reason: begins with "the clock ", by which the hold is known again after a restart. */
static void distrust(struct cp_engine *e, const char *reason)
{
    struct cp_action *action;

    e->clock_trusted = false;
    if (hold_is_there(e))
        return;
    e->clock_hold_asked = true;
    action = engine_act(e, CP_DO_HOLD);
    action->scope = (struct cp_scope){ .kind = CP_SCOPE_ALL };
    action->reason = reason;
    action->notice = engine_printf(
        e, "%s: nothing is sent until it is right again, or until a person releases 'all'", reason);
}

void engine_clock_step(struct cp_engine *e, const struct cp_now *now,
                       enum cp_engine_event_kind kind)
{
    int64_t offset = now->wall_us - now->boot_us;
    int64_t moved = offset - e->clock_offset;

    e->now = *now;
    e->clock_offset = offset;
    if (distance(moved, 0) > CP_CLOCK_SLACK) {
        distrust(
            e, engine_printf(e, "the clock was changed by %lld s", (long long)(moved / CP_SECOND)));
        ask_everybody(e);
    } else if (!e->clock_trusted && kind != CP_EV_HOLD && kind != CP_EV_RELEASE) {
        /* Distrusted from the start. Its hold may be among those that are being told just now. */
        distrust(e, "the clock is behind the newest time in the ledger");
    }
}

void engine_clock_trust(struct cp_engine *e)
{
    for (struct hold *h = e->holds; h; h = h->next) {
        if (h->clock && !h->ending)
            engine_hold_end(e, h, "the clock is right again");
    }
    if (e->clock_trusted)
        return;
    e->clock_trusted = true;
    engine_delivery_touch_all(e);
}

void engine_clock_date(struct cp_engine *e, const struct account *a, int64_t date_us)
{
    int64_t off = e->now.wall_us - date_us;

    if (date_us == 0)
        return;
    if (distance(off, 0) <= CP_CLOCK_SLACK)
        engine_clock_trust(e);
    else
        distrust(e, engine_printf(e, "the clock differs by %lld s from that of the server of '%s'",
                                  (long long)(off / CP_SECOND), a->name));
}
